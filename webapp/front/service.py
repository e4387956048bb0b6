"""For machines: does the process answer, can it take people in, and how is everything going.

Nothing here names anybody. ``/healthz`` asks nothing but the process, ``/readyz`` asks what the door needs
and waits no longer than the door would, and ``/metrics`` computes its figures from the database when it is
read: the same whichever process is asked.
"""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, abort, current_app, make_response, request
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from sqlalchemy.exc import SQLAlchemyError

from webapp import clock, jobs, migrate, tokens
from webapp import db as database
from webapp.attendance import door, spool
from webapp.attendance import queries as attendance
from webapp.db import db
from webapp.events import queries as events
from webapp.mail import queries as mail
from webapp.permissions import enforces, permission
from webapp.privacy import queries as privacy
from webapp.signup import queries as signups

log = logging.getLogger(__name__)

blueprint = Blueprint("service", __name__)

# Each process counts its own answers: whoever adds them up asks every process often enough.
_answers = Counter(
    "turnout_http_responses",
    "Answers of one web process since it began, by kind of status.",
    ["worker", "status"],
    registry=None,
)


def is_from_here() -> bool:
    """Whether the request comes from this machine itself, and not from somebody behind a proxy on it."""
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    # A proxy that we were told of has put the client's own address into remote_addr.
    if forwarded and not current_app.config["PROXY_COUNT"]:
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        # A socket file has no address; whoever may open it is on this machine.
        return not request.remote_addr
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


@enforces("service")
def enforce(values: dict[str, Any]) -> Any:
    """Whether we are up may be asked by anybody; the figures only from this machine, or with the token
    if one is set."""
    if request.endpoint != "service.metrics":
        return None
    wanted = current_app.config["METRICS_TOKEN"]
    if wanted:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if tokens.same(given, wanted):
            return None
        return _answer("Metrics need the bearer token of TURNOUT_METRICS_TOKEN.\n", 401, {"WWW-Authenticate": "Bearer"})  # fmt: skip
    if is_from_here():
        return None
    return abort(404)


def _answer(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = make_response(text, status, {"Cache-Control": "no-store", **(headers or {})})
    response.mimetype = "text/plain"
    return response


@blueprint.get("/healthz")
@permission("service")
def healthz() -> Response:
    """The process answers. Nothing else is asked: a database that is away is no reason to restart it."""
    return _answer("ok\n")


def missing() -> list[str]:
    """What keeps this process from taking people in, a sentence for each."""
    found = []
    try:
        with door.engine().connect() as connection:
            revision = migrate.revision(connection)
    except SQLAlchemyError as error:
        log.error("not ready: %s", error)
        found.append("The database does not answer.")
    else:
        if revision != migrate.newest():
            found.append("The database is not at this version: run “flask database upgrade”.")
    if not spool.is_writable():
        found.append("The spool folder cannot be written.")
    return found


@blueprint.get("/readyz")
@permission("service")
def readyz() -> Response:
    found = missing()
    if found:
        return _answer("".join(f"{sentence}\n" for sentence in found), 503, {"Retry-After": "5"})
    return _answer("ready\n")


def _gauge(name: str, text: str, values: Mapping[str, float] | float, label: str = "") -> Metric:
    """A figure, or one for each value of ``label``."""
    if not isinstance(values, Mapping):
        return GaugeMetricFamily(f"turnout_{name}", text, value=values)
    family = GaugeMetricFamily(f"turnout_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _stored() -> Iterator[Metric]:
    """The figures that stand in the database. Raises SQLAlchemyError."""
    at = clock.now()
    post = mail.health(at)
    pause = mail.pause()
    runs = jobs.runs()
    good = {name: run.ran_at.timestamp() for name, run in runs.items() if run.ran_at}
    bad = {name: run.failed_at.timestamp() for name, run in runs.items() if run.failed_at}
    yield _gauge("events", "Events by state.", events.counts_by_state(), "state")
    yield _gauge("signups", "Sign-ups of all events by status.", signups.counts_of_all(), "status")
    yield _gauge("visits_open", "Visits in our own rooms that have not ended.", attendance.open_visits())  # fmt: skip
    yield _gauge("mails", "Mails by what became of them.", post.states, "state")
    yield _gauge("mails_waiting", "Mails still to go out, by lane.", post.waiting, "lane")
    yield _gauge(
        "mail_overdue_seconds",
        "How long the longest overdue mail has waited.",
        (at - post.oldest_due).total_seconds() if post.oldest_due else 0,
    )
    yield _gauge("mail_paused", "1 while the mail server keeps all mail from leaving.", float(pause is not None))  # fmt: skip
    yield _gauge("job_last_success_timestamp_seconds", "The last turn of a job without a fault.", good, "job")  # fmt: skip
    yield _gauge("job_last_failure_timestamp_seconds", "The last fault of a job.", bad, "job")
    yield _gauge("events_overdue_for_erasure", "Events that hold names longer than they should.", len(privacy.due_to_erase(at)))  # fmt: skip
    yield _gauge("database_bytes", "What the database takes on disk.", database.size())


class _Figures:
    """What a scrape asks for; made anew for each."""

    def collect(self) -> Iterable[Metric]:
        try:
            found = list(_stored())
        except SQLAlchemyError as error:
            log.error("metrics without the database: %s", error)
            db.session.rollback()
            found = []
        yield _gauge("database_up", "1 if the database answered.", float(bool(found)))
        yield from found
        yield _gauge("visits_spooled", "Visits on disk that are not in the database yet.", spool.waiting())  # fmt: skip
        yield from _answers.collect()


@blueprint.get("/metrics")
@permission("service")
def metrics() -> Response:
    registry = CollectorRegistry()
    registry.register(_Figures())
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    response = make_response(encode(registry))
    response.headers["Content-Type"] = content_type
    return response


def count(response: Response) -> Response:
    _answers.labels(str(os.getpid()), f"{response.status_code // 100}xx").inc()
    return response


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.after_request(count)
