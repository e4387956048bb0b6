from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_target, make_user
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, operations, queries
from webapp.events.models import Event, Membership

HOUR = dt.timedelta(hours=1)


def values(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Łódź to São Paulo: a bridge",
        "starts_at": NOW + 24 * HOUR,
        "ends_at": NOW + 26 * HOUR,
        "timezone": "America/La_Paz",
        **changes,
    }


def refusal(**changes: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        operations.create(values(**changes), at=NOW, by="test")
    return caught.value.code, str(caught.value)


def test_create_makes_a_draft_with_a_slug_an_owner_and_an_entry(context: Flask) -> None:
    ada = make_user()
    event = operations.create(values(), at=NOW, by=ada)
    assert (event.slug, event.state, event.created_at) == ("lodz-to-sao-paulo", "draft", NOW)
    membership = db.session.scalars(sa.select(Membership)).one()
    assert (membership.user_id, membership.event_id, membership.role) == (ada.id, event.id, "owner")
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.actor, entry.event_id) == ("event.created", ada.email, event.id)


def test_the_second_event_of_a_name_gets_a_number(context: Flask) -> None:
    slugs = [operations.create(values(), at=NOW, by="test").slug for _ in range(3)]
    assert slugs == ["lodz-to-sao-paulo", "lodz-to-sao-paulo-2", "lodz-to-sao-paulo-3"]


def test_a_title_without_latin_letters_still_gets_an_address(context: Flask) -> None:
    event = operations.create(values(title="أمسية عن بوليفيا"), at=NOW, by="test")
    assert event.slug == "event-2027-04-07"


def test_new_is_a_page_and_no_slug(context: Flask) -> None:
    event = operations.create(values(title="New"), at=NOW, by="test")
    assert event.slug == "event-2027-04-07"
    assert refusal(slug="new")[0] == "slug"


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"timezone": "Europe/Lodnon"}, "timezone", "“Europe/Lodnon” is not a time zone; did you mean Europe/London?"),
        ({"timezone": "Mars"}, "timezone", "“Mars” is not a time zone; names look like Europe/London."),
        ({"ends_at": NOW + 24 * HOUR}, "ends_at", "The end must be after the start."),
        ({"ends_at": NOW + 1000 * HOUR}, "ends_at", "That is longer than 31 days; please check the start and the end."),
        ({"slug": "Peace Evening"}, "slug", "The address may have small letters, digits and single hyphens between them, 2 to 80 characters, like peace-evening."),
        ({"capacity": 0}, "capacity", "The number of places must be between 1 and 1,000,000."),
        ({"title": "  "}, "title", "The title is missing."),
        ({"title": "x" * 201}, "title", "The title is too long: at most 200 characters."),
        ({"title": "a\nb"}, "title", "The title must be one line without control characters."),
        ({"title": "a\u202eb"}, "title", "The title must be one line without control characters."),
        ({"host_url": "javascript:alert(1)"}, "host_url", "The host's address must be a web address that begins with https:// or http://."),
        ({"host_url": "https://user@example.org/"}, "host_url", "The host's address must be a web address that begins with https:// or http://."),
        ({"targets": [{"url": "data:text/html,x"}]}, "targets.0.url", "The address people join at must be a web address that begins with https:// or http://."),
        ({"accent": "red"}, "accent", "The accent colour must be six hexadecimal digits like #1f6b43."),
        ({"language": "xx-nowhere"}, "language", "“xx-nowhere” is not a language code; codes look like en, es or pt-BR."),
        ({"mode": "zoom"}, "mode", "The mode must be one of online, in_person, hybrid, not “zoom”."),
        ({"presence": "guess"}, "presence", "The way presence is known must be one of room, platform, door, not “guess”."),
        ({"opens_at": NOW + 26 * HOUR}, "opens_at", "Sign-up must open before the event ends."),
        ({"opens_at": NOW, "closes_at": NOW}, "closes_at", "Sign-up must close after it opens."),
        ({"retention_days": -1}, "retention_days", "The number of days must be between 0 and 730."),
        ({"host_key": "host", "cohosts": [{"name": "A", "key": "host"}]}, "cohosts.0.key", "Two hosts have the key “host”; each needs its own."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(
    context: Flask, changes: dict[str, Any], code: str, sentence: str
) -> None:
    assert refusal(**changes) == (code, sentence)


def test_a_taken_address_is_refused_and_the_rest_stays(context: Flask) -> None:
    make_event(slug="taken")
    other = make_event(slug="other", state="draft")
    with pytest.raises(Refused) as caught:
        operations.update(other, {"slug": "taken"}, at=NOW, by="test")
    assert caught.value.code == "slug"
    assert "belongs to another event" in str(caught.value)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Event)) == 2


def test_update_says_what_changed_and_moves_calendars_only_for_time_and_link(
    context: Flask,
) -> None:
    event = make_event(summary="Before")
    make_target(event)
    db.session.refresh(event)
    same = {"title": event.title, "starts_at": event.starts_at, "summary": "Before"}
    assert operations.update(event, same, at=NOW, by="test") == []
    assert (event.ics_sequence, event.revision) == (0, 0)

    assert operations.update(event, {"summary": "After"}, at=NOW, by="test") == ["summary"]
    assert (event.ics_sequence, event.revision) == (0, 1)

    later = {"starts_at": event.starts_at + HOUR, "ends_at": event.ends_at + HOUR}
    assert operations.update(event, later, at=NOW, by="test") == ["starts_at", "ends_at"]
    assert event.ics_sequence == 1

    first = event.targets[0].id
    targets = [{"url": "https://a.example/1", "label": "A"}, {"url": "https://b.example/2"}]
    assert operations.update(event, {"targets": targets}, at=NOW, by="test") == ["targets"]
    assert event.ics_sequence == 2
    assert [(t.position, t.url) for t in event.targets] == [
        (0, "https://a.example/1"),
        (1, "https://b.example/2"),
    ]
    assert event.targets[0].id == first


def test_hosts_who_chose_no_key_have_each_their_own(context: Flask) -> None:
    """Under it people end all mails of a host: nobody's list is another's."""
    ada, ben = make_user("Ada"), make_user("Ben")
    first, second = (operations.create(values(), at=NOW, by=ada) for _ in range(2))
    other = operations.create(values(), at=NOW, by=ben)
    assert first.host_key == second.host_key != other.host_key
    for event in (first, other):
        assert event.host_key.startswith("host-")
        assert ada.email not in event.host_key
    named = [operations.create(values(host_name="Friends of Bolivia"), at=NOW, by=who) for who in (ada, ben)]  # fmt: skip
    assert {event.host_key for event in named} == {"friends-of-bolivia"}
    # It stays when the host gets a name: people have agreed, or ended mails, under it.
    operations.update(other, {"host_name": "Somebody", "host_key": ""}, at=NOW, by=ben)
    assert other.host_key.startswith("host-")


def test_cohosts_keep_their_rows_by_key(context: Flask) -> None:
    event = make_event()
    operations.update(event, {"cohosts": [{"name": "A"}, {"name": "B"}]}, at=NOW, by="test")
    b = event.cohosts[1].id
    operations.update(event, {"cohosts": [{"key": "cohost-2", "name": "Bee"}]}, at=NOW, by="test")
    assert [(c.id, c.name, c.position) for c in event.cohosts] == [(b, "Bee", 0)]


def test_the_address_is_fixed_after_publishing(context: Flask) -> None:
    event = make_event()
    with pytest.raises(Refused) as caught:
        operations.update(event, {"slug": "another"}, at=NOW, by="test")
    assert caught.value.code == "slug"


def test_publish_and_back(context: Flask) -> None:
    event = make_event(state="draft")
    operations.publish(event, at=NOW, by="test")
    operations.publish(event, at=NOW, by="test")
    assert event.state == "published"
    with pytest.raises(Refused, match=r"^2 people have signed up"):
        operations.unpublish(event, signups=2, at=NOW, by="test")
    operations.unpublish(event, signups=0, at=NOW, by="test")
    assert event.state == "draft"


def test_cancel_is_final_and_reaches_calendars(context: Flask) -> None:
    event = make_event()
    operations.cancel(event, at=NOW, by="test")
    operations.cancel(event, at=NOW, by="test")
    assert (event.state, event.ics_sequence) == ("cancelled", 1)
    with pytest.raises(Refused, match="was called off"):
        operations.publish(event, at=NOW, by="test")
    with pytest.raises(Refused, match="Only a published event can start"):
        operations.start(event, NOW, "test")
    with pytest.raises(Refused, match="This event is over"):
        operations.cancel(make_event(starts_at=NOW - 10 * HOUR), at=NOW, by="test")
    with pytest.raises(Refused, match="nobody has seen"):
        operations.cancel(make_event(state="draft"), at=NOW, by="test")


def test_start_early_end_and_take_the_end_back(context: Flask) -> None:
    event = make_event()
    with pytest.raises(Refused) as caught:
        operations.end(event, NOW, "test")
    assert caught.value.code == "before"
    operations.start(event, NOW, "test")
    operations.start(event, NOW + HOUR, "test")
    assert (event.started_at, event.phase(NOW)) == (NOW, "live")

    end = NOW + 2 * HOUR
    operations.end(event, end, "test")
    operations.end(event, end + HOUR, "test")
    assert (event.ended_at, event.phase(end)) == (end, "over")

    with pytest.raises(Refused, match="more than five minutes"):
        operations.undo_end(event, end + dt.timedelta(minutes=5, milliseconds=1), "test")
    operations.undo_end(event, end + dt.timedelta(minutes=5), "test")
    assert (event.ended_at, event.phase(end)) == (None, "live")


def test_a_start_days_early_is_a_slip(context: Flask) -> None:
    event = make_event(starts_at=NOW + 13 * HOUR)
    with pytest.raises(Refused) as caught:
        operations.start(event, NOW, "test")
    assert (caught.value.code, event.started_at) == ("early", None)


def test_an_event_nobody_ended_is_over_an_hour_after_its_end(context: Flask) -> None:
    event = make_event()
    with pytest.raises(Refused) as caught:
        operations.end(event, event.ends_at + HOUR, "test")
    assert (caught.value.code, event.ended_at) == ("over", None)
    operations.end(event, event.ends_at + HOUR - dt.timedelta(milliseconds=1), "test")
    assert event.ended_at is not None


def test_queries_know_who_may_see_what(context: Flask) -> None:
    ada, dora = make_user("Ada"), make_user("Dora", role="admin")
    cleo = make_user("Cleo")
    draft = make_event(ada, slug="draft", state="draft", starts_at=NOW + 5 * HOUR)
    live = make_event(slug="live", starts_at=NOW - HOUR)
    gone = make_event(slug="gone", starts_at=NOW - 24 * HOUR)
    early = make_event(slug="early", starts_at=NOW - HOUR, ended_at=NOW - HOUR / 2)
    off = make_event(slug="off", state="cancelled")
    soon = make_event(slug="soon", starts_at=NOW + HOUR)
    assert queries.by_slug("draft") is draft
    assert queries.public_by_slug("draft") is None
    assert queries.public_by_slug("off") is off
    assert queries.coming(NOW) == [live, soon]
    assert queries.past(NOW) == [early, gone]
    assert queries.for_user(ada) == [draft]
    assert queries.for_user(dora)[0] is draft
    assert len(queries.for_user(dora)) == 6
    assert queries.for_user(cleo) == []
    assert [access.may_manage(user, draft) for user in (ada, dora, cleo)] == [True, True, False]
    assert [(m.user, m.role) for m in queries.members(draft)] == [(ada, "owner")]
