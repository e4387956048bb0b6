"""Lists brought into an event: looked at, stored, repeated, taken back; exact however often work is cut."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import rows
from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signup.test_operations import applicant
from webapp import jobs
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import CoHost, Event, Membership
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail, Unsubscribe
from webapp.mail.unsubscribing import MailList
from webapp.privacy import operations as privacy
from webapp.signup import operations as verbs
from webapp.signup import queries
from webapp.signup.imports import commands, operations, storing
from webapp.signup.imports.models import ImportedSignup, ImportFile, SignupImport
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Answer, Consent, Question, Signup, SignupChange, Tag

FILES = Path(__file__).parent / "files"
WHERE = "On the Eventbrite form, to taking part"


def sample(name: str) -> bytes:
    return (FILES / name).read_bytes()


def people(count: int, first: int = 0) -> bytes:
    rows = [f"Person {n},p{n}@example.org" for n in range(first, first + count)]
    return "\n".join(["Name,Email", *rows]).encode()


def start(event: Event, data: bytes, filename: str = "list.csv") -> SignupImport:
    return operations.start(event, filename, data, NOW, by="ada@example.org")


def bring_in(event: Event, data: bytes, filename: str = "list.csv", at: dt.datetime = NOW, **settings: Any) -> SignupImport:  # fmt: skip
    row = start(event, data, filename)
    if settings:
        row.settings = row.settings | settings
    operations.store(row, event, "registered", WHERE, at, by="ada@example.org")
    while row.state == "storing":
        commands.work(at)
        db.session.refresh(row)
    return row


def signups(event: Event) -> list[Signup]:
    return list(db.session.scalars(sa.select(Signup).where(Signup.event_id == event.id).order_by(Signup.id)))  # fmt: skip


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


@pytest.mark.parametrize(("name", "stored", "gone"), [
    ("luma.csv", 5, 1), ("pretix.csv", 5, 1), ("indico.csv", 5, 1), ("hi-events.csv", 5, 0),
    ("action-network.csv", 5, 0), ("zoom-registration.csv", 5, 1), ("people-semicolon-cp1252.csv", 5, 0),
])  # fmt: skip
def test_the_samples_come_in_once(context: Flask, name: str, stored: int, gone: int) -> None:
    event = make_event()
    row = bring_in(event, sample(name), name)
    assert (row.figures["made_confirmed"], row.figures.get("gone", 0)) == (stored, gone)
    assert [s.status for s in signups(event)] == ["confirmed"] * stored
    again = bring_in(event, sample(name), name)
    assert again.figures.get("new", 0) == 0
    assert again.figures["known"] == stored
    assert len(signups(event)) == stored
    assert count(OutgoingMail) == 0, "an import sends nothing"
    assert count(ImportFile) == 0, "the file is deleted when its people are in"


def test_what_is_kept_of_a_person(context: Flask) -> None:
    event = make_event(confirm_address=True)
    db.session.add(CoHost(event_id=event.id, key="wipha", name="Wiphalas"))
    question = Question(event_id=event.id, key="how", label="How did you hear about this event?", type="text")  # fmt: skip
    db.session.add(question)
    db.session.flush()
    data = sample("eventbrite.csv").decode().replace("about this event?", "about this event?,May be contacted by Wiphalas")  # fmt: skip
    data = data.replace('colleague"""', 'colleague""",yes', 1)
    with pytest.raises(Refused) as caught:
        bring_in(event, data.encode(), "My Eventbrite list.csv")
    assert caught.value.code == "order", "day or month first is asked, not guessed"
    db.session.rollback()
    event = make_event(confirm_address=True)
    db.session.add(CoHost(event_id=event.id, key="wipha", name="Wiphalas"))
    question = Question(event_id=event.id, key="how", label="How did you hear about this event?", type="text")  # fmt: skip
    db.session.add(question)
    db.session.flush()
    row = bring_in(event, data.encode(), "My Eventbrite list.csv", order="mdy", found_order="")
    chidi, eliska, *_others = signups(event)
    registered = dt.datetime(2026, 3, 2, 16, 0, tzinfo=dt.UTC)
    assert (chidi.name, chidi.email, chidi.status, chidi.proved_at) == ("Chidi Okafor", "chidi@example.com", "confirmed", None)  # fmt: skip
    assert (chidi.created_at, chidi.source, row.name) == (registered, "myeventbritelist", "myeventbritelist")  # fmt: skip
    assert eliska.email_key == "eliska.dvorak@example.org"
    consents = queries.consents_of(chidi)
    assert [(c.kind, c.host_key, c.agreed_at) for c in consents] == [
        ("event", None, registered), ("contact", "wipha", registered),
    ]  # fmt: skip
    assert consents[0].wording == WHERE
    assert consents[1].wording == f"“May be contacted by Wiphalas”: yes. {WHERE}"
    assert [c.kind for c in queries.consents_of(eliska)] == ["event"]
    assert queries.answers_by_key(chidi) == {"how": 'Friend, "a colleague"'}
    (change,) = db.session.scalars(
        sa.select(SignupChange).where(SignupChange.signup_id == chidi.id)
    )
    assert (change.what, change.actor, change.details["from"], change.details["line"]) == (
        "imported", "ada@example.org", "myeventbritelist", 2,
    )  # fmt: skip
    choice = queries.Choice(tag="myeventbritelist")
    assert len(list(db.session.scalars(queries.chosen(event.id, choice)))) == 5


def test_who_wants_no_mail_there_gets_none_here(context: Flask) -> None:
    event = make_event()
    row = bring_in(event, sample("action-network.csv"))
    mail_list = MailList(event.host_key, event.id)
    assert unsubscribing.among([s.email or "" for s in signups(event)], mail_list) == {
        "chidi@example.com", "faye@example.com", "iris.kemp@example.com",
    }  # fmt: skip
    operations.undo(row, NOW, by="ada@example.org")
    assert count(Unsubscribe) == 0
    assert count(Tag) == 0


@pytest.mark.parametrize("waitlist", [True, False])
def test_places_are_exact(context: Flask, waitlist: bool) -> None:
    event = make_event(capacity=5, waitlist=waitlist)
    make_signup(event)
    row = bring_in(event, people(7))
    statuses = [s.status for s in signups(event)]
    assert statuses.count("confirmed") == 5
    assert statuses.count("waitlisted") == (3 if waitlist else 0)
    assert row.figures.get("full", 0) == (0 if waitlist else 3)
    assert [line for line, _why in row.problems] == ([] if waitlist else [6, 7, 8])


def test_whoever_waits_comes_after_the_registered(context: Flask) -> None:
    event = make_event(capacity=2)
    rows = "w@example.org,waitlist\nq@example.org,pending\na@example.org,paid\nb@example.org,paid\n"
    bring_in(event, f"Email,Status\n{rows}".encode())
    assert {s.email: (s.status, s.pending_reason) for s in signups(event)} == {
        "w@example.org": ("waitlisted", None), "q@example.org": ("pending", "approval"),
        "a@example.org": ("confirmed", None), "b@example.org": ("confirmed", None),
    }  # fmt: skip


def test_nobody_is_brought_back(context: Flask) -> None:
    """Who is here stays as they are; who left, or wants nothing of the event, is not signed up anew."""
    event = make_event()
    here = make_signup(event, "Bea", email="p0@example.org", source="poster")
    make_signup(event, email="p1@example.org", status="cancelled", cancelled_by="person")
    verbs.block(event, "p2@example.org", NOW)
    db.session.flush()
    row = bring_in(event, people(4))
    assert (row.figures["known"], row.figures["blocked"], row.figures["made_confirmed"]) == (
        2,
        1,
        1,
    )
    db.session.refresh(here)
    assert (here.name, here.source) == ("Bea", "poster")


@pytest.mark.case("D07")
def test_rows_with_the_same_address_are_one_person(context: Flask) -> None:
    event = make_event()
    data = b"Name,Email\nAna,Ana@Example.org\nAna, ana@example.ORG \nAna,a.na@example.org\n,ana+x@example.org\n"
    row = bring_in(event, data)
    assert len(signups(event)) == 3
    assert row.problems == [[3, "the same address as in line 2"]]


@pytest.mark.case("D40")
@pytest.mark.case("D41")
def test_our_own_file_reads_back_unchanged(app: Flask) -> None:
    from webapp.signup import export

    names = ["=1+1", "+49 30 1234", "-x", "@home", 'Ana "A", of; Sucre', "عبد الرحمن", "O'Neil"]
    with app.test_request_context():
        first, second = make_event(), make_event()
        for event in (first, second):
            db.session.add(Question(event_id=event.id, key="what", label="What?", type="paragraph"))
        db.session.flush()
        asked = db.session.scalars(sa.select(Question).where(Question.event_id == first.id)).one()
        for number, name in enumerate(names):
            made = make_signup(first, name, email=f"p{number}@example.org", source="poster")
            db.session.add(
                Answer(signup_id=made.id, question_id=asked.id, value=f"{name}\nand more")
            )
        db.session.commit()
        data = "".join(export.Table(first, {}).stream()).encode()
        row = bring_in(second, data, "ours.csv")
        assert (row.system, row.figures["made_confirmed"]) == ("turnout", len(names))

        def kept(event: Event) -> list[Any]:
            return [(s.name, s.email, s.status, s.source, s.created_at, queries.answers_by_key(s)) for s in signups(event)]  # fmt: skip

        assert kept(second) == kept(first)


# Large lists, in the background


def test_large_lists_come_in_in_batches(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "BATCH", 40)
    monkeypatch.setattr(operations, "AT_ONCE", 40)
    event = make_event(capacity=100)
    row = start(event, people(130))
    db.session.commit()
    assert row.state == "looking"
    assert commands.work(NOW) == 1
    db.session.refresh(row)
    assert (row.state, row.figures["new"]) == ("ready", 130)
    operations.store(row, event, "registered", WHERE, NOW, by="ada@example.org")
    db.session.commit()
    assert row.state == "storing"
    assert commands.work(NOW) == 130
    db.session.refresh(row)
    assert (row.state, row.done, row.figures["made_confirmed"], row.figures["made_waitlisted"]) == ("stored", 130, 100, 30)  # fmt: skip
    assert commands.work(NOW) == 0
    operations.undo(row, NOW, by="ada@example.org")
    db.session.commit()
    assert commands.work(NOW) == 130
    db.session.refresh(row)
    assert (row.state, row.figures["undone"], row.figures["stayed"], len(signups(event))) == ("undone", 130, 0, 0)  # fmt: skip


class Killed(Exception):
    pass


@pytest.mark.parametrize("kill_at", [0, 1, 2, 3])
@pytest.mark.parametrize("after_commit", [True, False])
def test_a_killed_worker_loses_and_doubles_nobody(context: Flask, monkeypatch: pytest.MonkeyPatch, kill_at: int, after_commit: bool) -> None:  # fmt: skip
    """Stopped just before or just after the commit of each batch; another goes on. The list names some
    twice, in rows of different batches."""
    monkeypatch.setattr(storing, "BATCH", 10)
    monkeypatch.setattr(operations, "AT_ONCE", 0)
    event = make_event(capacity=25)
    data = people(30) + b"\n" + people(5).partition(b"\n")[2]
    row = start(event, data)
    operations.look(row, NOW)
    operations.store(row, event, "registered", WHERE, NOW, by="ada@example.org")
    db.session.commit()
    batch = storing.Storing.batch
    turns = iter(range(100))

    def killed(self: storing.Storing, at: dt.datetime) -> int:
        turn = next(turns)
        if after_commit and turn == kill_at:
            raise Killed
        done = batch(self, at)
        if not after_commit and turn == kill_at:
            raise Killed
        return done

    monkeypatch.setattr(storing.Storing, "batch", killed)
    with pytest.raises(Killed):
        commands.work(NOW)
    db.session.rollback()
    monkeypatch.setattr(storing.Storing, "batch", batch)
    commands.work(NOW)
    db.session.refresh(row)
    assert row.state == "stored"
    assert {k: row.figures.get(k) for k in ("new", "repeated", "made_confirmed", "made_waitlisted")} == {
        "new": 30, "repeated": 5, "made_confirmed": 25, "made_waitlisted": 5,
    }  # fmt: skip
    assert len({s.email_key for s in signups(event)}) == len(signups(event)) == 30
    assert count(Consent) == 30


def test_two_workers_share_a_list(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asks behind the lock how far the other has come."""
    monkeypatch.setattr(storing, "BATCH", 10)
    monkeypatch.setattr(operations, "AT_ONCE", 0)
    event = make_event()
    row = start(event, people(35))
    operations.look(row, NOW)
    operations.store(row, event, "registered", WHERE, NOW, by="ada@example.org")
    db.session.commit()
    first, second = operations.way_of(row), operations.way_of(row)
    assert first is not None
    assert second is not None
    done = [way.batch(NOW) for way in (first, second, first, second, first)]
    assert done == [10, 10, 10, 5, 0]
    db.session.refresh(row)
    assert (row.state, row.figures["made_confirmed"], len(signups(event))) == ("stored", 35, 35)


# Taking back


def test_undo_takes_away_exactly_what_it_made(context: Flask) -> None:
    event = make_event(presence="room")
    before = make_signup(event, email="p0@example.org")
    row = bring_in(event, people(9))
    by_mail = {s.email: s for s in signups(event)}
    by_mail["p1@example.org"].proved_at = NOW
    verbs.cancel(by_mail["p2@example.org"], NOW, by="person")
    make_visit(event, NOW, NOW, signup=by_mail["p3@example.org"])
    for n, state in ((4, "sent"), (5, "queued")):
        verbs.send_link_again(event.id, _address(f"p{n}@example.org"), NOW)
        mail = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
        assert mail is not None
        mail.state = state
    privacy.erase_signup(by_mail["p6@example.org"], NOW, by="ada@example.org")
    db.session.flush()
    operations.undo(row, NOW, by="ada@example.org")
    db.session.expire_all()
    assert row.state == "undone"
    assert [s.email for s in signups(event)] == [
        "p0@example.org", "p1@example.org", "p2@example.org", "p3@example.org", "p4@example.org", None,
    ]  # fmt: skip
    assert db.session.get(Signup, before.id) is not None
    assert (row.figures["undone"], row.figures["stayed"]) == (3, 5)
    assert count(OutgoingMail, OutgoingMail.to_address == "p5@example.org") == 0
    # Taken back, it can come in again; but nobody who was erased.
    assert bring_in(event, people(9)).figures["made_confirmed"] == 3


@pytest.mark.parametrize("kind", ["registered", "invite"])
def test_whoever_was_erased_comes_back_by_no_list_but_by_themselves(
    context: Flask, kind: str
) -> None:
    event = make_event()
    bring_in(event, people(3))
    privacy.erase_signup(signups(event)[1], NOW, by="the person")
    db.session.flush()
    row = start(event, people(4))
    wanted = {"new": 1, "known": 2, "erased": 1}
    assert {name: row.figures[name] for name in wanted} == wanted
    # The line, as of every row that makes nobody; no name, no address.
    assert row.problems == [[3, "erased at their own wish"]]
    file = db.session.get(ImportFile, row.id)
    assert file is not None
    assert file.shown["values"] == {}
    operations.store(row, event, kind, WHERE, NOW, by="ada@example.org")
    assert (row.figures["erased"], row.problems) == (1, [[3, "erased at their own wish"]])
    addresses = {s.email for s in signups(event)} | set(db.session.scalars(sa.select(Invitation.email)))  # fmt: skip
    assert "p1@example.org" not in addresses
    assert "p3@example.org" in addresses
    # They may sign up again themselves, and are here then.
    assert verbs.sign_up(event.id, applicant("P1"), NOW).outcome == "confirmed"
    assert start(event, people(2)).figures["known"] == 2


def _address(text: str) -> Any:
    from webapp import addresses

    return addresses.parse(text)


def test_undo_leaves_the_answers_of_others(context: Flask) -> None:
    event = make_event()
    db.session.add(question := Question(event_id=event.id, key="town", label="Town", type="text"))
    db.session.flush()
    here = make_signup(event, email="p0@example.org")
    db.session.add(Answer(signup_id=here.id, question_id=question.id, value="Sucre"))
    row = bring_in(event, b"Email,Town\np0@example.org,Potosi\np1@example.org,Oruro\n")
    assert count(Answer) == 2
    operations.undo(row, NOW, by="ada@example.org")
    assert [a.value for a in db.session.scalars(sa.select(Answer))] == ["Sucre"]
    assert count(ImportedSignup) == 0
    operations.undo(row, NOW, by="ada@example.org")
    assert [e.action for e in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))] == [
        "signups.imported", "signups.import_undone",
    ]  # fmt: skip


# Files do not stay


def test_files_are_forgotten(context: Flask) -> None:
    event = make_event()
    row = start(event, people(3))
    db.session.commit()
    commands.forget(NOW + operations.KEPT_FOR)
    assert count(ImportFile) == 1
    commands.forget(NOW + operations.KEPT_FOR + dt.timedelta(seconds=1))
    assert (count(ImportFile), count(SignupImport)) == (0, 0)
    row = start(event, people(3))
    operations.discard(row)
    assert (count(ImportFile), count(SignupImport)) == (0, 0)


@pytest.mark.case("D77")
def test_retention_takes_the_file_as_well(context: Flask) -> None:
    event = make_event()
    start(event, people(3))
    db.session.commit()
    after = event.ends_at + dt.timedelta(days=event.retention_days, minutes=1)
    (run,) = (job for job in jobs.registered() if job.name == "privacy")
    run.run(after)
    assert count(ImportFile) == 0
    with pytest.raises(Refused):
        operations.start(event, "x.csv", people(3), after, by="ada@example.org")


# The pages


@pytest.fixture
def ada(app: Flask, client: Any) -> Any:
    with app.app_context():
        event = make_event(make_user("Ada"), slug="quetzal", capacity=4)
        make_signup(event, email="faye@example.com")
        db.session.commit()
    from tests.signin import sign_in

    sign_in(client, 1)
    return client


HERE = "/manage/events/quetzal/signups/import"


def upload(client: Any, data: bytes, filename: str = "people.csv") -> Any:
    token = client.page(HERE).field("csrf_token")
    return client.post(HERE, data={"csrf_token": token, "file": (io.BytesIO(data), filename)}, content_type="multipart/form-data")  # fmt: skip


def filled(page: Any, **more: str) -> dict[str, Any]:
    """The form of the preview as a browser would send it."""
    from tests.walk import forms_on

    data: dict[str, Any] = {}
    pairs = next(pairs for _where, pairs, _pressed in forms_on(page.text, "/x") if "column_0" in dict(pairs))  # fmt: skip
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    return data | {"csrf_token": page.field("csrf_token"), **more}


def test_from_the_file_to_the_people_and_back(app: Flask, ada: Any) -> None:
    answer = upload(ada, sample("luma.csv"), "luma.csv")
    assert answer.status_code == 303
    where = answer.headers["Location"]
    page = ada.page(where)
    assert "Luma: 6 rows" in page.text
    assert "There are places for 3 of 4" in page.text
    refused = ada.post(where, data=filled(page, act="store"))
    assert refused.status_code == 422
    assert "already registered, or are to be invited" in refused.parsed.text
    refused = ada.post(where, data=filled(page, act="store", kind="registered", consent="no"))
    assert refused.status_code == 422
    assert "Please say where these people agreed" in refused.parsed.text
    changed = ada.post(
        where, data=filled(page, act="store", kind="registered", consent=WHERE, column_9="")
    )
    assert changed.status_code == 409
    done = ada.post(
        where, data=filled(ada.page(where), act="store", kind="registered", consent=WHERE)
    )
    assert done.status_code == 303
    page = ada.page(where)
    assert "Take this list back" in page.text
    listed = ada.page("/manage/events/quetzal/signups?tag=luma")
    assert listed.text.count('class="address"') == 4
    assert (
        ada.post(f"{where}/undo", data={"csrf_token": page.field("csrf_token")}).status_code == 303
    )
    assert "Taken back: 4 people." in ada.page(where).text
    with app.app_context():
        assert [s.email for s in db.session.scalars(sa.select(Signup))] == ["faye@example.com"]


def test_a_list_from_the_command_line(app: Flask, ada: Any, tmp_path: Path) -> None:
    """What the page does: looked at, its problems told, nothing sent."""
    file = tmp_path / "list.csv"
    file.write_bytes(
        b"Email,Registered at\np0@example.org,03/04/2025 10:00\nno address,03/04/2025\n"
    )
    said = ["signup", "import", str(file), "--event", "quetzal", "--date-order", "dmy"]
    before = len(rows.dump(app)["signups"])

    def run(*more: str) -> str:
        result = app.test_cli_runner().invoke(args=[*said, *more])
        assert result.exit_code == 0, result.output
        return str(result.output)

    told = run("--dry-run")
    assert "still to be said, by --kind: Please say whether these people" in told
    assert "still to be said, by --consent: " in told
    assert "--date-order" not in told
    unsaid = ["signup", "import", str(file), "--event", "quetzal", "--dry-run", "--kind", "invite", "--consent", WHERE]  # fmt: skip
    left = app.test_cli_runner().invoke(args=unsaid).output
    assert re.findall("still to be said, by ([a-z-]+):", left) == ["--date-order"]
    assert "new people: 1" in told
    assert "cannot be used: 1" in told
    assert "line 3: " in told
    assert "Nothing is stored" in told
    with app.app_context():
        assert count(SignupImport) == 0
    told = run("--kind", "registered", "--consent", WHERE)
    assert "In as “list”. No mail was sent." in told
    with app.app_context():
        assert count(Signup) == before + 1
        assert count(OutgoingMail) == 0
        row = db.session.scalars(sa.select(SignupImport)).one()
        assert (row.state, row.by, count(ImportFile)) == ("stored", "Command line", 0)
        agreed = db.session.scalars(sa.select(Consent).order_by(Consent.id.desc())).first()
        assert agreed is not None
        assert (agreed.wording, agreed.agreed_at.day) == (WHERE, 3)


def test_answering_what_was_asked_brings_them_in(app: Flask, ada: Any) -> None:
    """Whether the day or the month comes first is a question of ours: its answer is not looked at twice."""
    data = (
        b"Email,Registered at\np0@example.org,03/04/2025 10:00\np1@example.org,05/04/2025 10:00\n"
    )
    where = upload(ada, data).headers["Location"]
    page = ada.page(where)
    assert "What is 03/04/2025" in page.text
    form = filled(page, act="store", kind="registered", consent=WHERE)
    unanswered = ada.post(where, data=form)
    assert unanswered.status_code == 422
    assert "the day or the month" in unanswered.parsed.text
    answer = ada.post(where, data=form | {"order": "dmy"})
    assert answer.status_code == 303, answer.parsed.text
    assert "In since" in ada.page(where).text
    with app.app_context():
        theirs = sa.select(Signup.email, Consent.agreed_at).join(Consent, Consent.signup_id == Signup.id)  # fmt: skip
        agreed = {email: at.day for email, at in db.session.execute(theirs)}
    assert agreed == {"p0@example.org": 3, "p1@example.org": 5}


@pytest.mark.parametrize(("data", "said"), [
    (b"", "“people.csv” is empty."), (b"Name\nAna\n", "no column with e-mail addresses"), (b"%PDF-1.7", "This is no table"),
])  # fmt: skip
def test_what_cannot_be_read_is_said_on_the_page(ada: Any, data: bytes, said: str) -> None:
    answer = upload(ada, data)
    assert answer.status_code == 422
    assert said in answer.parsed.text


@pytest.mark.case("D59")
def test_a_file_that_is_too_large_is_refused(ada: Any) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + b"a" * (10 * 1024 * 1024) + b"\r\n--x--\r\n"  # fmt: skip
    assert (
        ada.post(HERE, data=body, content_type="multipart/form-data; boundary=x").status_code == 413
    )


@pytest.mark.case("D44")
def test_cells_are_text_on_the_page(ada: Any) -> None:
    data = b'Name,Email,<b>x\n<script>alert(1)</script>,a@example.org,"<img src=x onerror=y>"\nB,<i>@,z\n'
    page = ada.page(upload(ada, data).headers["Location"])
    assert "&lt;script&gt;" in page.text
    assert not list(page.tree.iter("img"))


@pytest.mark.case("D31")
def test_another_event_s_imports_are_not_there(app: Flask, ada: Any) -> None:
    with app.app_context():
        cleo = make_user("Cleo")
        event = make_event(cleo, slug="heron")
        row = start(event, people(3))
        import_id = row.id
        db.session.add(Membership(event_id=make_event(slug="third").id, user_id=cleo.id, role="owner", created_at=NOW))  # fmt: skip
        db.session.commit()
    assert ada.get(f"{HERE}/{import_id}").status_code == 404
    token = ada.page(HERE).field("csrf_token")
    for act in ("", "/discard", "/undo"):
        assert ada.post(f"{HERE}/{import_id}{act}", data={"csrf_token": token}).status_code == 404
    with app.app_context():
        assert count(ImportFile) == 1


def test_the_number_of_queries_stays(app: Flask, ada: Any, count_queries: Any) -> None:
    for number in range(3):
        upload(ada, people(2, number * 10), f"list{number}.csv")
    with count_queries() as few:
        ada.page(HERE)
    for number in range(3, 9):
        upload(ada, people(2, number * 10), f"list{number}.csv")
    with count_queries() as many:
        ada.page(HERE)
    assert len(many) == len(few)
