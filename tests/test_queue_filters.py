"""The coach's queue, filtered as lists are and by team."""

from tests.people import Cast
from tests.scripted import BETTER, CHECKING_IN
from tests.stored import store_report


def test_the_queue_takes_filters_and_keeps_them_from_one_to_the_next(they: Cast) -> None:
    flagged = store_report(they.app, CHECKING_IN, owner_id=they.people["rob"].id)
    better = store_report(they.app, BETTER, playbook="educate-first", owner_id=they.people["rob"].id)
    other = store_report(they.app, CHECKING_IN, owner_id=they.people["rita"].id)
    ada, carla = they.client("ada"), they.client("carla")
    (south,) = they.people["casey"].teams

    def waiting(query: str) -> set[str]:
        items = ada.get(f"/v1/review/queue?{query}").json()["items"]
        page = ada.get(f"/queue?{query}").text
        found = {item["voicemail"]["id"] for item in items}
        assert found == {each for each in (flagged, better, other) if f'href="/voicemails/{each}"' in page}
        return found

    assert waiting("") == {flagged, better, other}
    assert waiting("rule=checking_in") == {flagged, other}
    assert waiting("playbook=educate-first") == {better}
    assert waiting(f"team={south}") == waiting("rep=rit") == {other}
    assert waiting("text=checking+in&rep=Rob") == {flagged}
    assert waiting("until=2020-01-01") == set()
    assert "Nothing like this is waiting" in ada.get("/queue?until=2020-01-01").text
    assert carla.get(f"/v1/review/queue?team={south}").json()["items"] == []

    first = ada.get("/queue/next?rule=checking_in")
    assert first.headers["location"] == f"/voicemails/{flagged}?queue=rule%3Dchecking_in"
    after = ada.get(f"/queue/next?rule=checking_in&rep=rob&done={flagged}")
    assert after.headers["location"] == "/queue?rule=checking_in&rep=rob"
    assert ada.get("/queue/next").headers["location"] == f"/voicemails/{flagged}"
