"""Event files in and out, and every way they can be wrong."""

from __future__ import annotations

import copy
import json

import pytest

from tests.conftest import NOW
from tests.factories import make_user
from webapp.errors import Refused
from webapp.events import queries
from webapp.front import event_file
from webapp.mail import texts
from webapp.mail.kinds import Text

FILE = {
    "event": {
        "slug": "spring-assembly",
        "title": "Spring Assembly: What Next?",
        "summary": "One reason to come.",
        "description": "Some *Markdown*.",
        "language": "en",
        "starts_at": "2027-04-20T19:00:00+01:00",
        "ends_at": "2027-04-20T20:30:00+01:00",
        "timezone": "Europe/London",
        "mode": "online",
        "targets": [
            {"label": "Meeting", "url": "https://meet.example.org/a", "language": "en"},
            {"label": "Stream", "url": "https://stream.example.org/a"},
        ],
        "capacity": 250,
        "approval": False,
        "confirm_address": True,
        "presence": "platform",
        "host": {"key": "friends", "name": "Friends", "url": "https://friends.example.org"},
        "cohosts": [{"key": "other", "name": "Other"}],
        "retention_days": 14,
        "min_stay_minutes": 7,
        "opens_at": "2027-04-01T00:00:00+01:00",
        "closes_at": "2027-04-20T18:00:00+01:00",
        "languages": ["English"],
        "access_needs": ["Captions"],
        "accent": "#1f6b43",
    },
    "questions": [
        {"key": "heard", "label": "How did you hear?", "type": "choice", "choices": ["A", "B"], "required": True, "show_if": None},
        {"key": "why", "label": "Why?", "type": "text", "required": False, "show_if": {"key": "heard", "equals": "A"}},
        {"key": "seats", "label": "Seats?", "type": "number", "help": "For you.", "min": 1, "max": 2.5, "required": False, "show_if": None},
    ],
    "agenda": [
        {"key": "opening", "title": "Opening", "kind": "opening", "minutes": 10, "speakers": [{"name": "Kate Ąžuolė", "role": "chair", "affiliation": "X", "say": "ah-ZHOO-o-leh", "intro": "Chairs.\nWrites."}]},
        {"key": "talk", "title": "A talk", "summary": "About it", "kind": "talk", "minutes": 30, "speakers": []},
    ],
}  # fmt: skip


def changed(path: str, value: object) -> dict:
    data = copy.deepcopy(FILE)
    *way, last = path.split(".")
    place: object = data
    for step in way:
        place = place[int(step) if step.isdigit() else step]  # type: ignore[index]
    place[int(last) if last.isdigit() else last] = value  # type: ignore[index]
    return data


def load(data):
    return event_file.load(data, at=NOW, by="Test")


def test_what_is_loaded_comes_back(context):
    loaded = load(FILE)
    assert loaded.created
    assert loaded.event.state == "published"
    assert event_file.export(loaded.event) == FILE


def test_a_minimal_file_gets_sensible_defaults(context):
    needed = ("slug", "title", "starts_at", "ends_at", "timezone")
    loaded = load({"event": {key: FILE["event"][key] for key in needed}})
    assert event_file.export(loaded.event) == {
        "event": {key: FILE["event"][key] for key in needed}
        | {
            "summary": "", "description": "", "language": "en", "mode": "online", "targets": [],
            "capacity": None, "approval": False, "confirm_address": False, "presence": "room",
            "host": {"key": loaded.event.host_key, "name": ""}, "cohosts": [], "retention_days": 30,
        },
        "questions": [],
        "agenda": [],
    }  # fmt: skip


def test_keys_are_made_from_titles(context):
    data = copy.deepcopy(FILE)
    del data["agenda"][1]["key"]
    assert event_file.export(load(data).event)["agenda"][1]["key"] == "a-talk"


def test_loading_again_says_what_changed(context):
    load(FILE)
    assert load(FILE).changes == []
    again = load(changed("event.title", "Another title"))
    assert not again.created
    assert again.changes == ["title changed"]
    again = load(changed("agenda.1.minutes", 25))
    assert any("A talk" in line for line in again.changes)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (changed("event.titel", "x"), "event.titel is not a key of the event file; did you mean title?"),
        (changed("event.targets.0.adress", "x"), r"event.targets\[0\].adress is not a key"),
        (changed("attendees", []), "attendees is not a key"),
        (changed("event.timezone", "Europe/Londn"), "event.timezone: .*did you mean Europe/London"),
        (changed("event.ends_at", "2027-04-20T18:00:00+01:00"), "event.ends_at: The end must be after the start"),
        (changed("event.starts_at", "2027-04-20T19:00:00"), "event.starts_at has no offset"),
        (changed("event.starts_at", "tomorrow"), "event.starts_at is \"tomorrow\""),
        (changed("event.capacity", "250"), "event.capacity must be a whole number or null"),
        (changed("event.capacity", True), "event.capacity must be a whole number or null"),
        (changed("event.mode", "hybird"), "event.mode"),
        (changed("event.languages", ["en", 3]), r"event.languages\[1\] must be a text"),
        (changed("event.targets.0.url", "javascript:alert(1)"), "web address"),
        (changed("event.host", "Friends"), "event.host must be an object"),
        (changed("questions.0.type", "colour"), "Question 1"),
        (changed("questions.1.show_if", {"key": "nope", "equals": 1}), "Question 2"),
        (changed("agenda.0.kind", "speech"), "Opening|opening"),
        (changed("agenda.0.minutes", 0), "Opening|opening"),
        ({"questions": []}, "The key event is missing"),
        (changed("event.slug", "a\x00b"), "event.slug: The address may have small letters"),
        (changed("event.title", "half an emoji \ud83d"), "event.title: The title must be one line without control characters"),
        (changed("event.targets.0.url", "https://meet.example.org/\ud83d"), "web address"),
        (changed("event.starts_at", "0001-01-01T00:00:00+14:00"), "event.starts_at is .*, which no calendar reaches"),
        (changed("event.closes_at", "9999-12-31T23:59:59-12:00"), "event.closes_at is .*, which no calendar reaches"),
        (changed("questions.0.choices", ["A", "\ud83d"]), "Question 1"),
        (changed("questions.1.show_if", {"key": ["heard"], "equals": "A"}), "Question 2"),
        (changed("questions.1.show_if", {"key": "heard", "equals": ["A"]}), "Question 2"),
        (changed("questions.1.show_if", {"key": "heard", "equals": float("inf")}), "Question 2"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_a_sentence(context, data, sentence):
    with pytest.raises(Refused, match=sentence):
        load(data)


def test_missing_keys_are_named(context):
    data = copy.deepcopy(FILE)
    del data["event"]["timezone"]
    with pytest.raises(Refused, match=r"event\.timezone is missing"):
        load(data)


@pytest.fixture
def run(app, tmp_path):
    def invoke(*args: str, text: str | None = None):
        if text is not None:
            (tmp_path / "event.json").write_text(text, encoding="utf-8")
        full = [str(tmp_path / "event.json") if arg == "FILE" else arg for arg in args]
        return app.test_cli_runner().invoke(args=["events", *full])

    return invoke


def test_the_command_loads_and_exports(run, app):
    with app.app_context():
        make_user()
        from webapp.db import db

        db.session.commit()
    result = run("load", "FILE", "--owner", "ada@example.org", text=json.dumps(FILE))
    assert result.exit_code == 0, result.output
    assert "spring-assembly: created" in result.output
    assert json.loads(run("export", "spring-assembly").output) == FILE
    assert "unchanged" in run("load", "FILE").output
    with app.app_context():
        assert queries.by_slug("spring-assembly") is not None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"event": {\n  "slug": "a",\n}', "Line 3, column 1"),
        ("[]", "must hold an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"event": ' + "9" * 5_000 + "}", "a number in the file that is far too long"),
        ('{"event": {"capacity": NaN}}', "NaN is not a number that JSON knows"),
        ('{"event": {"slug": "a", "slug": "b"}}', "The key “slug” stands twice in one object"),
        (json.dumps(changed("event.titel", "x")), "did you mean title?"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(run, app, text, sentence):
    result = run("load", "FILE", text=text)
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 1
    with app.app_context():
        assert queries.by_slug("spring-assembly") is None


def test_files_and_slugs_that_are_not_there(run):
    assert "There is no file" in run("load", "FILE").output
    result = run("export", "nothing")
    assert result.exit_code == 1
    assert "There is no event with the address nothing" in result.output


MAILS = {
    "en": {
        "confirmed": {"subject": "Come, {name}", "body": "You are in.\n\n{join_button}"},
        "thank_you": {"subject": "Thanks", "body": "It was good.\n\n{afterwards}"},
    },
    "es": {"changed": {"subject": "{in_short}", "body": "{news}\n\n{changes}"}},
}


def test_own_words_for_mails_come_along(context):
    loaded = load(FILE | {"mails": MAILS})
    assert event_file.export(loaded.event) == FILE | {"mails": MAILS}
    assert load(FILE | {"mails": MAILS}).changes == []
    own = texts.own(loaded.event, "thank_you", "en")
    assert own == ("en", Text("Thanks", "It was good.\n\n{afterwards}"))
    # A copy under another address has them as well.
    other = changed("event.slug", "another") | {"mails": event_file.export(loaded.event)["mails"]}
    assert event_file.export(load(other).event)["mails"] == MAILS
    assert load(FILE | {"mails": {"en": MAILS["en"]}}).changes == ["New time or place (es): the default again"]  # fmt: skip
    again = load(FILE)
    assert again.changes == [
        "You have a place (en): the default again", "Thank you for coming (en): the default again",
    ]  # fmt: skip
    assert event_file.export(again.event) == FILE
    assert len(texts.versions(again.event.id, "confirmed", "en")) == 2, "what was written is kept"


@pytest.mark.parametrize(
    ("mails", "said"),
    [
        ({"en": {"confirmd": {}}}, "mails.en.confirmd is not a key of the event file; did you mean confirmed?"),
        ({"en": {"confirmed": {"subject": "x"}}}, "mails.en.confirmed.body is missing."),
        ({"en": {"confirmed": {"subject": "x", "body": 1}}}, "mails.en.confirmed.body must be a text."),
        ({"xx": {"confirmed": {"subject": "x", "body": "x"}}}, "mails.xx: no mail of this event is read in it; there are en, es."),
        ({"en": {"confirmed": {"subject": "{naem}", "body": "x"}}}, "mails.en.confirmed.subject: There is no placeholder {naem} here; did you mean {name}?"),
    ],
)  # fmt: skip
def test_a_slip_in_the_words_of_a_mail_is_said_with_its_place(context, mails, said):
    with pytest.raises(Refused) as refusal:
        load(FILE | {"mails": mails})
    assert str(refusal.value) == said
