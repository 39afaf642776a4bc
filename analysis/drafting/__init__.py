"""Scripts from facts: what was typed is understood, said in a sentence, put together, and judged before it is shown."""

from analysis.drafting.drafter import EXCUSED_BY, draft

__all__ = ["EXCUSED_BY", "draft"]
