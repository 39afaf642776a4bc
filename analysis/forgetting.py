"""A report without what was said: the verdicts and the figures stay, every word goes."""

from datetime import datetime

from models.report import Report


def without_words(report: Report, removed_at: datetime) -> Report:
    """What a sentence to say instead was filled in with had been heard too."""
    said = {"text": "", "words": (), "removed_at": removed_at}
    wordless = {"evidence": (), "detail": {}, "say_instead": ""}
    return report.model_copy(
        update={
            "transcript": report.transcript.model_copy(update=said),
            "findings": tuple(one.model_copy(update=wordless) for one in report.findings),
            "strengths": tuple(one.model_copy(update={"evidence": ()}) for one in report.strengths),
            "rewrite": None,
        }
    )
