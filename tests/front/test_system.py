"""The system page: what is amiss in sentences, how each job is doing, and no secret."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp import jobs
from webapp.attendance import spool
from webapp.db import db
from webapp.front import system
from webapp.mail import pauses

NAMES = ("mail", "privacy", "spool", "visits")


@pytest.fixture
def dora(app: Flask, client: Any) -> int:
    with app.app_context():
        admin: int = make_user("Dora", role="admin").id
        db.session.commit()
    # A cookie says when it was made, and is not good before that.
    with time_machine.travel(NOW, tick=False):
        sign_in(client, admin)
    return admin


def runs(app: Flask, **changes: Any) -> None:
    """Every job had a good turn at NOW, but for the given times of ``mail``."""
    with app.app_context():
        for job in jobs.registered():
            values: dict[str, Any] = {"ran_at": NOW, **(changes if job.name == "mail" else {})}
            if values["ran_at"] is not False:
                db.session.add(jobs.JobRun(name=job.name, **values))
        db.session.commit()


def text(client: Any, seconds: float = 30) -> str:
    with time_machine.travel(NOW + dt.timedelta(seconds=seconds), tick=False):
        return str(client.page("/admin/system").text)


def row(page: str, words: str) -> str:
    """The line of a job as it is read."""
    [found] = [tr for tr in re.findall(r"<tr>(.*?)</tr>", page, re.S) if words in tr]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


MAIL = "Sends what is due in the outbox"


def test_when_everything_runs_it_says_so(client: Any, app: Flask, dora: int) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    runs(app, done_at=NOW - dt.timedelta(minutes=2), done=1200)
    page = text(client)
    assert "Everything runs." in page
    assert row(page, MAIL) == (
        f"{MAIL} every second runs 6 Apr 2027, 17:00 6 Apr 2027, 16:58 (1,200) none"
    )
    assert "As of 6 Apr 2027, 17:00 (UTC)." in page


@pytest.mark.parametrize(
    ("run", "state", "sentence"),
    [
        ({"ran_at": False}, "has not run yet", f"This job has not run for a while: {MAIL}."),
        ({"ran_at": NOW - dt.timedelta(minutes=9)}, "has stopped", f"This job has not run for a while: {MAIL}."),
        (
            {"ran_at": NOW, "failed_at": NOW + dt.timedelta(seconds=9), "error": "OSError (delivery.py:7)"},
            "fails",
            f"This job fails and is tried again: {MAIL}.",
        ),
        ({"ran_at": None, "failed_at": NOW}, "fails", f"This job fails and is tried again: {MAIL}."),
    ],
)  # fmt: skip
def test_a_job_in_trouble(
    client: Any, app: Flask, dora: int, run: dict[str, Any], state: str, sentence: str
) -> None:
    runs(app, **run)
    page = text(client)
    assert sentence in page
    assert "Everything runs." not in page
    assert f" {state} " in row(page, MAIL)
    assert ("OSError (delivery.py:7)" in page) == ("error" in run)


def test_a_job_is_given_its_own_rhythm(client: Any, app: Flask, dora: int) -> None:
    """Retention runs by the hour: an hour without it is no trouble, of the mail it is."""
    runs(app)
    page = text(client, 3600)
    assert " runs " in row(page, "Deletes people’s data")
    assert " has stopped " in row(page, MAIL)
    assert " has stopped " in row(text(client, 3600 + 301), "Deletes people’s data")


def test_no_worker_at_all_is_one_sentence(client: Any, app: Flask, dora: int) -> None:
    page = text(client)
    assert "No job has run for a while. Is the worker running (flask jobs work)?" in page
    assert "This job has not run" not in page
    with app.app_context():
        assert page.count("has not run yet") == len(jobs.registered())


def test_what_else_can_be_amiss(
    client: Any, app: Flask, dora: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(app)
    with app.app_context():
        make_signup(make_event(starts_at=NOW - dt.timedelta(days=40)))
        pauses.begin(NOW, "refused", "550 not <you>")
        db.session.commit()
    monkeypatch.setattr(spool, "waiting", lambda: 2)
    monkeypatch.setattr(spool, "is_writable", lambda: False)
    monkeypatch.setattr(system.migrate, "newest", lambda: "9999")
    app.config["RATELIMIT_ENABLED"] = False
    found = re.findall(r"<li>(.*?)</li>", text(client))
    assert found == [
        "Mail waits: 550 not &lt;you&gt;",
        "2 visits wait on disk until the database takes them.",
        "The spool folder cannot be written: without the database, nobody gets in.",
        "The database is not at this version: run “flask database upgrade”.",
        "1 event holds names longer than it should.",
        "Passwords can be guessed as fast as the machine allows.",
    ]


def test_an_open_site_without_encryption_is_told(client: Any, app: Flask, dora: int) -> None:
    runs(app)
    app.config["RATELIMIT_ENABLED"] = True
    app.config["ENVIRONMENT"] = "production"
    assert "Passwords and links travel unencrypted." in text(client)
    app.config["BASE_URL"] = "https://events.example.org"
    page = text(client)
    assert "unencrypted" not in page
    assert "https://events.example.org" in page


def test_no_secret_is_shown(client: Any, app: Flask, dora: int) -> None:
    secrets = {
        "MAIL_PASSWORD": "mail-pass-word",
        "METRICS_TOKEN": "metrics-to-ken",
        "REDIS_URL": "redis://:redis-pass-word@redis.example.org",
        "MAIL_USERNAME": "mail-user-name",
        "MAIL_SERVER": "smtp.example.org",
    }
    app.config.update(secrets)
    page = text(client)
    assert "smtp.example.org" in page
    for word in (
        "pass-word",
        "to-ken",
        "user-name",
        app.config["SECRET_KEY"],
        "redis://",
        "psycopg",
    ):
        assert word not in page


def test_it_names_what_runs(client: Any, app: Flask, dora: int) -> None:
    page = text(client)
    with app.app_context():
        name = "PostgreSQL" if db.engine.dialect.name == "postgresql" else "SQLite"
    assert re.search(rf"<dd>{name} \d+\.\d+", page)
    assert re.search(r"<dd>\d+(\.\d)? [kM]B</dd>", page)
    assert re.search(r"<dt>Turnout</dt><dd>\d+\.\d+\.\d+</dd>", page)


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (123_456, "123 kB"), (1_298_432, "1.3 MB"), (5 * 10**10, "50.0 GB")],
)  # fmt: skip
def test_sizes_in_words(context: Flask, count: int, said: str) -> None:
    assert system.in_bytes(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.0, "every second"), (15, "every 15 seconds"), (60, "every minute"), (3600, "every hour"), (7200, "every 2 hours")],
)  # fmt: skip
def test_rhythms_in_words(context: Flask, seconds: float, said: str) -> None:
    assert system.rhythm(seconds) == said


def test_every_job_has_words(app: Flask, context: Flask) -> None:
    assert {job.name for job in jobs.registered()} == set(system.job_words())


def test_organisers_do_not_see_it(client: Any, app: Flask) -> None:
    assert client.get("/admin/system").status_code == 302
    with app.app_context():
        ada = make_user("Ada").id
        db.session.commit()
    sign_in(client, ada)
    assert client.get("/admin/system").status_code == 404
