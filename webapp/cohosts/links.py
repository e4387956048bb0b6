"""A co-host's private link: the right to see their own numbers and to fetch what was released to them."""

from __future__ import annotations

from webapp import tokens
from webapp.cohosts import queries
from webapp.cohosts.queries import Host
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.templating import absolute_url
from webapp.tokens import TokenForeign


def url(cohost: CoHost) -> str | None:
    """None as long as they have none."""
    if not cohost.link_key:
        return None
    token = tokens.sign_lasting("cohost", [cohost.event_id, cohost.key, cohost.link_key])
    return absolute_url("cohost_page.show", token=token)


def open(token: str) -> tuple[Event, Host]:
    """Raises TokenError, also for a link that was ended or replaced, and as long as the event is a draft."""
    match tokens.read_lasting("cohost", token):
        case [int(event_id), str(key), str(link_key)]:
            event = db.session.get(Event, event_id)
            host = queries.host(event, key) if event is not None else None
            known = host.cohost.link_key if host is not None and host.cohost is not None else None
            if event is None or event.state == "draft":
                raise TokenForeign
            if host is not None and tokens.same(known or "", link_key or " "):
                return event, host
    raise TokenForeign
