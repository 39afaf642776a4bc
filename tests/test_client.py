"""The Python client and the commands of docs/api.md, over real HTTP."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from app.client import ApiProblem, Client
from models.recording import CallContext
from models.report import Report
from tests.conftest import ROOT
from tests.processes import Service
from tests.scripted import CHECKING_IN

pytestmark = [pytest.mark.service, pytest.mark.whisper]


def test_the_client_hands_in_lists_and_asks(live_service: Service, short_sample: Path) -> None:
    with Client(live_service.url, key="any") as afterbeep:
        report = afterbeep.report_of(short_sample, CallContext(purpose="cold", rep="Client Test"))
        assert afterbeep.report(report.id) == report
        again = afterbeep.upload(short_sample, CallContext(rep="Client Test"), idempotency_key="client-1", wait_s=120)
        assert isinstance(again, Report)
        assert afterbeep.voicemail(again.id).status == "done"
        listed = [one.id for one in afterbeep.voicemails(page_size=1, rep="Client Test")]
        assert listed == [again.id, report.id]
        checked = afterbeep.check_script(CHECKING_IN, CallContext(purpose="cold"))
        assert "checking_in" in {finding.rule for finding in checked.flagged}
        assert afterbeep.advice(CallContext(purpose="cold", relationship="none")).decision
        afterbeep.delete(report.id)
        with pytest.raises(ApiProblem, match="no recording with this id") as refused:
            afterbeep.report(report.id)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/api.md").read_text("utf-8"), re.DOTALL)
    return [command for block in blocks for command in re.split(r"\n(?=curl )", block.strip())]


@pytest.mark.parametrize("command", commands())
def test_the_commands_of_the_page_work(live_service: Service, short_sample: Path, command: str) -> None:
    told = {"URL": live_service.url, "KEY": "any", "FILE": str(short_sample)}
    run = subprocess.run(["bash", "-c", command], env=os.environ | told, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout
