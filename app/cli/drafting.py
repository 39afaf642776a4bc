"""afterbeep draft: a script from facts."""

import sys
from typing import Any

import click

from app.cli.common import checked, json_option, playbook_of, playbook_option, settings_from


@click.command()
@click.option("--rep", metavar="NAME", help="Who calls.")
@click.option("--company", metavar="NAME", help="For which company.")
@click.option("--number", metavar="NUMBER", help="The number to call back.")
@click.option("--prospect", metavar="NAME", help="Who the call is for.")
@click.option("--referrer", metavar="NAME", help="Who suggested the call.")
@click.option("--insight", metavar="WORDS", help="Something true of them: you opened a second clinic.")
@click.option("--pain", metavar="WORDS", help="What it costs them: they lose two hours a day on paper forms.")
@click.option("--value", metavar="WORDS", help="What they would gain: cut no-shows by a third.")
@click.option("--proof", metavar="WORDS", help="Who got it before: Smile Dental did, in two months.")
@click.option("--next-step", metavar="WORDS", help="What happens next: call me back Thursday.")
@click.option("--matter", metavar="WORDS", help="What a call that sells nothing is about.")
@click.option(
    "--purpose",
    metavar="PURPOSE",
    help="What the call is for: cold, warm_followup, active_deal, meeting_confirmation or non_sales.",
)
@click.option("--relationship", metavar="none|referred|known|customer", help="How well they know you.")
@playbook_option
@json_option
def draft(playbook: str | None, as_json: bool, **facts: Any) -> None:
    """Draft a script from facts, in the playbook's order and length.

    What is missing stands in [brackets]. Exit status 1 if anything is.
    """
    from analysis.drafting import draft as run
    from models.draft import Facts

    made = run(checked(Facts, facts), playbook_of(settings_from(playbook=playbook)))
    if as_json:
        print(made.model_dump_json(indent=2))
    else:
        from app.terminal import show_draft

        show_draft(made)
    sys.exit(bool(made.missing))
