"""What an organiser reads of a mail: everything but the links that open a door in somebody's name."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlsplit

from flask import current_app

from webapp.mail.models import OutgoingMail

HIDDEN = "•••••"
# What opens the door is the last part of a link; shorter ends are plain words of an address.
_TOKEN = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Readable:
    """A mail as it may be shown. ``links`` are its secret links, empty if they are hidden."""

    subject: str
    text: str
    html: str
    calendar: str
    links: tuple[str, ...]


def shows_links() -> bool:
    """Whether secret links stand in mails on screen.

    Only on a developer's own machine without a mail server: there the screen is the only place where
    the mail arrives, and without its links nobody could try the journey of an attendee.
    """
    config = current_app.config
    return config["ENVIRONMENT"] == "development" and not config["MAIL_SERVER"]


def _hidden(secret: str) -> tuple[str, str]:
    """The text to look for and what stands there instead. Of a link only the token is hidden, so that
    one still sees which link it was."""
    end = urlsplit(secret).path.rsplit("/", 1)[-1]
    if "://" in secret and len(end) >= _TOKEN:
        return end, HIDDEN
    return secret, HIDDEN


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that hides ``secrets`` in a text, also where they are escaped for HTML, a calendar
    entry or another link."""
    hidden: dict[str, str] = {}
    for secret in secrets:
        found, instead = _hidden(secret)
        for form in (
            found,
            html.escape(found),
            quote(found, safe=""),
            found.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;"),
        ):
            hidden[form] = instead
    hidden.pop("", None)
    # The longest first: one secret may be the beginning of another.
    order = sorted(hidden, key=len, reverse=True)

    def mask(text: str) -> str:
        for form in order:
            text = text.replace(form, hidden[form])
        return text

    return mask


def _unfolded(calendar: str) -> str:
    """A calendar entry with its folded lines joined; a fold may stand in the middle of a link."""
    return re.sub(r"\r?\n[ \t]", "", calendar)


def readable(mail: OutgoingMail) -> Readable:
    """The mail as its event's organisers may read it."""
    shown = shows_links()
    mask = masker(() if shown else mail.secrets)
    return Readable(
        subject=mask(mail.subject),
        text=mask(mail.text),
        html=mask(mail.html),
        calendar=mask(_unfolded(mail.calendar or "")).replace("\r\n", "\n").strip(),
        links=tuple(s for s in mail.secrets if "://" in s) if shown else (),
    )
