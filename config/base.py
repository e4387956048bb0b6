"""Every setting Turnout has, with its type and its default. The type decides how text is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar


class Base:
    """Defaults that hold everywhere. ``TURNOUT_<KEY>`` in the environment overrides a key."""

    SECRET_IS_MADE: ClassVar[bool] = False
    # Without a BASE_URL, links lead to the address this machine serves at.
    BASE_IS_LOCAL: ClassVar[bool] = False

    # The site
    SECRET_KEY: str = ""
    BASE_URL: str = ""
    HOST: str = "127.0.0.1"
    PORT: int = 5000
    WEB_WORKERS: int = 1
    WEB_THREADS: int = 16
    PROXY_COUNT: int = 0
    TRUSTED_HOSTS: list[str] | None = None
    SITE_NAME: str = "Turnout"
    # What attendees may read the site in: each has a catalogue in webapp/translations, but for English.
    LANGUAGES: list[str] = ["en", "es"]
    DEMO: bool | None = None

    # The database. Empty means SQLite in the instance folder.
    SQLALCHEMY_DATABASE_URI: str = ""
    SQLITE_SYNCHRONOUS: str = "NORMAL"
    DATABASE_POOL_SIZE: int = 10
    REDIS_URL: str | None = None

    # Who may read /metrics from elsewhere; without it, only this machine itself.
    METRICS_TOKEN: str = ""

    # Sign-in
    SESSION_COOKIE_NAME: str = "turnout"
    SESSION_COOKIE_HTTPONLY: bool = True
    SESSION_COOKIE_SAMESITE: str = "Lax"
    SESSION_COOKIE_SECURE: bool = False
    SESSION_HOURS: int = 20
    ADMIN_IDLE_MINUTES: int = 30
    WTF_CSRF_TIME_LIMIT: int = 12 * 3600
    # One place decides which kind of CSRF check a route needs: webapp/permissions.py.
    WTF_CSRF_CHECK_DEFAULT: bool = False
    RATELIMIT_ENABLED: bool = True
    MAX_CONTENT_LENGTH: int = 10 * 1024 * 1024

    # Sign-up
    SIGNUP_MIN_SECONDS: float = 2.0
    # How hard the work is that a form costs while its event is under attack: one more doubles it.
    PUZZLE_BITS: int = 14

    # Mail. Without a server, mail stays in the outbox where organisers read it.
    MAIL_SERVER: str = ""
    MAIL_PORT: int = 25
    MAIL_USERNAME: str | None = None
    MAIL_PASSWORD: str | None = None
    MAIL_USE_TLS: bool = False
    MAIL_USE_SSL: bool = False
    MAIL_DEFAULT_SENDER: str = "Turnout <turnout@localhost>"
    MAIL_TIMEOUT: float = 20.0
    MAIL_BATCH: int = 50
    MAIL_LEASE_SECONDS: int = 600
    MAIL_HOURLY_QUOTA: int | None = None
    MAIL_DAILY_QUOTA: int | None = None
    # Certificates that the mail server's own may be signed by, if not one that everybody knows.
    MAIL_CA_FILE: str = ""
    # Where reports about undelivered mail go: name@domain, whose mailbox also takes name+anything@domain.
    # They are read from there by IMAP, or piped to "flask mail bounce".
    BOUNCE_ADDRESS: str = ""
    BOUNCE_IMAP_SERVER: str = ""
    BOUNCE_IMAP_PORT: int = 993
    BOUNCE_IMAP_USE_SSL: bool = True
    BOUNCE_IMAP_USERNAME: str = ""
    BOUNCE_IMAP_PASSWORD: str = ""
    BOUNCE_IMAP_FOLDER: str = "INBOX"
    # DKIM: all three (the key itself or a file that holds it), or none.
    DKIM_DOMAIN: str = ""
    DKIM_SELECTOR: str = ""
    DKIM_KEY: str = ""
    DKIM_KEY_FILE: str = ""

    # The door and the room
    DOOR_TIMEOUT: float = 1.0
    PULSE_SECONDS: int = 30
    # Pulses are in the database five seconds later at most; a second of that is for writing them.
    PULSE_FLUSH_SECONDS: float = 4.0

    @classmethod
    def refusals(cls, values: dict[str, Any]) -> list[str]:
        """One sentence for each setting that this environment cannot run with."""
        return _refused_mail(values)


_LOCAL_PART = re.compile(r"[A-Za-z0-9._-]{1,20}")


def _refused_mail(values: dict[str, Any]) -> list[str]:
    problems = []
    if values["MAIL_USE_TLS"] and values["MAIL_USE_SSL"]:
        problems.append(
            "TURNOUT_MAIL_USE_TLS and TURNOUT_MAIL_USE_SSL are two ways to the same end: set one of them."
        )
    local, _, domain = values["BOUNCE_ADDRESS"].rpartition("@")
    if values["BOUNCE_ADDRESS"] and not (domain and _LOCAL_PART.fullmatch(local)):
        problems.append(
            "TURNOUT_BOUNCE_ADDRESS must be an address like bounce@example.org, with at most 20 letters, "
            "digits or -_. before the @: each mail adds its own part there."
        )
    if values["BOUNCE_IMAP_SERVER"] and not values["BOUNCE_IMAP_USERNAME"]:
        problems.append("TURNOUT_BOUNCE_IMAP_USERNAME is missing: whose mailbox is to be read?")
    if values["MAIL_CA_FILE"] and not Path(values["MAIL_CA_FILE"]).is_file():
        problems.append(f"TURNOUT_MAIL_CA_FILE: there is no file {values['MAIL_CA_FILE']}.")
    dkim = {
        "TURNOUT_DKIM_DOMAIN": values["DKIM_DOMAIN"],
        "TURNOUT_DKIM_SELECTOR": values["DKIM_SELECTOR"],
        "TURNOUT_DKIM_KEY or TURNOUT_DKIM_KEY_FILE": values["DKIM_KEY"] or values["DKIM_KEY_FILE"],
    }
    if any(dkim.values()):
        problems += [
            f"{name} is missing: signing mail needs the domain, the selector and the key."
            for name, value in dkim.items()
            if not value
        ]
    if values["DKIM_KEY"] and values["DKIM_KEY_FILE"]:
        problems.append("TURNOUT_DKIM_KEY and TURNOUT_DKIM_KEY_FILE are both set: set one of them.")
    return problems
