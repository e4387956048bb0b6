"""One mail sent right away, to see what the server says: the only one that is no row first."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask import current_app

from webapp.mail import outbox, transport, verdicts
from webapp.mail.envelope import Parcel
from webapp.mail.rendering import render

# Somebody looks at the page meanwhile.
PATIENCE = 8.0


@dataclasses.dataclass(frozen=True, slots=True)
class Trial:
    """How it went, in the server's own words."""

    is_sent: bool
    words: str


def send(address: str, name: str, at: dt.datetime, language: str | None = None) -> Trial:
    """Sends a test mail to ``address`` by the settings as they are now. Never raises for what the server or
    the network does; takes no part in lanes, quotas and pauses. Hold no transaction meanwhile."""
    subject, text, html = render("trial", {"to_name": name}, language)
    parcel = Parcel(
        id=0, to_address=address, to_name=outbox.plain_name(name), subject=subject, text=text, html=html,
        calendar=None, calendar_method=None, message_id=outbox.new_message_id(), tries=0, created_at=at,
        give_up_at=None, expires_at=None, unsubscribe_url=None, attempts=None,
    )  # fmt: skip
    connection = transport.connection(min(PATIENCE, current_app.config["MAIL_TIMEOUT"]))
    try:
        connection.__enter__()
    except Exception as error:
        return Trial(False, verdicts.of_connecting(error).words)
    try:
        return Trial(True, connection.post(parcel))
    except Exception as error:
        return Trial(False, verdicts.of_error(error).words)
    finally:
        connection.__exit__()
