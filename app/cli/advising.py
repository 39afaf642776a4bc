"""afterbeep advise: what to do before a call."""

import sys
from typing import Any

import click

from app.cli.common import call_of, json_option, playbook_of, playbook_option, settings_from


@click.command()
@click.option("--relationship", metavar="none|referred|known|customer", help="How well they know you.")
@click.option(
    "--purpose",
    metavar="PURPOSE",
    help="What the call is for: cold, warm_followup, active_deal, meeting_confirmation or non_sales.",
)
@click.option("--attempt", metavar="N", help="Which message to them this would be, from 1.")
@click.option("--retry-today/--no-retry-today", "planned_retry_today", default=None, help="Will you call again today?")
@click.option(
    "--preferred-channel", metavar="CHANNEL", help="How they like to be reached: phone, voicemail, email, text, social."
)
@click.option(
    "--tried",
    "channels_tried",
    multiple=True,
    metavar="CHANNEL",
    help="What you have tried: a channel, assistant, or none; may be given several times.",
)
@click.option("--spoke-before/--never-spoke", "spoke_before", default=None, help="Have you spoken with them before?")
@click.option("--referrer", metavar="NAME", help="Who suggested the call.")
@click.option("--prospect", metavar="NAME", help="Who the call is for.")
@click.option("--rep", metavar="NAME", help="Who calls.")
@click.option("--company", metavar="NAME", help="For which company.")
@playbook_option
@json_option
def advise(playbook: str | None, as_json: bool, channels_tried: tuple[str, ...], **facts: Any) -> None:
    """Ask before a call: leave a voicemail, try later, press zero, or write?

    Exit status 1 if too little is known to say.
    """
    from analysis.advice import advise as run

    chosen = playbook_of(settings_from(playbook=playbook))
    advice = run(call_of(facts | {"channels_tried": channels_tried or None}), chosen)
    if as_json:
        print(advice.model_dump_json(indent=2))
    else:
        from app.terminal import show_advice

        show_advice(advice, chosen)
    sys.exit(advice.decision == "not_evaluated")
