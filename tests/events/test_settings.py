"""Making an event and changing its settings, as organisers do it in the browser."""

from __future__ import annotations

import datetime as dt
import re
import threading

import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_target, make_user
from tests.forms import errors, filled
from tests.signin import sign_in
from webapp.accounts.models import User, UserSession
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import CoHost, Event, Membership

UTC = dt.UTC
NEW = "/manage/events/new"
SETTINGS = "/manage/events/bolivia/settings"
# As a browser sends them from the control for day and time.
EVENING = {
    "title": "Bolivia Shows There Is An Alternative: Putting People and Planet First",
    "starts_at": "2027-05-04T19:00",
    "ends_at": "2027-05-04T20:45",
    "timezone": "Europe/London",
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada(app, client):
    """The client, signed in as Ada, who has no event."""
    with app.app_context():
        user = make_user("Ada")
        db.session.commit()
        sign_in(client, user)
    return client


@pytest.fixture
def bolivia(app, ada):
    """Ada's draft "bolivia", with all that can be set; answers the client."""
    with app.app_context():
        event = make_event(
            db.session.scalars(sa.select(User)).one(), slug="bolivia", state="draft", title="Bolivia",
            summary="Come.", description="First line.\nSecond line.", capacity=50, accent="#1f6b43",
            languages=["English", "Spanish"], access_needs=["captions"],
            starts_at=NOW + dt.timedelta(days=28, seconds=7), host_url="https://friends.example.org",
            opens_at=NOW, closes_at=NOW + dt.timedelta(days=28),
        )  # fmt: skip
        make_target(event, language="en")
        db.session.add(CoHost(event_id=event.id, key="wiphalas", name="Wiphalas"))
        db.session.commit()
    return ada


def stored(app, slug="bolivia"):
    """The event as it is in the database, its rows read."""
    with app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == slug)).one()
        assert event.targets is not None
        assert event.cohosts is not None
        return event


def post(client, path, **typed):
    """Opens the form, types over it, presses Save; the answer as a page unless it leads on."""
    answer = client.post(path, data=filled(client.page(path)) | {"act": "save"} | typed)
    return answer if answer.status_code == 302 else answer.parsed


# --- a new event


def test_create_from_the_blank_form(app, ada):
    answer = post(ada, NEW, **EVENING)
    slug = "bolivia-shows-there-is-an-alternative"
    assert answer.location == f"/manage/events/{slug}/settings"
    event = stored(app, slug)
    assert (event.title, event.state, event.timezone) == (
        EVENING["title"],
        "draft",
        "Europe/London",
    )
    assert event.starts_at == dt.datetime(2027, 5, 4, 18, 0, tzinfo=UTC)
    assert event.ends_at == dt.datetime(2027, 5, 4, 19, 45, tzinfo=UTC)
    assert (event.mode, event.presence, event.language) == ("online", "room", "en")
    assert (event.retention_days, event.capacity) == (30, None)
    assert event.host_key.startswith("host-")
    with app.app_context():
        member = db.session.scalars(sa.select(Membership)).one()
        ada_id = db.session.scalars(sa.select(User.id)).one()
        assert (member.event_id, member.user_id, member.role) == (event.id, ada_id, "owner")
    assert "Saved as a draft that only you see." in ada.page(answer.location).text


def test_create_with_everything_that_can_be_said(app, ada):
    answer = post(
        ada, NEW, **EVENING, slug="peace-evening", summary=" Why come. ",
        description="**One**\r\ntwo", language="es", mode="hybrid", presence="door", capacity="1200",
        approval="y", confirm_address="y", opens_at="2027-05-01T08:00", closes_at="2027-05-04T19:30",
        host_name="Friends of Bolivia", host_url="https://friends.example.org",
        languages="English\r\n\r\n Spanish interpretation ", access_needs="live captions",
        retention_days="0", min_stay_minutes="10", accent="1F6B43",
        **{"targets-0-url": "https://meet.example.org/a", "targets-0-label": "Meeting",
           "targets-0-language": "en", "targets-1-url": "https://stream.example.org/b",
           "targets-1-label": "", "targets-1-language": ""},
    )  # fmt: skip
    assert answer.location == "/manage/events/peace-evening/settings"
    event = stored(app, "peace-evening")
    assert {name: getattr(event, name) for name in (
        "summary", "description", "language", "mode", "presence", "capacity", "approval",
        "confirm_address", "host_name", "host_key", "host_url", "languages", "access_needs",
        "retention_days", "min_stay_minutes", "accent",
    )} == {
        "summary": "Why come.", "description": "**One**\ntwo", "language": "es", "mode": "hybrid",
        "presence": "door", "capacity": 1200, "approval": True, "confirm_address": True,
        "host_name": "Friends of Bolivia", "host_key": "friends-of-bolivia",
        "host_url": "https://friends.example.org", "languages": ["English", "Spanish interpretation"],
        "access_needs": ["live captions"], "retention_days": 0, "min_stay_minutes": 10,
        "accent": "#1f6b43",
    }  # fmt: skip
    assert event.opens_at == dt.datetime(2027, 5, 1, 7, 0, tzinfo=UTC)
    assert event.closes_at == dt.datetime(2027, 5, 4, 18, 30, tzinfo=UTC)
    assert [(t.url, t.label, t.language) for t in event.targets] == [
        ("https://meet.example.org/a", "Meeting", "en"), ("https://stream.example.org/b", "", None),
    ]  # fmt: skip


def test_a_second_event_begins_with_what_the_first_one_had(app, bolivia):
    form = filled(bolivia.page(NEW))
    assert (form["timezone"], form["host_name"], form["accent"]) == (
        "Europe/London", "Friends of Something", "#1f6b43",
    )  # fmt: skip
    assert (form["title"], form["starts_at"], form["slug"], form["summary"]) == ("", "", "", "")


def test_the_key_of_the_host_is_made_from_the_name_once_there_is_one(app, ada):
    post(ada, NEW, **EVENING, slug="bolivia")
    assert stored(app).host_key.startswith("host-")
    post(ada, SETTINGS, host_name="Friends of Bolivia")
    assert stored(app).host_key == "friends-of-bolivia"
    # From then on it stays, whatever the host is called.
    post(ada, SETTINGS, host_name="Friends of all")
    assert stored(app).host_key == "friends-of-bolivia"


def test_the_key_of_the_event_before_does_not_become_another_hosts(app, ada):
    post(ada, NEW, **EVENING, slug="rivers", host_name="Clean Rivers")
    # Nobody chose a key: it follows the name.
    form = filled(ada.page(NEW)) | EVENING
    assert (form["host_name"], form["host_key"]) == ("Clean Rivers", "")
    ada.post(NEW, data=form | {"slug": "alike"})
    ada.post(NEW, data=form | {"slug": "barrio", "host_name": "Barrio"})
    # One that somebody chose stays only if they say so.
    post(ada, "/manage/events/barrio/settings", host_key="quarter")
    form = filled(ada.page(NEW)) | EVENING | {"slug": "feria", "host_name": "Feria"}
    asked = ada.post(NEW, data=form)
    assert asked.status_code == 400
    assert "This is the key of “Barrio”." in errors(asked.parsed)["host_key"]
    again = filled(asked.parsed)
    ada.post(NEW, data=again | {"host_key": ""})
    ada.post(NEW, data=again | {"slug": "kept"})
    with app.app_context():
        keys = dict(db.session.execute(sa.select(Event.slug, Event.host_key)).tuples().all())
    assert keys == {
        "rivers": "clean-rivers", "alike": "clean-rivers", "barrio": "quarter", "feria": "feria", "kept": "quarter",
    }  # fmt: skip


def test_an_admin_does_not_begin_with_somebody_elses_event(app, bolivia):
    with app.app_context():
        dora = make_user("Dora", role="admin")
        db.session.commit()
        sign_in(bolivia, dora)
    form = filled(bolivia.page(NEW))
    assert (form["host_name"], form["timezone"], form["language"]) == ("", "", "en")


# --- what cannot be

WRONG = [
    ({"title": ""}, "title", "The title is missing."),
    ({"title": "   "}, "title", "The title is missing."),
    ({"title": "x" * 201}, "title", "The title is too long: at most 200 characters."),
    ({"title": "a\u202eb"}, "title", "The title must be one line without control characters."),
    ({"title": "a\x00b"}, "title", "The title must be one line without control characters."),
    ({"summary": "a\x07b"}, "summary", "The summary must be one line without control characters."),
    ({"description": "a\x00b"}, "description", "The description has control characters in it; please type it anew."),
    ({"timezone": ""}, "timezone", "The time zone is missing."),
    ({"timezone": "Europe/Lodnon"}, "timezone", "“Europe/Lodnon” is not a time zone; did you mean Europe/London?"),
    ({"timezone": "la paz"}, "timezone", "“la paz” is not a time zone; did you mean America/La_Paz?"),
    ({"timezone": "Mars"}, "timezone", "“Mars” is not a time zone; names look like Europe/London."),
    ({"timezone": "localtime"}, "timezone", "“localtime” is not a time zone; names look like Europe/London."),
    ({"starts_at": ""}, "starts_at", "When does it start?"),
    ({"ends_at": ""}, "ends_at", "When does it end?"),
    ({"starts_at": "tomorrow"}, "starts_at", "Please write day and time like 2027-03-17 19:00."),
    ({"starts_at": "2027-02-30T19:00"}, "starts_at", "Please write day and time like 2027-03-17 19:00."),
    ({"starts_at": "0001-01-01T00:00"}, "starts_at", "Please check the year: it should be between 1970 and 2200."),
    ({"ends_at": "9999-12-31T23:59"}, "ends_at", "Please check the year: it should be between 1970 and 2200."),
    ({"ends_at": "2027-05-04T19:00"}, "ends_at", "The end must be after the start."),
    ({"ends_at": "2027-06-30T19:00"}, "ends_at", "That is longer than 31 days; please check the start and the end."),
    ({"opens_at": "2027-05-05T19:00"}, "opens_at", "Sign-up must open before the event ends."),
    ({"opens_at": "2027-05-02T19:00", "closes_at": "2027-05-01T19:00"}, "closes_at", "Sign-up must close after it opens."),
    ({"closes_at": "2027-05-07T19:00"}, "closes_at", "Sign-up cannot close later than a day after the end."),
    ({"slug": "Peace Evening"}, "slug", "The address may have small letters, digits and single hyphens between them, 2 to 80 characters, like peace-evening."),
    ({"slug": "new"}, "slug", "The address “new” is taken by a page of the site; please choose another."),
    ({"slug": "taken"}, "slug", "The address “taken” belongs to another event; please choose another."),
    ({"language": "xx-nowhere"}, "language", "“xx-nowhere” is not a language code; codes look like en, es or pt-BR."),
    ({"capacity": "0"}, "capacity", "The number of places must be between 1 and 1,000,000."),
    ({"capacity": "many"}, "capacity", "Please write a whole number in digits."),
    ({"capacity": "12.5"}, "capacity", "Please write a whole number in digits."),
    ({"capacity": "9" * 5000}, "capacity", "Please write a whole number in digits."),
    ({"retention_days": ""}, "retention_days", "After how many days are names deleted?"),
    ({"retention_days": "-1"}, "retention_days", "The number of days must be between 0 and 730."),
    ({"min_stay_minutes": "2000"}, "min_stay_minutes", "The minimum stay must be between 0 and 1,440."),
    ({"accent": "red"}, "accent", "The accent colour must be six hexadecimal digits like #1f6b43."),
    ({"host_url": "javascript:alert(1)"}, "host_url", "The host's address must be a web address that begins with https:// or http://."),
    ({"host_url": "https://user@example.org/"}, "host_url", "The host's address must be a web address that begins with https:// or http://."),
    ({"host_key": "Ö"}, "host_key", "The host's key may have small letters, digits, - and _, at most 60 characters."),
    ({"languages": "English\r\n" + "x" * 201}, "languages", "A language is too long: at most 200 characters."),
    ({"mode": "zoom"}, "mode", "Not a valid choice."),
    ({"presence": "guess"}, "presence", "Not a valid choice."),
    ({"targets-0-url": "ftp://example.org", "targets-0-label": "", "targets-0-language": ""}, "targets-0-url", "The address people join at must be a web address that begins with https:// or http://."),
    ({"targets-0-url": "", "targets-0-label": "Meeting", "targets-0-language": ""}, "targets-0-url", "A join address is missing."),
    ({"targets-0-url": "https://a.example", "targets-0-label": "", "targets-0-language": "xx-y"}, "targets-0-language", "“xx-y” is not a language code; codes look like en, es or pt-BR."),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "field", "sentence"), WRONG)
def test_bad_input_gets_a_sentence_at_its_field_and_loses_nothing(app, ada, typed, field, sentence):
    with app.app_context():
        make_event(slug="taken")
        db.session.commit()
    rest = EVENING | {"summary": "Half an hour of typing.", "access_needs": "captions\r\nsigning"}
    page = post(ada, NEW, **(rest | typed))
    assert page.status == 400
    assert errors(page) == {field: sentence}
    assert 'role="alert"' in page.text
    again = filled(page)
    for name, value in (rest | typed).items():
        # A parser drops what no page may hold; a choice that does not exist cannot stand there.
        if "\x00" not in value and "\x07" not in value and name not in ("mode", "presence"):
            assert again[name] == value, name
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Event.id))) == 1
        assert db.session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 0


@pytest.mark.parametrize("path", [NEW, SETTINGS])
def test_everything_that_is_wrong_is_said_at_once(app, bolivia, path):
    """Also what only shows when two fields are held against one another, or this event against others."""
    with app.app_context():
        make_event(slug="taken")
        db.session.commit()
    wrong = {
        "title": "", "timezone": "Mars", "capacity": "0", "accent": "red", "slug": "taken",
        "ends_at": "2027-05-04T18:00", "opens_at": "2027-05-03T19:00", "closes_at": "2027-05-02T19:00",
        "targets-0-url": "x", "targets-0-label": "", "targets-0-language": "xx-y",
        "targets-1-url": "", "targets-1-label": "Stream", "targets-1-language": "",
    }  # fmt: skip
    page = post(bolivia, path, **EVENING | wrong)
    assert page.status == 400
    assert set(errors(page)) == {
        "title", "timezone", "capacity", "accent", "slug", "ends_at", "closes_at", "targets-0-url",
        "targets-0-language", "targets-1-url",
    }  # fmt: skip


def test_an_empty_post_is_told_what_is_missing(ada):
    token = ada.page(NEW).field("csrf_token")
    page = ada.post(NEW, data={"csrf_token": token}).parsed
    assert (page.status, set(errors(page))) == (
        400, {"title", "starts_at", "ends_at", "timezone", "retention_days"},
    )  # fmt: skip


def test_what_was_not_sent_is_what_a_new_event_begins_with(app, ada):
    token = ada.page(NEW).field("csrf_token")
    answer = ada.post(NEW, data=EVENING | {"csrf_token": token, "retention_days": "30", "slug": "short"})  # fmt: skip
    assert answer.status_code == 302
    event = stored(app, "short")
    assert (event.summary, event.mode, event.language, event.languages) == ("", "online", "en", [])


@pytest.mark.case("D44")
def test_markup_in_texts_stays_text(app, ada):
    script = '"><script>alert(1)</script>'
    page = post(ada, NEW, **EVENING | {"title": script, "summary": script, "ends_at": "", "host_name": script})  # fmt: skip
    assert "<script>alert" not in page.text
    assert filled(page)["title"] == script
    post(ada, NEW, **EVENING | {"title": script, "slug": "bolivia"})
    assert "<script>alert" not in ada.page(SETTINGS).text


# --- clock times on nights when clocks change


@pytest.mark.case("D75")
def test_a_night_across_the_change_of_clocks_is_as_long_as_it_is(app, ada):
    post(
        ada, NEW, title="Night", slug="bolivia", timezone="Europe/Berlin",
        starts_at="2026-10-25T01:30", ends_at="2026-10-25T03:30",
    )  # fmt: skip
    event = stored(app)
    assert event.ends_at - event.starts_at == dt.timedelta(hours=3)
    form = filled(ada.page(SETTINGS))
    assert (form["starts_at"], form["ends_at"]) == ("2026-10-25T01:30", "2026-10-25T03:30")


@pytest.mark.case("D75")
def test_a_clock_time_that_does_not_exist_is_asked_to_be_corrected(ada):
    typed = {
        "title": "Night", "timezone": "Europe/Berlin", "starts_at": "2027-03-28T02:30",
        "ends_at": "2027-03-28T04:00",
    }  # fmt: skip
    page = post(ada, NEW, **typed)
    assert errors(page) == {
        "starts_at": "02:30 does not exist on this day in Berlin time: the clocks go from 02:00 straight "
        "to 03:00. Please choose another time."
    }
    assert {name: filled(page)[name] for name in typed} == typed
    again = ada.post(NEW, data=filled(page) | {"act": "save", "starts_at": "2027-03-28T03:00"})
    assert again.status_code == 302


@pytest.mark.case("D75")
@pytest.mark.parametrize(("which", "utc_hour"), [("0", 0), ("1", 1)])
def test_a_clock_time_that_comes_twice_is_asked_for(app, ada, which, utc_hour):
    typed = {
        "title": "Night", "slug": "bolivia", "timezone": "Europe/Berlin",
        "starts_at": "2026-10-25T02:30", "ends_at": "2026-10-25T05:00",
    }  # fmt: skip
    page = post(ada, NEW, **typed)
    assert errors(page) == {
        "starts_at": "02:30 comes twice on this day in Berlin time, because the clocks go back. Please "
        "say which one."
    }
    options = re.findall(r'<option[^>]*value="([01]?)"[^>]*>([^<]*)<', page.text)
    assert options == [
        ("", "please choose"), ("0", "the first one (UTC+02:00)"), ("1", "the second one (UTC+01:00)"),
    ]  # fmt: skip
    assert "(optional)" not in page.text[page.text.index("Which start") :][:60]
    answer = ada.post(NEW, data=filled(page) | {"act": "save", "starts_at_which": which})
    assert answer.status_code == 302
    assert stored(app).starts_at == dt.datetime(2026, 10, 25, utc_hour, 30, tzinfo=UTC)
    # Opened again, the page remembers which one it was, and saving changes nothing.
    assert filled(ada.page(SETTINGS))["starts_at_which"] == which
    post(ada, SETTINGS)
    assert stored(app).starts_at == dt.datetime(2026, 10, 25, utc_hour, 30, tzinfo=UTC)


# --- rows, without JavaScript


def rows(page, name):
    """What stands in the rows of a list: the first field of each."""
    first = "url"
    form = filled(page)
    found = []
    while f"{name}-{len(found)}-{first}" in form:
        found.append(form[f"{name}-{len(found)}-{first}"])
    return found


def press(client, page, act, **typed):
    answer = client.post(NEW, data=filled(page) | typed | {"act": act})
    assert answer.status_code == 200
    return answer.parsed


def test_rows_are_added_moved_and_taken_out(app, ada):
    name, part = "targets", "url"
    page = press(ada, ada.page(NEW), f"add:{name}", **EVENING)
    assert rows(page, name) == [""]
    page = press(ada, page, f"add:{name}", **{f"{name}-0-{part}": "a"})
    page = press(ada, page, f"add:{name}", **{f"{name}-1-{part}": "b"})
    page = press(ada, page, f"up:{name}:2", **{f"{name}-2-{part}": "c"})
    assert rows(page, name) == ["a", "c", "b"]
    page = press(ada, page, f"up:{name}:1")
    assert rows(page, name) == ["c", "a", "b"]
    page = press(ada, page, f"out:{name}:1")
    assert rows(page, name) == ["c", "b"]
    assert {key: filled(page)[key] for key in EVENING} == EVENING
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Event.id))) == 0


def test_a_row_moves_whole(ada):
    page = press(ada, ada.page(NEW), "add:targets")
    page = press(
        ada, page, "add:targets",
        **{"targets-0-url": "https://a.example", "targets-0-label": "A", "targets-0-language": "es"},
    )  # fmt: skip
    page = press(ada, page, "up:targets:1", **{"targets-1-url": "https://b.example"})
    form = filled(page)
    assert [form[f"targets-1-{part}"] for part in ("url", "label", "language")] == [
        "https://a.example", "A", "es",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "act", ["up:targets:0", "up:targets:9", "out:targets:9", "up:targets", "out:targets"]
)
def test_buttons_that_mean_no_row_change_nothing(ada, act):
    page = press(ada, ada.page(NEW), "add:targets", **EVENING)
    page = press(ada, page, "add:targets", **{"targets-0-url": "https://a.example"})
    assert rows(press(ada, page, act), "targets") == ["https://a.example", ""]


def test_twenty_rows_are_enough(ada):
    typed = {f"targets-{n}-url": f"https://{n}.example" for n in range(20)}
    page = press(ada, ada.page(NEW), "add:targets", **EVENING | typed)
    assert len(rows(page, "targets")) == 20


def test_while_rows_are_edited_nothing_is_called_wrong(ada):
    page = press(ada, ada.page(NEW), "add:targets", title="", capacity="many")
    assert errors(page) == {}
    assert 'role="alert"' not in page.text
    assert filled(page)["capacity"] == "many"


@pytest.mark.parametrize("act", ["add:users", "up:targets:²", "up:targets:-1", "drop", ""])
def test_an_unknown_button_saves_like_the_enter_key(app, ada, act):
    assert post(ada, NEW, **EVENING, act=act).status_code == 302


def test_a_blank_row_is_left_out(app, bolivia):
    page = bolivia.page(SETTINGS)
    page = bolivia.post(SETTINGS, data=filled(page) | {"act": "add:targets"}).parsed
    assert rows(page, "targets") == ["https://meet.example.org/evening", ""]
    bolivia.post(SETTINGS, data=filled(page) | {"act": "save"})
    assert [t.url for t in stored(app).targets] == ["https://meet.example.org/evening"]


def test_the_sentence_stands_at_its_row_though_a_blank_one_is_before_it(ada):
    page = post(
        ada, NEW, **EVENING,
        **{"targets-0-url": "", "targets-0-label": "", "targets-0-language": "",
           "targets-1-url": "x", "targets-1-label": "", "targets-1-language": ""},
    )  # fmt: skip
    assert set(errors(page)) == {"targets-1-url"}


# --- changing an event


def test_saving_without_a_change_keeps_everything(app, bolivia):
    before = stored(app)
    answer = post(bolivia, SETTINGS)
    assert answer.location == SETTINGS
    after = stored(app)
    names = [column.key for column in Event.__table__.columns]
    assert {n: getattr(after, n) for n in names} == {n: getattr(before, n) for n in names}
    assert after.starts_at.second == 7
    assert "Nothing was different" in bolivia.page(SETTINGS).text


def test_a_change_is_saved_said_and_written_down(app, bolivia):
    post(bolivia, SETTINGS, title="Bolivia again", capacity="")
    event = stored(app)
    assert (event.title, event.capacity, event.ics_sequence) == ("Bolivia again", None, 0)
    assert "Saved: 2 changes." in bolivia.page(SETTINGS).text
    with app.app_context():
        entry = db.session.scalars(sa.select(AuditEntry)).one()
        assert (entry.action, entry.actor) == ("event.changed", "ada@example.org")
        assert sorted(entry.details["fields"]) == ["capacity", "title"]


def test_a_new_time_or_link_reaches_calendars(app, bolivia):
    post(bolivia, SETTINGS, ends_at="2027-05-04T22:00")
    assert stored(app).ics_sequence == 1
    post(bolivia, SETTINGS, **{"targets-0-url": "https://meet.example.org/other"})
    assert stored(app).ics_sequence == 2


def test_another_zone_reads_the_same_clock_there(app, bolivia):
    before = stored(app)
    post(bolivia, SETTINGS, timezone="America/La_Paz")
    after = stored(app)
    # In May London is an hour ahead of UTC, La Paz four behind.
    assert after.starts_at.replace(second=0) - before.starts_at.replace(second=0) == dt.timedelta(hours=5)  # fmt: skip


def test_boxes_can_be_taken_out_again(app, bolivia):
    post(bolivia, SETTINGS, approval="y")
    assert stored(app).approval is True
    form = filled(bolivia.page(SETTINGS))
    assert form.pop("approval") == "y"
    bolivia.post(SETTINGS, data=form | {"act": "save"})
    assert stored(app).approval is False


def test_a_sentence_at_an_event_that_is_there_changes_nothing(app, bolivia):
    page = post(bolivia, SETTINGS, title="Typed", capacity="0")
    assert (page.status, errors(page)) == (
        400, {"capacity": "The number of places must be between 1 and 1,000,000."},
    )  # fmt: skip
    assert filled(page)["title"] == "Typed"
    # The page still says whose page it is: the event as it is saved.
    assert "<h1><bdi>Bolivia</bdi></h1>" in page.text
    assert stored(app).title == "Bolivia"


def test_an_address_that_somebody_took_meanwhile(app, bolivia):
    with app.app_context():
        make_event(slug="taken")
        db.session.commit()
    page = post(bolivia, SETTINGS, slug="taken", title="Typed")
    assert set(errors(page)) == {"slug"}
    assert (filled(page)["slug"], filled(page)["title"]) == ("taken", "Typed")
    assert stored(app).title == "Bolivia"


def test_a_draft_may_get_another_address(app, bolivia):
    answer = post(bolivia, SETTINGS, slug="la-paz")
    assert answer.location == "/manage/events/la-paz/settings"
    assert bolivia.get(SETTINGS).status_code == 404


def publish(app):
    with app.app_context():
        db.session.execute(sa.update(Event).values(state="published"))
        db.session.commit()


def test_once_published_the_address_is_fixed(app, bolivia):
    before = bolivia.page(SETTINGS)
    publish(app)
    assert re.search(r'<input[^>]*name="slug"[^>]*readonly', bolivia.page(SETTINGS).text)
    assert post(bolivia, SETTINGS, title="Later").location == SETTINGS
    page = bolivia.post(SETTINGS, data=filled(before) | {"slug": "other", "seen": filled(bolivia.page(SETTINGS))["seen"]}).parsed  # fmt: skip
    assert errors(page) == {
        "slug": "The address is fixed once an event is published: people have it in their mail."
    }
    assert stored(app).slug == "bolivia"


def test_co_hosts_stand_on_their_own_page_and_stay_as_they_are(app, bolivia):
    """A colleague may change them there while the settings are open; only the host's key is a matter of both."""
    page = bolivia.page(SETTINGS)
    assert "/manage/events/bolivia/hosts" in page.text
    assert not [name for name in filled(page) if name.startswith("cohosts")]
    with app.app_context():
        db.session.execute(sa.update(CoHost).values(name="Wiphalas Across The World"))
        db.session.commit()
    assert bolivia.post(SETTINGS, data=filled(page) | {"title": "Later"}).status_code == 302
    assert [(c.key, c.name) for c in stored(app).cohosts] == [
        ("wiphalas", "Wiphalas Across The World")
    ]
    assert errors(post(bolivia, SETTINGS, host_key="wiphalas")) == {
        "host_key": "Two hosts have the key “wiphalas”; each needs its own."
    }


# --- two people at once, old pages, foreign fields


def test_two_people_save_and_the_second_is_told_and_loses_nothing(app, bolivia):
    mine = filled(bolivia.page(SETTINGS)) | {"act": "save", "title": "Mine"}
    theirs = filled(bolivia.page(SETTINGS)) | {"summary": "Theirs.", "capacity": "70"}
    assert bolivia.post(SETTINGS, data=theirs).status_code == 302
    page = bolivia.post(SETTINGS, data=mine).parsed
    assert page.status == 409
    assert "Somebody else saved this event while you were writing." in page.text
    assert re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", page.text) == [
        ("Title", "Bolivia"), ("One reason to come", "Theirs."), ("Places", "70"),
    ]  # fmt: skip
    form = filled(page)
    assert {name: form[name] for name in mine if name in form and name != "seen"} == {
        name: value for name, value in mine.items() if name not in ("seen", "act")
    }
    assert (stored(app).title, stored(app).summary) == ("Bolivia", "Theirs.")
    # Saving once more means: mine.
    assert bolivia.post(SETTINGS, data=form | {"act": "save"}).status_code == 302
    assert (stored(app).title, stored(app).summary) == ("Mine", "Come.")


def test_rows_and_boxes_that_somebody_changed_are_shown_too(bolivia):
    mine = filled(bolivia.page(SETTINGS)) | {"act": "save"}
    theirs = mine | {
        "approval": "y", "presence": "door", "opens_at": "2027-04-07T09:30",
        "targets-0-label": "Stream",
    }  # fmt: skip
    bolivia.post(SETTINGS, data=theirs)
    page = bolivia.post(SETTINGS, data=mine).parsed
    assert dict(re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", page.text)) == {
        "How you know who was there": "The door only", "Somebody of us approves each sign-up": "yes",
        "Sign-up opens": "2027-04-07 09:30",
        "Where people join": "Stream · https://meet.example.org/evening · en",
    }  # fmt: skip


def test_what_happens_on_the_evening_is_no_other_edit(app, bolivia):
    mine = filled(bolivia.page(SETTINGS)) | {"act": "save", "title": "Mine"}
    with app.app_context():
        db.session.execute(
            sa.update(Event).values(started_at=NOW, revision=7, announcement="Hello")
        )
        db.session.commit()
    assert bolivia.post(SETTINGS, data=mine).status_code == 302


def test_of_two_who_save_at_the_same_moment_one_is_told(app, bolivia):
    """Both opened the same page. Whoever comes second must see the first one's work."""
    forms = [filled(bolivia.page(SETTINGS)) | {"act": "save", "title": f"By {n}"} for n in range(2)]
    with bolivia.session_transaction() as cookie:
        session = dict(cookie)
    barrier, statuses = threading.Barrier(2), []

    def save(form):
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie.update(session)
        barrier.wait()
        statuses.append(browser.post(SETTINGS, data=form).status_code)

    threads = [threading.Thread(target=save, args=(form,)) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [302, 409]


@pytest.mark.case("D25")
@pytest.mark.parametrize("path", [NEW, SETTINGS])
@pytest.mark.parametrize("token", ["", "old", None])
def test_an_old_page_is_shown_again_filled_in(app, bolivia, path, token):
    typed = filled(bolivia.page(path)) | EVENING | {"summary": "Half an hour.", "csrf_token": token}
    typed = {name: value for name, value in typed.items() if value is not None}
    page = bolivia.post(path, data=typed | {"act": "save"}).parsed
    assert page.status == 400
    assert "The page had been open for long: please send it once more." in page.text
    form = filled(page)
    assert {name: form[name] for name in EVENING} == EVENING
    assert form["summary"] == "Half an hour."
    assert stored(app).title == "Bolivia"
    # Sent once more, it works.
    assert bolivia.post(path, data=form | {"act": "save"}).status_code == 302


def test_after_twelve_hours_the_page_is_old(app, bolivia, clock):
    form = filled(bolivia.page(SETTINGS)) | {"title": "Mine"}
    clock.shift(dt.timedelta(hours=13))
    page = bolivia.post(SETTINGS, data=form).parsed
    assert page.status == 400
    assert bolivia.post(SETTINGS, data=filled(page)).status_code == 302
    assert stored(app).title == "Mine"


def test_a_sign_in_that_ran_out_meanwhile_loses_nothing(app, bolivia):
    """As the page says: signed in anew in another tab, then this one reloaded."""
    typed = filled(bolivia.page(SETTINGS)) | {"act": "save", "summary": "Half an hour."}
    with app.app_context():
        db.session.execute(sa.update(UserSession).values(ended_at=NOW))
        db.session.commit()
    answer = bolivia.post(SETTINGS, data=typed)
    assert answer.status_code == 401
    assert 'href="/sign-in" target="_blank"' in answer.text
    with app.app_context():
        ada = db.session.scalars(sa.select(User)).one()
        with bolivia.session_transaction() as cookie:
            cookie.clear()
        sign_in(bolivia, ada)
    page = bolivia.post(SETTINGS, data=typed).parsed
    assert page.status == 400
    assert "please send it once more" in page.text
    assert bolivia.post(SETTINGS, data=filled(page) | {"act": "save"}).status_code == 302
    assert stored(app).summary == "Half an hour."


@pytest.mark.case("D36")
@pytest.mark.parametrize("path", [NEW, SETTINGS])
def test_fields_that_are_not_in_the_form_are_ignored(app, bolivia, path):
    with app.app_context():
        other = make_event(slug="other", title="Other")
        db.session.commit()
        other_id = other.id
    foreign = {
        "is_admin": "1", "event_id": str(other_id), "id": str(other_id), "state": "published",
        "is_sample": "y", "started_at": "2027-05-04T19:00", "ics_sequence": "9", "role": "admin",
        "owner": "1", "user_id": "1", "created_at": "2020-01-01T00:00",
    }  # fmt: skip
    assert post(bolivia, path, **EVENING | {"slug": "mine"}, **foreign).status_code == 302
    event = stored(app, "mine")
    assert (event.state, event.is_sample, event.started_at) == ("draft", False, None)
    assert event.ics_sequence == (0 if path == NEW else 1)
    assert event.created_at > dt.datetime(2027, 1, 1, tzinfo=UTC)
    assert stored(app, "other").title == "Other"
    with app.app_context():
        assert db.session.scalars(sa.select(User)).one().role == "organiser"


# --- who may


@pytest.mark.case("D31")
def test_organisers_of_other_events_see_404_and_change_nothing(app, bolivia):
    form = filled(bolivia.page(SETTINGS)) | {"title": "Taken over", "act": "save"}
    with app.app_context():
        cleo = make_user("Cleo")
        make_event(cleo, slug="cleos")
        db.session.commit()
        sign_in(bolivia, cleo)
    token = bolivia.page(NEW).field("csrf_token")
    assert bolivia.get(SETTINGS).status_code == 404
    assert bolivia.post(SETTINGS, data=form | {"csrf_token": token}).status_code == 404
    assert stored(app).title == "Bolivia"


def test_nobody_signed_in(client):
    assert client.get(NEW).location == "/sign-in?next=%2Fmanage%2Fevents%2Fnew"
    assert client.get(SETTINGS).location.startswith("/sign-in?next=")
    assert client.post(NEW, data=EVENING).status_code == 401
    assert client.post(SETTINGS, data=EVENING).status_code == 401


def test_an_event_that_is_not_there(ada):
    assert ada.get("/manage/events/nothing/settings").status_code == 404
