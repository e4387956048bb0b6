"""What differs between two agendas, a readable sentence for each difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from flask_babel import gettext as _

from webapp.agenda import items as shape
from webapp.agenda.queries import Item, Who

_DETAILS = ("title", "affiliation", "bio", "url", "say", "intro")


def between(before: Sequence[Item], after: Sequence[Item], moved: str = "") -> list[str]:
    """The way from ``before`` to ``after``: people first, then what is gone, then item by item. Nothing
    that was pressed is a difference. ``moved`` is the key of the item that somebody took hold of: where two
    have changed places, it is that one."""
    there = {item.key: item for item in before}
    keys = [item.key for item in after]
    found = list(_people(before, after))
    found += [
        _("Taken out: “%(title)s”.", title=item.title) for item in before if item.key not in keys
    ]
    stays = _stays([item.key for item in before if item.key in keys], [k for k in keys if k in there], moved)  # fmt: skip
    for number, item in enumerate(after, 1):
        was = there.get(item.key)
        if was is None:
            found.append(_("Added: “%(title)s”, %(n)d minutes.", title=item.title, n=item.minutes))
            continue
        if item.key not in stays:
            found.append(_("Moved: “%(title)s” is now number %(n)d.", title=item.title, n=number))
        found += _item(was, item)
    return found


def _everybody(items: Sequence[Item]) -> dict[int, Who]:
    return {who.speaker_id: who for item in items for who in item.speakers}


def _people(before: Sequence[Item], after: Sequence[Item]) -> Iterator[str]:
    known = _everybody(before)
    by_name = {shape.name_key(who.name): who for who in known.values()}
    for who in _everybody(after).values():
        was = known.get(who.speaker_id) or by_name.get(shape.name_key(who.name))
        if was is None:
            continue
        if was.name != who.name:
            yield _("“%(before)s” is now written “%(after)s”.", before=was.name, after=who.name)
        changed = [name for name in _DETAILS if getattr(was, name) != getattr(who, name)]
        if changed:
            yield _("%(person)s: changed %(what)s.", person=who.name, what=", ".join(changed))


def _item(was: Item, item: Item) -> Iterator[str]:
    for name, label in (("title", _("title")), ("kind", _("kind")), ("minutes", _("minutes"))):
        before, after = getattr(was, name), getattr(item, name)
        if before != after:
            yield _("“%(title)s”: %(what)s %(after)s instead of %(before)s.",
                    title=item.title, what=label, after=after, before=before)  # fmt: skip
    if was.summary != item.summary:
        yield _("“%(title)s”: new summary.", title=item.title)
    if _parts(was) != _parts(item) and _named(was) != _named(item):
        names = ", ".join(who.name for who in item.speakers) or _("nobody")
        yield _("“%(title)s”: now with %(names)s.", title=item.title, names=names)


def _parts(item: Item) -> list[tuple[int, str]]:
    return [(who.speaker_id, who.role) for who in item.speakers]


def _named(item: Item) -> list[tuple[str, str]]:
    """A person whose row was made anew is still the same to everybody."""
    return [(shape.name_key(who.name), who.role) for who in item.speakers]


def same(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Whether people see no difference between the two."""
    return [_public(item) for item in one] == [_public(item) for item in other]


def _public(item: Item) -> Item:
    return dataclasses.replace(
        item,
        id=0,
        started_at=None,
        ended_at=None,
        skipped_at=None,
        started_entered=None,
        ended_entered=None,
        speakers=tuple(dataclasses.replace(who, speaker_id=0) for who in item.speakers),
    )


def _stays(before: list[str], after: list[str], moved: str) -> set[str]:
    stays = longest_in_order(before, after)
    if moved not in stays:
        return stays
    others = longest_in_order([k for k in before if k != moved], [k for k in after if k != moved])
    return others if len(others) >= len(stays) else stays


def longest_in_order(before: list[str], after: list[str]) -> set[str]:
    """Keys that keep their order, as many as possible: the others are the ones that moved."""
    table = [[0] * (len(after) + 1) for _row in range(len(before) + 1)]
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            table[i][j] = (
                table[i + 1][j + 1] + 1
                if before[i] == after[j]
                else max(table[i + 1][j], table[i][j + 1])
            )
    i = j = 0
    stays = set()
    while i < len(before) and j < len(after):
        if before[i] == after[j]:
            stays.add(before[i])
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return stays
