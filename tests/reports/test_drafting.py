from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_session, make_speaker
from tests.reports.evening import AFTER, NOW, START, make_evening, minute
from webapp.db import db
from webapp.errors import Refused
from webapp.reports import drafting, operations, queries
from webapp.reports.evidence import gather

pytestmark = pytest.mark.usefixtures("context")


def saved(event: Any, report: Any, blocks: dict[str, str], **values: Any) -> Any:
    defaults: dict[str, Any] = {
        "headline": report.headline, "left_out": [], "revision": report.revision, "at": AFTER, "by": "Ada",
    }  # fmt: skip
    return operations.save(event, blocks, **(defaults | values))


def test_the_draft_is_written_from_the_data() -> None:
    event = make_evening()
    report = operations.draft(event, at=AFTER, by="Ben Hayes").report
    blocks = report.content["blocks"]
    assert blocks["headline"] == "Three voices on “Bolivia Shows There Is An Alternative”"
    assert blocks["opening"].startswith(
        "{Headline} *Bolivia Shows There Is An Alternative: Putting People and Planet First*, a live "
        "online event hosted by Friends of Bolivia on Tuesday, "
    )
    assert blocks["opening"].endswith(
        "Kate Hudson (General Secretary, Campaign for Nuclear Disarmament) was in the chair."
    )
    assert blocks["section:opening"] == (
        "Kate Hudson opened the evening. Respect what was chosen at the ballot box."
    )
    assert blocks["section:tim"] == (
        "A hunger bonus reached 4 million people. Higher pensions, a wealth tax. {room}"
    )
    # The first quotation became the pull quote and is not said twice.
    assert blocks["section:claudia"] == "Democracy was recovered. {room}"
    assert blocks["quote"] == "an inspiration around the world"
    assert blocks["quote_who"] == "Claudia Turbet-Delof, Wiphalas Across The World"
    assert blocks["closing"] == "Kate Hudson closed the evening. Unity and solidarity."
    assert blocks["thanks"] == (
        "The evening was hosted together with Wiphalas Across The World. "
        "Thank you to them, and to everyone who came."
    )
    assert blocks["action_url"] == "https://friends.example.org/"
    assert (blocks["byline_name"], blocks["byline_affiliation"]) == (
        "Ben Hayes",
        "Friends of Bolivia",
    )
    assert report.content["left_out"] == []


def test_speakers_stand_in_their_actual_order_with_who_was_there() -> None:
    event = make_evening()
    report = operations.draft(event, at=AFTER, by="Ada").report
    sections = operations.preview(event, report, at=AFTER).text["sections"]
    assert [section["key"] for section in sections] == ["opening", "claudia", "tim"]
    assert sections[1]["people"] == [
        {"name": "Claudia Turbet-Delof", "role": "speaker", "title": "", "affiliation": "Wiphalas Across The World"}
    ]  # fmt: skip
    assert sections[1]["text"].endswith(
        "5 people were in the room while Claudia Turbet-Delof spoke."
    )
    assert sections[2]["text"].endswith("6 people were in the room while Tim Young spoke.")


def test_a_bound_sentence_follows_the_choice() -> None:
    event = make_evening()
    report = operations.draft(event, at=AFTER, by="Ada").report
    beginnings = {
        "people": "Between 5 and 7 people joined *Bolivia",
        "doors": "7 people pressed Join for *Bolivia",
        "registered_attended": "5 people who had signed up came to *Bolivia",
        "peak": "At the fullest moment, 5 people were together at *Bolivia",
    }
    for choice, beginning in beginnings.items():
        saved(event, report, {}, headline=choice)
        article = operations.preview(event, report, at=AFTER)
        assert article.text["opening"].startswith(beginning)
        assert article.document["headline"]["choice"] == choice


def test_known_only_from_the_door_nobody_heard_anybody() -> None:
    event = make_evening(presence="door")
    report = operations.draft(event, at=AFTER, by="Ada").report
    article = operations.preview(event, report, at=AFTER)
    assert article.document["presence_known"] is False
    assert article.document["curve"] is None
    assert article.text["opening"].startswith("Between 5 and 7 people came through the door to *")
    for section in article.text["sections"]:
        assert "in the room" not in section["text"]
    rows = {row["key"]: row for row in article.document["counted"]}
    assert rows["presence"]["value"] == "unknown"
    assert "peak" not in rows


def test_an_item_nobody_started_is_left_out_until_somebody_says_otherwise() -> None:
    event = make_evening()
    absent = make_speaker(event, "Zoë Absent")
    make_session(event, "Not held", 10, key="not-held", speakers=[(absent, "speaker")])
    report = operations.draft(event, at=AFTER, by="Ada").report
    assert report.content["left_out"] == ["not-held"]
    assert report.content["blocks"]["headline"].startswith("Three voices")
    article = operations.preview(event, report, at=AFTER)
    assert "not-held" not in [section["key"] for section in article.text["sections"]]
    saved(event, report, {})
    article = operations.preview(event, report, at=AFTER)
    assert "not-held" in [section["key"] for section in article.text["sections"]]


def test_without_recorded_times_the_plan_stands_in_and_says_so() -> None:
    event = make_evening()
    for session in list(event_sessions(event)):
        session.started_at = session.ended_at = None
    db.session.flush()
    report = operations.draft(event, at=AFTER, by="Ada").report
    sections = operations.preview(event, report, at=AFTER).text["sections"]
    assert [section["key"] for section in sections] == ["opening", "tim", "claudia"]
    assert "By the planned times, " in sections[1]["text"]


def event_sessions(event: Any) -> Any:
    import sqlalchemy as sa

    from webapp.agenda.models import Session

    return db.session.scalars(sa.select(Session).where(Session.event_id == event.id))


def test_a_redraft_keeps_edited_text_and_refreshes_the_rest() -> None:
    event = make_evening()
    report = operations.draft(event, at=AFTER, by="Ada").report
    saved(event, report, {"closing": "My own closing."})
    event.host_name = "Friends of Bolivia UK"
    done = operations.draft(event, at=AFTER, by="Ada")
    # The closing is as the data has it still, so nothing is offered but my words are kept.
    assert done.kept == ["closing"]
    blocks = done.report.content["blocks"]
    assert blocks["closing"] == "My own closing."
    assert blocks["byline_affiliation"] == "Friends of Bolivia UK"
    done = operations.draft(event, at=AFTER, by="Ada", replace=["closing"])
    assert done.kept == []
    assert done.report.content["blocks"]["closing"].startswith("Kate Hudson closed")


def test_a_second_save_on_an_old_revision_is_refused_and_changes_nothing() -> None:
    event = make_evening()
    report = operations.draft(event, at=AFTER, by="Ada").report
    seen = report.revision
    saved(event, report, {"closing": "Ada's."}, revision=seen)
    with pytest.raises(operations.SavedMeanwhile) as refused:
        saved(event, report, {"closing": "Ben's."}, revision=seen, by="Ben")
    assert refused.value.by == "Ada"
    assert report.content["blocks"]["closing"] == "Ada's."
    assert report.revision == seen + 1


@pytest.mark.parametrize(("at", "code"), [(NOW, "before"), (START, None), (minute(50), None)])
def test_no_draft_before_the_event(at: Any, code: str | None) -> None:
    event = make_evening(started_at=START)
    if code is None:
        assert operations.draft(event, at=at, by="Ada").report.revision == 1
        return
    with pytest.raises(Refused) as refused:
        operations.draft(event, at=at, by="Ada")
    assert refused.value.code == code
    assert queries.report(event.id) is None


def test_an_address_is_nobodys_by_line() -> None:
    event = make_evening()
    blocks = drafting.write(event, gather(event, AFTER), "ada@example.org")
    assert blocks["byline_name"] == ""
