"""How the site is doing, for admins: what is amiss in sentences, then jobs, mail, database and settings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import platform
import tomllib
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock, jobs, migrate
from webapp import db as database
from webapp.attendance import spool
from webapp.db import db
from webapp.front.running import duration
from webapp.jobs import Job, JobRun
from webapp.mail import queries as mail
from webapp.permissions import permission
from webapp.privacy import queries as privacy
from webapp.templating import number

blueprint = Blueprint("system", __name__)

# A worker that is busy with one batch is not gone: later than its rhythm by this much, a job counts as
# not running.
PATIENCE = dt.timedelta(minutes=5)


@functools.cache
def version() -> str:
    """Turnout's own version, from where it is declared."""
    text = (migrate.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def job_words() -> dict[str, str]:
    """What each job does. One without words here goes by its name."""
    return {
        "mail": _("Sends what is due in the outbox"),
        "bounces": _("Reads what came back about mail"),
        "visits": _("Ends visits that fell silent"),
        "spool": _("Stores visits that were kept on disk"),
        "privacy": _("Deletes people’s data when its time is over"),
        "seats": _("Hands free places on to the waiting list"),
        "links": _("Sends links once more where an organiser asked for it"),
        "batches": _("Does what organisers began with many people at once"),
        "unproved": _("Drops sign-ups whose address nobody confirmed in time"),
        "mailings": _("Writes reminders and other mails that the schedule says are due"),
        "invitations": _("Forgets who was invited to an event that is over"),
        "imports": _("Looks at lists of people, stores them and takes them back"),
        "import_files": _("Deletes uploaded lists that nobody went on with"),
        "sample_crowd": _("Keeps invented people in the room of the live sample"),
        "handovers": _("Tells co-hosts whom to remove, and organisers whom to hand over"),
    }


@dataclasses.dataclass(frozen=True, slots=True)
class JobLine:
    """A job and how it is doing. ``state`` is "good", "failing", "late" (no turn for too long) or
    "never"."""

    job: Job
    words: str
    run: JobRun | None
    state: str


def job_lines(at: dt.datetime) -> list[JobLine]:
    runs, words, found = jobs.runs(), job_words(), []
    for job in jobs.registered():
        run = runs.get(job.name)
        late = at - dt.timedelta(seconds=job.every) - PATIENCE
        if run is None:
            state = "never"
        elif run.is_failing:
            state = "failing"
        else:
            state = "late" if run.ran_at is None or run.ran_at < late else "good"
        found.append(JobLine(job, words.get(job.name, job.name), run, state))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """A setting in words. ``remark`` is what follows from this value, if it is worth a word;
    ``is_trouble`` if it should not stay so."""

    name: str
    value: str
    remark: str = ""
    is_trouble: bool = False


def _yes(value: object) -> str:
    return _("yes") if value else _("no")


def _limit(count: int | None) -> str:
    return _("no limit") if count is None else number(count)


def settings() -> list[Setting]:
    """What decides how the site behaves. Chosen one by one: no password, key or token is among them,
    only whether there is one."""
    return [
        Setting(_("Environment"), current_app.config["ENVIRONMENT"]),
        *_address(),
        *_mail(),
        *_protection(),
    ]


def _address() -> list[Setting]:
    config = current_app.config
    address, proxies = config["BASE_URL"], config["PROXY_COUNT"]
    is_production = config["ENVIRONMENT"] == "production"
    is_plain = is_production and urlsplit(address).scheme != "https"
    found = [
        Setting(_("Address of the site"), address),
        Setting(_("Languages"), ", ".join(config["LANGUAGES"])),
        Setting(_("Proxies in front"), number(proxies)),
    ]
    if is_plain:
        plain = _("Passwords and links travel unencrypted.")
        found[0] = Setting(_("Address of the site"), address, plain, is_trouble=True)
    if is_production and not proxies:
        alone = _("Right if people reach this process directly. Behind a proxy, limits take everybody for one person.")  # fmt: skip
        found[2] = Setting(_("Proxies in front"), number(proxies), alone)
    return found


def _mail() -> list[Setting]:
    config = current_app.config
    server = Setting(_("Mail server"), _("none"), _("Mail stays in the outbox."))
    if config["MAIL_SERVER"]:
        crypt = "TLS" if config["MAIL_USE_SSL"] else "STARTTLS" if config["MAIL_USE_TLS"] else _("not encrypted")  # fmt: skip
        place = f"{config['MAIL_SERVER']}:{config['MAIL_PORT']}"
        server = Setting(_("Mail server"), f"{place}, {crypt}")
    return [
        server,
        Setting(_("Mail comes from"), config["MAIL_DEFAULT_SENDER"]),
        Setting(_("Mails an hour, at most"), _limit(config["MAIL_HOURLY_QUOTA"])),
        Setting(_("Mails a day, at most"), _limit(config["MAIL_DAILY_QUOTA"])),
    ]


def _protection() -> list[Setting]:
    config = current_app.config
    hours = config["SESSION_HOURS"]
    limits = Setting(_("Limits against too many tries"), _yes(True))
    if not config["RATELIMIT_ENABLED"]:
        guess = _("Passwords can be guessed as fast as the machine allows.")
        limits = Setting(_("Limits against too many tries"), _yes(False), guess, is_trouble=True)
    elif not config["REDIS_URL"]:
        limits = dataclasses.replace(limits, remark=_("Without Redis, each process counts for itself."))  # fmt: skip
    return [
        limits,
        Setting(_("A sign-in lasts"), ngettext("%(num)s hour", "%(num)s hours", hours)),
        Setting(_("An idle admin is signed out after"), duration(config["ADMIN_IDLE_MINUTES"])),
        Setting(_("A token lets others read the metrics"), _yes(config["METRICS_TOKEN"])),
    ]


def troubles(at: dt.datetime, lines: list[JobLine]) -> list[str]:
    """What an admin should do something about, a sentence for each; none is the good case."""
    found = []
    stopped = [line.words for line in lines if line.state in ("late", "never")]
    if len(stopped) == len(lines):
        found.append(_("No job has run for a while. Is the worker running (flask jobs work)?"))
    else:
        found += [_("This job has not run for a while: %(job)s.", job=words) for words in stopped]
    found += [
        _("This job fails and is tried again: %(job)s.", job=line.words)
        for line in lines
        if line.state == "failing"
    ]
    pause = mail.pause()
    if pause is not None:
        found.append(_("Mail waits: %(why)s", why=pause.reason))
    waiting = spool.waiting()
    if waiting:
        found.append(
            ngettext(
                "%(num)s visit waits on disk until the database takes it.",
                "%(num)s visits wait on disk until the database takes them.",
                waiting,
            )
        )
    if not spool.is_writable():
        found.append(_("The spool folder cannot be written: without the database, nobody gets in."))
    if migrate.revision(db.session.connection()) != migrate.newest():
        found.append(_("The database is not at this version: run “flask database upgrade”."))
    overdue = len(privacy.due_to_erase(at))
    if overdue:
        found.append(
            ngettext(
                "%(num)s event holds names longer than it should.",
                "%(num)s events hold names longer than they should.",
                overdue,
            )
        )
    found += [line.remark for line in settings() if line.is_trouble]
    return found


@blueprint.get("/admin/system")
@permission("admin")
def show() -> str:
    at = clock.now()
    lines = job_lines(at)
    return render_template(
        "front/system.html",
        at=at,
        troubles=troubles(at, lines),
        lines=lines,
        rhythm=rhythm,
        health=mail.health(at),
        pause=mail.pause(),
        spooled=spool.waiting(),
        engine=database.engine_name(),
        size=database.size(),
        revision=migrate.revision(db.session.connection()),
        settings=settings(),
        versions={
            "Turnout": version(),
            "Python": platform.python_version(),
            "SQLAlchemy": sa.__version__,
        },
    )


def rhythm(seconds: float) -> str:
    """How often a job looks for work: "every second", "every 15 seconds", "every hour"."""
    if seconds >= 3600:
        return ngettext("every hour", "every %(num)s hours", round(seconds / 3600))
    if seconds >= 60:
        return ngettext("every minute", "every %(num)s minutes", round(seconds / 60))
    return ngettext("every second", "every %(num)s seconds", round(seconds))


@blueprint.app_template_filter("bytes")
def in_bytes(count: int) -> str:
    """ "812 kB", "3.4 MB", "1.2 GB"."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{number(count / size, 1 if count < 100 * size else 0)} {unit}"
    return f"{number(count)} B"
