"""Erasing: nothing of the person is left anywhere, and every count is what it was."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from tests.privacy.evening import evening, figures_of, minute
from webapp import addresses
from webapp.attendance.models import Companions, Visit
from webapp.audit.models import AuditEntry
from webapp.db import Base, db
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.privacy import commands, operations, queries
from webapp.signup import operations as signups
from webapp.signup import wording
from webapp.signup.extras import Extras
from webapp.signup.models import Answer, Consent, Question, Signup
from webapp.signup.people import Applicant, name_key


def _dump(app: Flask) -> str:
    """Everything that stands in the database, with what SQLite's files hold besides."""
    with app.app_context():
        text = "\n".join(
            str(row)
            for table in Base.metadata.sorted_tables
            for row in db.session.execute(sa.select(table))
        )
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        files = [file for file in (path, path.with_name(path.name + "-wal")) if file.exists()]
        # By another process: closing a file that SQLite has open drops all its locks in this one. The
        # next process that leaves the database then takes itself for the last, deletes the log that we
        # go on writing, and whoever opens the database after that sees it as it was long ago.
        read = subprocess.run(["cat", *files], check=True, capture_output=True)
        text += read.stdout.decode("utf-8", "ignore")
    return text


@pytest.mark.case("D77")
def test_a_search_of_the_whole_database_finds_nothing(app: Flask) -> None:
    with app.app_context():
        event = make_event()
        db.session.add(Question(event_id=event.id, key="why", label="Why?", type="text"))
        db.session.flush()
        applicant = Applicant(
            name="Zenobia Quark",
            address=addresses.parse("zenobia@quark.example"),
            agreements=(
                wording.for_event("Friends", 30),
                wording.for_contact("friends", "Friends"),
            ),
            answers={1: "Because of Zamora"},
            source="letter",
            extras=Extras(("Xylophone captions",), "Yodelling", 2, False, "Asia/Kathmandu"),
        )
        signups.sign_up(event.id, applicant, NOW)
        db.session.add(
            SuppressedAddress(address_key="zenobia@quark.example", reason="no such user", at=NOW)
        )
        mail = db.session.scalars(sa.select(OutgoingMail)).one()
        mail.state, mail.last_reply = "refused", "550 zenobia@quark.example: no such user"
        signup = db.session.scalars(sa.select(Signup)).one()
        # She came by her link, and once more as a guest who gave her name.
        make_visit(event, minute(60), minute(90), signup=signup)
        make_visit(
            event, minute(70), minute(80), name="Zenobia Quark", name_key=name_key("Zenobia Quark"),
            identity="name_only",
        )  # fmt: skip
        db.session.commit()
        public_id, person_key = signup.public_id, signup.person_key
    words = (
        "Zenobia",
        "zenobia",
        "Quark",
        "quark",
        "Zamora",
        "Xylophone",
        "Yodelling",
        "Kathmandu",
        public_id,
        str(person_key),
    )
    before = _dump(app)
    assert all(word in before for word in words)

    with app.app_context():
        signup = db.session.scalars(sa.select(Signup)).one()
        operations.erase_signup(signup, minute(200), by="ada@example.org")
        db.session.commit()
        operations.wipe_disk()
    after = _dump(app)
    assert [word for word in words if word in after] == []

    with app.app_context():
        signup = db.session.scalars(sa.select(Signup)).one()
        assert (signup.status, signup.erased_at, signup.attended) == (
            "confirmed",
            minute(200),
            True,
        )
        mail = db.session.scalars(sa.select(OutgoingMail)).one()
        assert (mail.state, mail.to_address, mail.subject, mail.text) == ("refused", "", "(deleted)", "")  # fmt: skip
        entry = db.session.scalars(sa.select(AuditEntry)).one()
        assert (entry.action, entry.actor) == ("signup.erased", "ada@example.org")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Answer)) == 0
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2


def test_mail_that_waits_never_leaves(context: Flask) -> None:
    event = make_event()
    signups.sign_up(
        event.id,
        Applicant(
            name="Ana",
            address=addresses.parse("ana@example.org"),
            agreements=(wording.for_event("Friends", 30),),
        ),
        NOW,
    )
    operations.erase_signup(db.session.scalars(sa.select(Signup)).one(), NOW, by="Ada")
    mail = db.session.scalars(
        sa.select(OutgoingMail).execution_options(populate_existing=True)
    ).one()
    assert (mail.state, mail.secrets, mail.calendar, mail.person) == ("expired", [], None, None)


def test_the_seat_of_somebody_erased_is_free(context: Flask) -> None:
    event = make_event(capacity=1)
    operations.erase_signup(make_signup(event), NOW, by="Ada")
    done = signups.sign_up(
        event.id,
        Applicant(
            name="Ana",
            address=addresses.parse("ana@example.org"),
            agreements=(wording.for_event("Friends", 30),),
        ),
        NOW,
    )
    assert done.outcome == "confirmed"


@pytest.mark.case("D77")
def test_figures_are_the_same_after_each_erasure(context: Flask) -> None:
    event = evening()
    before = figures_of(event)
    assert before["attendance"]["registered_attended"] == 7
    assert before["attendance"]["people"]["ambiguous"] == 4
    for signup in db.session.scalars(
        sa.select(Signup).order_by(Signup.name.desc(), Signup.id.desc())
    ).all():
        operations.erase_signup(signup, minute(200), by="Ada")
        db.session.commit()
        assert figures_of(event) == before, signup.id
    assert db.session.scalar(sa.select(sa.func.count()).where(Companions.count == 3)) == 1


@pytest.mark.case("D80")
def test_retention_can_be_interrupted_and_ends_in_the_same_state(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    event = evening()
    before = figures_of(event)
    due = event.ends_at + dt.timedelta(days=30)
    assert commands.run(due - dt.timedelta(milliseconds=1)) == 0
    assert [one.id for one in queries.due_to_erase(due)] == [event.id]

    # Killed after the first batch: what is done stays done.
    assert operations.erase_batch(event, operations.who_stayed(event), due) == 2
    db.session.commit()
    left = sa.select(sa.func.count()).where(Signup.erased_at.is_(None))
    assert db.session.scalar(left) == 7
    assert figures_of(event) == before

    assert commands.run(due) == 7
    assert db.session.scalar(left) == 0
    assert db.session.scalar(sa.select(sa.func.count()).where(Visit.name.is_not(None))) == 0
    assert figures_of(event) == before
    assert commands.run(due) == 0
    assert queries.due_to_erase(due) == []


def test_only_events_whose_time_is_up(context: Flask) -> None:
    old = make_event(starts_at=NOW - dt.timedelta(days=40), retention_days=30)
    long = make_event(starts_at=NOW - dt.timedelta(days=40), retention_days=60)
    new = make_event(starts_at=NOW - dt.timedelta(days=2))
    at_once = make_event(starts_at=NOW - dt.timedelta(days=2), retention_days=0)
    for event in (old, long, new, at_once):
        make_signup(event, email="ana@example.org")
    db.session.commit()
    assert commands.run(NOW) == 2
    erased = sa.select(Signup.event_id).where(Signup.erased_at.is_not(None))
    assert set(db.session.scalars(erased)) == {old.id, at_once.id}


def test_the_command_says_what_it_did(app: Flask) -> None:
    with app.app_context():
        make_signup(make_event(starts_at=NOW - dt.timedelta(days=4000)))
        db.session.commit()
    result = app.test_cli_runner().invoke(args=["privacy", "run"])
    assert (result.exit_code, result.output) == (0, "1 person's data deleted.\n")
    result = app.test_cli_runner().invoke(args=["privacy", "run"])
    assert result.output == "0 people's data deleted.\n"


def test_erasing_twice_changes_nothing(context: Flask) -> None:
    event = make_event()
    signup = make_signup(event)
    operations.erase_signup(signup, NOW, by="Ada")
    operations.erase_signup(signup, minute(5), by="Ada")
    assert signup.erased_at == NOW
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1
