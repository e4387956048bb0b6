"""Two pages of one sign-up open at once: what was changed on each is kept, and only where both changed the
same is anybody asked.

A page carries a mark of each field as it showed it. A field that still says what the page showed was not
touched there, and what was saved meanwhile stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from werkzeug.datastructures import MultiDict

from webapp.signup import extras
from webapp.signup.forms import Entry, shown
from webapp.signup.questions import Ask

_LONGEST_SEEN = 20_000


def _fields(asks: Sequence[Ask]) -> tuple[str, ...]:
    return ("name", *(ask.field for ask in asks), *extras.FIELDS, "language")


def _said(values: Sequence[str]) -> list[str]:
    """What a field says, however a browser breaks its lines and in whatever order its boxes stand."""
    texts = (shown(text).replace("\r\n", "\n").strip() for text in values)
    return sorted(text for text in texts if text and text != "0")


def _values(entry: Entry, field: str) -> list[str]:
    return [entry.name] if field == "name" else list(entry.raw.get(field, ()))


def _mark(values: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(_said(values)).encode()).hexdigest()[:12]


def seen(entry: Entry, asks: Sequence[Ask]) -> str:
    """What a page that shows ``entry`` carries along: JSON, the mark of each field by its name."""
    marks = {field: _mark(_values(entry, field)) for field in _fields(asks)}
    return json.dumps(marks, separators=(",", ":"))


def _read(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text[:_LONGEST_SEEN])
    except (ValueError, RecursionError):
        # Not ours: no page of ours nests anything.
        return {}
    return found if isinstance(found, dict) else {}


def merge(
    sent: MultiDict[str, str], saved: Entry, asks: Sequence[Ask]
) -> tuple[MultiDict[str, str], list[str]]:
    """What was sent, with what is saved by now in each field that was not touched on the page; and the fields
    that were changed both there and meanwhile, each to something else: of those, what was sent stands.

    Whoever sends no marks means every field as it was sent.
    """
    marks = _read(sent.get("seen", ""))
    merged, both = sent.copy(), []
    for field in _fields(asks):
        mine, theirs = sent.getlist(field), _values(saved, field)
        if field not in marks or _said(mine) == _said(theirs):
            continue
        if _mark(mine) == marks[field]:
            merged.setlist(field, theirs)
        elif _mark(theirs) != marks[field]:
            both.append(field)
    return merged, both
