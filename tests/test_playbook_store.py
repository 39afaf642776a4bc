"""Playbooks on the shelf: shipped ones that stay, stored ones that grow by versions; and reports judged anew."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from analysis import playbooks
from analysis.comparison import changes
from analysis.pipeline import rejudge
from app.database import connect, migrate
from app.playbook_store import Playbooks
from app.schema import PlaybookRow
from app.settings import Settings
from app.store import Store
from models.errors import AfterbeepError, InvalidPlaybook, InvalidRequest, ShippedPlaybook, UnknownPlaybook
from models.playbook import Playbook
from models.report import PlaybookRef
from tests.scripted import CHECKING_IN, script

OURS = 'based_on = "cold-outreach"\ntitle = "Ours"\n'
CHEAPER = OURS + "[rules.checking_in]\npoints = 5\n"


@pytest.fixture
def shelf(settings: Settings) -> Iterator[Playbooks]:
    migrate(settings)
    engine = connect(settings)
    yield Playbooks(Store(engine))
    engine.dispose()


# The shelf


def test_shipped_playbooks_come_first_and_stored_ones_after(shelf: Playbooks) -> None:
    shelf.save("a-team", OURS)
    assert shelf.names() == (*playbooks.names(), "a-team")
    assert shelf.load("cold-outreach") == playbooks.load("cold-outreach")
    assert shelf.titles()["a-team"] == "Ours"


def test_every_change_is_a_version_and_every_version_stays(shelf: Playbooks) -> None:
    assert shelf.save("ours", OURS).version == 1
    assert shelf.save("ours", CHEAPER).version == 2
    assert shelf.load("ours").rules["checking_in"].points == 5
    assert shelf.load("ours", 1).rules["checking_in"].points == 20
    assert shelf.text("ours", 1) == OURS
    assert [row.version for row in shelf.versions("ours")] == [2, 1]
    with pytest.raises(UnknownPlaybook):
        shelf.load("ours", 3)


def test_the_same_text_makes_no_new_version(shelf: Playbooks) -> None:
    assert [shelf.save("ours", OURS).version for _ in range(3)] == [1, 1, 1]


def test_name_and_version_are_the_shelfs_whatever_the_text_says(shelf: Playbooks) -> None:
    saved = shelf.save("ours", 'name = "cold-outreach"\nversion = 99\n' + OURS)
    assert (saved.name, saved.version) == ("ours", 1)
    assert (shelf.load("ours").name, shelf.load("ours").version) == ("ours", 1)


def test_a_shipped_name_cannot_be_taken(shelf: Playbooks) -> None:
    with pytest.raises(ShippedPlaybook, match="under another name"):
        shelf.save("cold-outreach", OURS)
    assert shelf.versions("cold-outreach") == ()


@pytest.mark.parametrize("name", ["", "Ours", "our playbook", "../../etc", "-ours", "ours-", "a--b", "é", "x" * 81])
def test_a_name_is_an_address_too(shelf: Playbooks, name: str) -> None:
    with pytest.raises(InvalidRequest):
        shelf.save(name, OURS)


def test_what_cannot_be_used_is_not_kept(shelf: Playbooks) -> None:
    with pytest.raises(InvalidPlaybook, match="line 3"):
        shelf.save("ours", OURS + "[rules.chekcing_in]\npoints = 5\n")
    assert "ours" not in shelf.names()


def test_two_who_save_at_once_both_get_a_version(shelf: Playbooks, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.save("ours", OURS)
    real, answers = Playbooks.stored, iter([shelf.stored("ours")])
    shelf.save("ours", CHEAPER)
    monkeypatch.setattr(Playbooks, "stored", lambda self, *asked: next(answers, None) or real(self, *asked))
    assert shelf.save("ours", OURS + "# mine\n").version == 3


def test_a_version_is_stored_once(shelf: Playbooks) -> None:
    shelf.save("ours", OURS)
    with pytest.raises(IntegrityError):
        shelf.add(PlaybookRow(name="ours", version=1, text="", created_at=datetime.now(UTC)))


def test_the_very_version_of_a_report_is_found_or_none(shelf: Playbooks) -> None:
    shelf.save("ours", OURS)
    shelf.save("ours", CHEAPER)
    shipped = playbooks.load()
    for ref, found in (
        (PlaybookRef(name="ours", version=1), shelf.load("ours", 1)),
        (PlaybookRef(name=shipped.name, version=shipped.version), shipped),
        (PlaybookRef(name=shipped.name, version=shipped.version + 1), None),
        (PlaybookRef(name="nobody", version=1), None),
    ):
        assert shelf.find(ref) == found


def test_one_it_cannot_read_is_no_choice_even_under_a_name_that_is_shipped(shelf: Playbooks) -> None:
    unreadable = PlaybookRow(name="educate-first", version=9, text="[rules.gone]", created_at=datetime.now(UTC))
    shelf.add(unreadable)
    assert "educate-first" not in shelf.titles()
    assert [card.problem is None for card in shelf.cards() if card.name == "educate-first"] == [False]
    assert shelf.names() == playbooks.names()


def test_a_playbook_this_release_cannot_read_stays_on_the_shelf_and_says_so(shelf: Playbooks) -> None:
    row = PlaybookRow(name="old", version=1, text=OURS + "[rules.gone]\npoints = 1\n", created_at=datetime.now(UTC))
    shelf.add(row)
    (card,) = (card for card in shelf.cards() if card.name == "old")
    assert card.problem is not None
    assert "gone" in card.problem
    assert "old" not in shelf.titles()
    assert shelf.find(PlaybookRef(name="old", version=1)) is None


# Judged anew


def ours(more: str = "") -> Playbook:
    return playbooks.parse(OURS + more, given={"name": "ours", "version": 7})


def test_judged_again_by_its_own_playbook_a_report_stays_as_it_is() -> None:
    report = script(CHECKING_IN, playbooks.load())
    assert rejudge(report, playbooks.load()) == report


def test_judged_by_another_playbook_a_report_is_as_if_made_with_it() -> None:
    strict = ours(
        "[rules.checking_in]\npoints = 50\n[strengths.specific_value]\nenabled = false\n[limits]\nlength_s = [20, 21]\n"
    )
    text = CHECKING_IN + " We cut the billing errors of three clinics like yours by 40 percent in two months."
    report = script(text, playbooks.load())
    judged = rejudge(report, strict)
    assert judged == script(text, strict)
    assert judged.playbook == PlaybookRef(name="ours", version=7)
    assert rejudge(judged, playbooks.load()) == report


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ("[rules.checking_in]\nenabled = false\n", "Ours leaves this rule out"),
        ("[rules.checking_in]\npoints = 5\n", "5 instead of 20 points"),
        ('[rules.checking_in]\nseverity = "low"\n', "low instead of high severity"),
    ],
)
def test_why_two_playbooks_differ_is_said_by_rule(more: str, because: str) -> None:
    default, other = playbooks.load(), ours(more)
    (change,) = changes(script(CHECKING_IN, default), script(CHECKING_IN, other), default, other)
    assert (change.rule, change.because) == ("checking_in", because)


def test_what_both_playbooks_judge_alike_is_no_difference() -> None:
    default, other = playbooks.load(), ours()
    assert changes(script(CHECKING_IN, default), script(CHECKING_IN, other), default, other) == ()


def test_every_error_of_the_shelf_is_a_sentence(shelf: Playbooks) -> None:
    for broken in (
        lambda: shelf.load("nobody"),
        lambda: shelf.save("cold-outreach", OURS),
        lambda: shelf.save("", OURS),
    ):
        with pytest.raises(AfterbeepError, match=r"\.$"):
            broken()
