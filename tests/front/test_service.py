"""What machines ask: /healthz, /readyz and /metrics, and who may read the last."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp import jobs, migrate
from webapp.attendance import spool
from webapp.db import db
from webapp.front import service
from webapp.mail import pauses
from webapp.mail.models import OutgoingMail


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def database_away(app: Flask) -> Iterator[None]:
    """A database server that does not answer, for whoever asks with the door's patience."""
    before = app.extensions.pop("door_engine", None)
    uri = f"postgresql+psycopg://nobody@127.0.0.1:{closed_port()}/none"
    app.extensions["door_engine"] = sa.create_engine(uri, connect_args={"connect_timeout": 1})
    yield
    app.extensions.pop("door_engine").dispose()
    if before is not None:
        app.extensions["door_engine"] = before


def figures(client: Any, **kwargs: Any) -> dict[tuple[str, ...], float]:
    """The metrics by name and label values."""
    answer = client.get("/metrics", **kwargs)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_healthz_asks_nothing_but_the_process(client: Any, count_queries: Any) -> None:
    with count_queries() as counted:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/plain", "no-store")
    assert len(counted) == 0
    assert "Set-Cookie" not in answer.headers


def test_ready(client: Any) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_not_ready_while_the_database_is_away_but_healthy(client: Any, database_away: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "The database does not answer.\n")
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/healthz").status_code == 200


def test_not_ready_on_a_database_of_another_version(client: Any, app: Flask) -> None:
    def at_version(revision: str | None) -> None:
        with app.app_context(), db.engine.begin() as connection:
            table = sa.table("alembic_version", sa.column("version_num"))
            connection.execute(sa.update(table).values(version_num=revision))

    at_version("0000")
    try:
        answer = client.get("/readyz")
    finally:
        at_version(migrate.newest())
    sentence = "The database is not at this version: run “flask database upgrade”.\n"
    assert (answer.status_code, answer.text) == (503, sentence)
    assert client.get("/readyz").status_code == 200


def test_not_ready_where_the_spool_cannot_be_written(
    client: Any, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder should be: nothing can be made in it, whoever we are.
    (tmp_path / "spool").write_text("")
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "The spool folder cannot be written.\n")


def test_everything_amiss_is_said_at_once(
    client: Any, app: Flask, database_away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "is_writable", lambda: False)
    assert client.get("/readyz").text.count("\n") == 2


def test_looking_leaves_nothing_in_the_spool(client: Any, app: Flask) -> None:
    client.get("/readyz")
    assert list((Path(app.instance_path) / "spool").iterdir()) == []


def put(state: str, event_id: int, **values: Any) -> None:
    number = db.session.scalar(sa.select(sa.func.count(OutgoingMail.id)))
    db.session.add(
        OutgoingMail(
            event_id=event_id, message="confirmed", to_address="ana@example.org", to_name="Ana",
            subject="x", text="x", html="x", message_id=f"<{number}@x>", state=state,
            created_at=NOW, next_try_at=NOW, **values,
        )
    )  # fmt: skip
    db.session.flush()


def test_the_figures_come_from_the_database(client: Any, app: Flask) -> None:
    with app.app_context():
        event = make_event()
        make_event(state="draft")
        for status in ("confirmed", "confirmed", "cancelled"):
            make_signup(event, status=status)
        make_visit(event, NOW)
        make_visit(event, NOW, NOW + dt.timedelta(minutes=1))
        put("queued", event.id)
        put("sent", event.id, sent_at=NOW)
        put("failed", event.id)
        old = make_event(starts_at=NOW - dt.timedelta(days=40))
        make_signup(old)
        db.session.add(jobs.JobRun(name="mail", ran_at=NOW, failed_at=NOW - dt.timedelta(hours=1)))
        pauses.begin(NOW, "refused", "no")
        db.session.commit()
    with time_machine.travel(NOW + dt.timedelta(seconds=90), tick=False):
        found = figures(client)
    assert found["turnout_database_up",] == 1
    assert found["turnout_events", "published"] == 2
    assert found["turnout_events", "draft"] == 1
    assert found["turnout_events", "cancelled"] == 0
    assert found["turnout_signups", "confirmed"] == 3
    assert found["turnout_signups", "cancelled"] == 1
    assert found["turnout_signups", "waitlisted"] == 0
    assert found["turnout_visits_open",] == 1
    assert found["turnout_mails", "queued"] == 1
    assert found["turnout_mails", "failed"] == 1
    assert found["turnout_mails_waiting", "own"] == 1
    assert found["turnout_mail_overdue_seconds",] == 90
    assert found["turnout_mail_paused",] == 1
    assert found["turnout_job_last_success_timestamp_seconds", "mail"] == NOW.timestamp()
    assert found["turnout_job_last_failure_timestamp_seconds", "mail"] == NOW.timestamp() - 3600
    assert found["turnout_events_overdue_for_erasure",] == 1
    assert found["turnout_database_bytes",] > 4096
    assert found["turnout_visits_spooled",] == 0


def test_spooled_visits_are_counted(client: Any, app: Flask) -> None:
    with app.app_context():
        spool.keep({"uid": "x"})
        spool.keep({"uid": "y"})
    try:
        assert figures(client)["turnout_visits_spooled",] == 2
    finally:
        for path in (Path(app.instance_path) / "spool").iterdir():
            path.unlink()


def test_answers_are_counted_by_the_process_that_gave_them(client: Any) -> None:
    def counted(status: str) -> float:
        name = "turnout_http_responses_total", status, str(os.getpid())
        return figures(client).get(name, 0.0)

    found, missing = counted("2xx"), counted("4xx")
    client.get("/healthz")
    client.get("/nothing-here")
    # The two readings in between counted themselves.
    assert counted("2xx") == found + 3
    assert counted("4xx") == missing + 1


def test_the_database_away_is_a_figure_too(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(service.mail, "health", lambda at: away())
    found = figures(client)
    assert found["turnout_database_up",] == 0
    assert found["turnout_visits_spooled",] == 0
    assert ("turnout_events", "published") not in found


def test_nobody_is_named(client: Any, app: Flask) -> None:
    with app.app_context():
        event = make_event(title="A secret evening", slug="secret-evening")
        make_signup(event, "Ana Túpac", email="ana@example.org", source="leaflet")
        make_visit(event, NOW, name="Bea", name_key="bea")
        put("refused", event.id, last_reply="550 ana@example.org unknown")
        db.session.commit()
    text = client.get("/metrics").get_data(as_text=True).casefold()
    for word in ("ana", "example.org", "bea", "secret", "leaflet"):
        assert word not in text.replace("anal", "")


def test_reading_asks_the_same_whatever_there_is(
    client: Any, app: Flask, count_queries: Any
) -> None:
    with count_queries() as few:
        figures(client)
    with app.app_context():
        for _ in range(20):
            event = make_event(starts_at=NOW - dt.timedelta(days=400))
            for _ in range(5):
                make_signup(event)
                put("sent", event.id)
        db.session.commit()
    with count_queries() as many:
        figures(client)
    assert len(few) == len(many)


@pytest.mark.parametrize(
    ("address", "headers", "proxies", "status"),
    [
        ("127.0.0.1", {}, 0, 200),
        ("127.8.8.8", {}, 0, 200),
        ("::1", {}, 0, 200),
        ("::ffff:127.0.0.1", {}, 0, 200),
        # A socket file: whoever may open it is on this machine.
        ("", {}, 0, 200),
        ("10.0.0.7", {}, 0, 404),
        ("2001:db8::1", {}, 0, 404),
        ("nonsense", {}, 0, 404),
        # Somebody behind a proxy on this machine that we were not told of.
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 0, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 0, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 0, 404),
        ("", {"X-Forwarded-For": "203.0.113.9"}, 0, 404),
        # Behind one that we know of, the address is the client's own.
        ("203.0.113.9", {"X-Forwarded-For": "203.0.113.9"}, 1, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 1, 200),
    ],
)  # fmt: skip
def test_only_this_machine_reads_the_metrics(
    client: Any, app: Flask, address: str, headers: dict[str, str], proxies: int, status: int
) -> None:
    app.config["PROXY_COUNT"] = proxies
    environ = {"REMOTE_ADDR": address}
    answer = client.get("/metrics", environ_overrides=environ, headers=headers)
    assert answer.status_code == status
    assert ("turnout_" in answer.text) == (status == 200)
    # Whether we are up, everybody may ask.
    for path in ("/healthz", "/readyz"):
        assert client.get(path, environ_overrides=environ, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 401),
        ("Bearer 12345678", 200),
        ("Bearer 1234567", 401),
        ("Bearer 12345678 ", 401),
        ("Basic 12345678", 401),
        ("Bearer ", 401),
        ("Bearer é", 401),
    ],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.9"])
def test_with_a_token_set_everybody_needs_it(
    client: Any, app: Flask, address: str, given: str | None, status: int
) -> None:
    app.config["METRICS_TOKEN"] = "12345678"
    answer = client.get(
        "/metrics",
        environ_overrides={"REMOTE_ADDR": address},
        headers={"Authorization": given.encode().decode("latin-1")} if given else {},
    )
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "turnout_" not in answer.text
        assert "12345678" not in answer.text


def test_nothing_but_reading(client: Any) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.post(path).status_code in (400, 405)
