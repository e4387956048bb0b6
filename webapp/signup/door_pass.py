"""The cookie by which a browser comes in on the evening without a mail.

It is set whenever a sign-up form was sent, whatever became of it, and holds nothing but the event and a
number that stands for this browser in the log of visits. Where the form made a new sign-up the number is
that sign-up's own, so the visit is the sign-up's from the start. Everywhere else it is one that leads to
nobody: where the address was known already (whoever typed it may not be its owner, so they gain neither
the place nor the page nor the name behind it), where the address must be proved first, where nothing was
stored. Those come in as guests, by the same door and with the same pages; their visit becomes the sign-up's
when a mailed link is used in the same browser. All the numbers look alike and the form's answer is the same,
so neither the cookie nor the door tells whether an address was known.

The guests' door sets the same cookie: one browser is one person at one event. ``older`` are the numbers it
had before; their visits go to whoever the browser turns out to be.

The cookie goes to the doors only, and ends with the event.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask import Response, current_app, request
from werkzeug.http import dump_cookie

from webapp import tokens
from webapp.events.models import Event

# Somebody who keeps on sending forms does not make the cookie grow.
MOST_OLDER = 3


@dataclasses.dataclass(frozen=True, slots=True)
class DoorPass:
    """Who this browser is at one event: the key of its visits, and keys it had before."""

    key: int
    older: tuple[int, ...] = ()


def _name(event_id: int) -> str:
    return f"turnout_door_{event_id}"


def _paths(event: Event) -> tuple[str, ...]:
    """Where a browser comes in, or proves who it is."""
    return f"/events/{event.slug}", "/guest", "/join", "/confirm", "/my"


def of_browser(event_id: int) -> DoorPass | None:
    """What the browser of this request shows."""
    cookie = request.cookies.get(_name(event_id))
    if not cookie:
        return None
    try:
        payload = tokens.read("door-cookie", cookie).payload
    except tokens.TokenError:
        return None
    match payload:
        case [int(found), int(key), *older] if found == event_id:
            return DoorPass(key, tuple(one for one in older if isinstance(one, int)))
    return None


def give(response: Response, event: Event, key: int, at: dt.datetime) -> None:
    """From now on this browser comes in under ``key``. A key it had before is remembered."""
    had = of_browser(event.id)
    older = [one for one in (had.key, *had.older) if one != key] if had else []
    value = tokens.sign("door-cookie", [event.id, key, *older[:MOST_OLDER]])
    _set(response, event, value, max(int((event.closes_by - at).total_seconds()), 60))


def give_anew(response: Response, event: Event, key: int, at: dt.datetime) -> None:
    """Somebody else at the same device: nothing of whom it was before goes along."""
    value = tokens.sign("door-cookie", [event.id, key])
    _set(response, event, value, max(int((event.closes_by - at).total_seconds()), 60))


def _set(response: Response, event: Event, value: str, seconds: int) -> None:
    # Written once: the cookies differ in nothing but their paths, which need no quoting (a slug's letters).
    cookie = dump_cookie(
        _name(event.id), value, max_age=seconds, path=None, httponly=True, samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )  # fmt: skip
    for path in _paths(event):
        response.headers.add("Set-Cookie", f"{cookie}; Path={path}")
