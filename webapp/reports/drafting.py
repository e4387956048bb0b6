"""The first draft of a report, written from the data. The organiser then makes it theirs.

A draft is a flat dict of named texts ("blocks"). Sentences that state a figure hold a placeholder, so
that they follow the figures and the choice of the headline number (see ``saying``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import templating
from webapp.agenda.queries import Item, Who
from webapp.events.models import Event
from webapp.reports import saying
from webapp.reports.evidence import Evidence, Said

# The blocks every report has, in the order of the page. Sections come as "section:<agenda key>".
BLOCKS = (
    "headline", "opening", "quote", "quote_who", "closing", "thanks", "action_label", "action_url",
    "recording", "byline_name", "byline_affiliation",
)  # fmt: skip
SECTION = "section:"

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")
_LINE_START = re.compile(r"^(\s*)(#|[-+=]|\d+[.)])", re.MULTILINE)
_ENTITY = re.compile(r"&(?=#?\w+;)")


def literal(text: str) -> str:
    """Text from the data for a Markdown template: it shows exactly as it is."""
    escaped = _ENTITY.sub(r"\\&", _SPECIAL.sub(r"\\\1", text))
    escaped = _LINE_START.sub(
        lambda m: m[1] + (m[2][:-1] + "\\" + m[2][-1] if m[2][0].isdigit() else "\\" + m[2]),
        escaped,
    )
    return saying.plain(escaped)


def short_title(title: str) -> str:
    """A title up to its colon: "Bolivia Shows There Is An Alternative"."""
    return title.split(":")[0].strip() or title


def introduced(who: Who) -> str:
    """ "Kate Hudson (General Secretary, Campaign for Nuclear Disarmament)"."""
    return f"{who.name} ({who.about})" if who.about else who.name


def speaking(items: Iterable[Item]) -> list[Who]:
    """Everybody who speaks in ``items``, once, in order. Interpreters speak for others."""
    seen: dict[int, Who] = {}
    for item in items:
        for who in item.speakers:
            if who.role != "interpreter":
                seen.setdefault(who.speaker_id, who)
    return list(seen.values())


def chairs(items: Iterable[Item]) -> list[Who]:
    seen = {who.speaker_id: who for item in items for who in item.speakers if who.role == "chair"}
    return list(seen.values())


def voices(item: Item) -> list[Who]:
    """Whose words an item is: its speakers; the chair where nobody else speaks."""
    speakers = [who for who in item.speakers if who.role == "speaker"]
    return speakers or [who for who in item.speakers if who.role != "interpreter"]


def told(item: Item, evidence: Evidence) -> bool:
    """Whether an item gets a section of its own: somebody spoke in it, or something was noted."""
    if item.kind in ("break", "closing"):
        return False
    return bool(voices(item) or evidence.said_in(item.key))


def sections(evidence: Evidence) -> list[Item]:
    return [item for item in evidence.items if told(item, evidence)]


def skipped(evidence: Evidence) -> list[str]:
    """Keys of items that did not take place: as somebody said, or because nobody started them on an evening
    on which the others were started."""
    return [
        item.key
        for item in sections(evidence)
        if item.skipped_at or (evidence.was_recorded and item.started_at is None)
    ]


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if re.search(r"[.!?…:;][\"”’)]*$", text) or not text else f"{text}."


def _points(notes: Sequence[Said], used: Said | None, *, named: bool) -> str:
    """Points run on as sentences; exact words stand in quotation marks with their speaker."""
    parts = []
    last: Who | None = None
    for note in notes:
        if note is used:
            continue
        who = literal(note.speaker.name) if note.speaker else ""
        text = literal(_sentence(note.text))
        if note.kind == "quote":
            words = literal(" ".join(note.text.split()).strip('"“”'))
            quote = f"“{words}”"
            parts.append(_("In the words of %(name)s: %(quote)s.", name=who, quote=quote) if who else _("In the speaker’s words: %(quote)s.", quote=quote))  # fmt: skip
        elif named and who and note.speaker != last:
            parts.append(_("%(name)s: %(text)s", name=who, text=text))
        else:
            parts.append(text)
        last = note.speaker
    return " ".join(parts)


def _section(item: Item, evidence: Evidence, pulled: Said | None) -> str:
    notes = evidence.said_in(item.key)
    people = voices(item)
    parts = []
    if item.kind == "opening" and people:
        parts.append(_("%(names)s opened the evening.", names=saying.listed([literal(w.name) for w in people])))  # fmt: skip
    said = _points(notes, pulled, named=len(people) > 1)
    if said:
        parts.append(said)
    elif item.summary:
        parts.append(literal(_sentence(item.summary)))
    if item.kind != "opening":
        parts.append("{room}")
    return " ".join(parts)


def _opening(event: Event, evidence: Evidence) -> str:
    where = {
        "online": _("a live online event"),
        "in_person": _("an evening"),
        "hybrid": _("a live event in the room and online"),
    }[event.mode]
    host = _(" hosted by %(host)s", host=literal(event.host_name)) if event.host_name else ""
    day = templating.date(event.actual_start, event.timezone)
    first = f"{{Headline}} *{literal(event.title)}*, " + _(
        "%(what)s%(host)s on %(day)s.", what=where, host=host, day=day
    )
    parts = [first]
    leading = chairs(evidence.items)
    if leading:
        parts.append(
            ngettext(
                "%(names)s was in the chair.", "%(names)s were in the chair.", len(leading),
                names=saying.listed([literal(introduced(who)) for who in leading]),
            )
        )  # fmt: skip
    return " ".join(parts)


def _headline(event: Event, evidence: Evidence) -> str:
    left_out = set(skipped(evidence))
    heard = speaking(item for item in evidence.items if item.key not in left_out)
    title = saying.plain(short_title(event.title))
    if len(heard) < 2:
        return str(_("What was said at “%(title)s”", title=title))
    small = [
        _("Two"), _("Three"), _("Four"), _("Five"), _("Six"), _("Seven"), _("Eight"), _("Nine"),
        _("Ten"), _("Eleven"), _("Twelve"),
    ]  # fmt: skip
    count = small[len(heard) - 2] if len(heard) <= 12 else templating.number(len(heard))
    return str(_("%(count)s voices on “%(title)s”", count=count, title=title))


def _closing(evidence: Evidence, pulled: Said | None) -> str:
    parts = []
    for item in evidence.items:
        if item.kind != "closing":
            continue
        people = voices(item)
        if people:
            parts.append(_("%(names)s closed the evening.", names=saying.listed([literal(w.name) for w in people])))  # fmt: skip
        said = _points(evidence.said_in(item.key), pulled, named=len(people) > 1)
        parts.append(said or literal(_sentence(item.summary)))
    return " ".join(part for part in parts if part)


def write(event: Event, evidence: Evidence, by: str) -> dict[str, str]:
    """All blocks of a fresh draft. ``by`` is the person who asked for it, by name."""
    order = {item.key: n for n, item in enumerate(evidence.items)}
    quotes = sorted(
        (note for note in evidence.notes if note.kind == "quote"),
        key=lambda note: order[note.item_key],
    )
    pulled = quotes[0] if quotes else None
    cohosts = [literal(cohost.name) for cohost in event.cohosts]
    blocks: dict[str, str] = dict.fromkeys(BLOCKS, "")
    blocks["headline"] = _headline(event, evidence)
    blocks["opening"] = _opening(event, evidence)
    for item in sections(evidence):
        blocks[SECTION + item.key] = _section(item, evidence, pulled)
    if pulled:
        blocks["quote"] = " ".join(pulled.text.split()).strip('"“”')
        who = pulled.speaker
        blocks["quote_who"] = ", ".join(p for p in (who.name, who.affiliation or who.title) if p) if who else ""  # fmt: skip
    blocks["closing"] = _closing(evidence, pulled)
    if cohosts:
        blocks["thanks"] = _(
            "The evening was hosted together with %(names)s. Thank you to them, and to everyone who came.",
            names=saying.listed(cohosts),
        )
    if event.host_url:
        blocks["action_label"] = _("More from %(host)s", host=event.host_name)
        blocks["action_url"] = event.host_url
    # An address is nobody's by-line.
    blocks["byline_name"] = "" if "@" in by else by
    blocks["byline_affiliation"] = event.host_name
    return {name: str(text) for name, text in blocks.items()}


def merge(
    content: dict[str, Any], fresh: dict[str, str], replace: Iterable[str] = ()
) -> tuple[dict[str, str], list[str]]:
    """A new draft over an old one: (the blocks, the names of those kept because somebody edited them).

    A text nobody touched since it was drafted follows the data. An edited one stays, unless it is in
    ``replace``. Texts of agenda items that are gone stay as well: nothing is lost.
    """
    blocks, drafted = dict(content.get("blocks", {})), content.get("drafted", {})
    kept = []
    wanted = set(replace)
    for name, text in fresh.items():
        current = blocks.get(name)
        edited = current is not None and current != drafted.get(name, "")
        if not edited or name in wanted or current == text:
            blocks[name] = text
        else:
            kept.append(name)
    return blocks, kept
