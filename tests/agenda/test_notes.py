from __future__ import annotations

import pytest

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event
from webapp.agenda import operations, queries
from webapp.errors import Refused


@pytest.fixture
def event(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    return event


def note(event, **values):
    return operations.add_note(
        event,
        **{"kind": "point", "session_key": "tim", "text": "A bonus.", "author": "ada@example.org",
           "at": NOW} | values,
    )  # fmt: skip


def test_points_and_quotes_are_kept_under_item_and_speaker(event):
    item = queries.running_order(event)[2]
    who = item.speakers[0].speaker_id
    note(event, text="First.\r\n\r\nSecond.\x00")
    note(event, kind="quote", session_key="claudia", speaker_id=who, text="an inspiration")
    kept = [(n.kind, n.session_id, n.speaker_id, n.text) for n in queries.notes(event.id)]
    first = queries.running_order(event)[1].id
    assert kept == [
        ("point", first, None, "First.\n\nSecond."),
        ("quote", item.id, who, "an inspiration"),
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": " \n "}, "nothing written"),
        ({"text": "x" * 5001}, "at most 5000"),
        ({"session_key": "nobody"}, "no longer in the agenda"),
        ({"speaker_id": -1}, "does not speak"),
        ({"kind": "praise"}, "a point or a quote"),
    ],
)
def test_what_cannot_be_kept_is_refused(event, values, message):
    with pytest.raises(Refused, match=message):
        note(event, **values)
    assert queries.notes(event.id) == []


def test_only_ones_own_note_can_be_taken_back(event):
    kept = note(event)
    with pytest.raises(Refused, match=r"Only ada@example\.org can"):
        operations.delete_note(event, kept.id, "ben@example.org")
    with pytest.raises(Refused, match="no longer there"):
        operations.delete_note(make_event(), kept.id, "ada@example.org")
    operations.delete_note(event, kept.id, "ada@example.org")
    assert queries.notes(event.id) == []


def test_notes_outlive_a_person_who_is_taken_out(event):
    who = queries.running_order(event)[1].speakers[0].speaker_id
    note(event, speaker_id=who)
    without = agenda()
    without[1]["speakers"] = []
    operations.replace(event, without, NOW)
    (kept,) = queries.notes(event.id)
    operations.db.session.refresh(kept)
    # It stays theirs: they have said it.
    assert (kept.speaker_id, kept.text) == (who, "A bonus.")


def test_an_announcement_is_said_once_and_taken_back(event):
    revision = event.revision
    assert operations.announce(event, "We start\nin five minutes", NOW, "ada@example.org")
    assert event.announcement == "We start in five minutes"
    assert not operations.announce(event, "We start in five minutes", NOW, "ada@example.org")
    assert operations.announce(event, " ", NOW, "ada@example.org")
    assert event.announcement is None
    assert event.revision == revision + 2
    with pytest.raises(Refused, match="at most 500"):
        operations.announce(event, "x" * 501, NOW, "ada@example.org")
