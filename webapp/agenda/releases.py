"""Publishing the agenda: every publication is a version that stays readable, with its difference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.agenda import differences, drafting, queries, rows
from webapp.agenda.drafting import By, latest, locked
from webapp.agenda.models import AgendaRelease, Session
from webapp.agenda.queries import Item
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event

Entries = list[dict[str, Any]]


def of_event(event_id: int) -> list[AgendaRelease]:
    """Every version, the newest first; their items are not loaded."""
    return list(
        db.session.scalars(
            sa.select(AgendaRelease)
            .where(AgendaRelease.event_id == event_id)
            .order_by(AgendaRelease.version.desc())
            .options(sa.orm.defer(AgendaRelease.items))
        )
    )


def one(event_id: int, version: int) -> AgendaRelease | None:
    return db.session.scalar(
        sa.select(AgendaRelease).where(
            AgendaRelease.event_id == event_id, AgendaRelease.version == version
        )
    )


def items_of(release: AgendaRelease) -> list[Item]:
    """The running order of that version, with the times as they were planned then."""
    return queries.read_kept(release.items, release.starts_at)


def latest_version(event: Event) -> int | None:
    """The version that people see now; None where the event or its agenda was never published."""
    return db.session.scalar(
        sa.select(sa.func.max(AgendaRelease.version)).where(AgendaRelease.event_id == event.id)
    )


def publish(event: Event, at: dt.datetime, by: By, seen: str | None = None) -> AgendaRelease | None:
    """Makes the draft what everybody sees; None if they see it already.

    ``seen`` is the fingerprint of the draft that the page showed. Raises Refused if it is another one by
    now, and for an event that is a draft itself: its agenda is published with it.
    """
    event = locked(event)
    if event.state == "draft":
        raise Refused(_("The agenda becomes public together with the event."), "draft")
    rows.put_back(event)
    draft = queries.draft(event)
    if seen is not None and seen != queries.fingerprint(draft):
        raise Refused(_("Somebody else changed this in the meantime."), "changed")
    before = latest(event.id)
    public = items_of(before) if before else []
    changes = differences.between(public, draft)
    if not changes and differences.same(queries.running_order(event), draft):
        return None
    release = AgendaRelease(
        event_id=event.id,
        version=before.version + 1 if before else 1,
        at=at,
        by=drafting.name_of(by),
        starts_at=event.starts_at,
        items=queries.kept(draft),
        changelog=changes,
    )
    db.session.add(release)
    db.session.execute(
        sa.delete(Session).where(
            Session.event_id == event.id, Session.taken_out, Session.started_at.is_(None)
        )
    )
    db.session.flush()
    rows.drop_unused(event, {who.speaker_id for item in draft for who in item.speakers})
    event.touch()
    audit.record(
        "agenda.published",
        at=at,
        event_id=event.id,
        summary=_("Version %(n)d.", n=release.version) + " " + " ".join(changes),
        actor=by,
    )
    db.session.flush()
    return release


def amend(event: Event, change: Callable[[Entries], Entries], at: dt.datetime, by: By) -> list[str]:
    """Changes what people see at once, as a release of its own: for the evening itself.

    ``change`` takes an agenda in the words of the event file and answers it changed. It is applied to
    what is public and to the draft, so that what the organisers have not published yet neither goes out
    with it nor is lost. Answers what it changed for the public. Raises Refused.
    """
    event = locked(event)
    draft = queries.as_file(queries.draft(event))
    drafting.write(event, change(queries.as_file(queries.running_order(event))))
    release = publish(event, at, by)
    drafting.write(event, change(draft))
    # What could be taken back was written over the agenda without this change.
    drafting.forget_steps(event)
    return list(release.changelog) if release else []


def difference(event: Event, draft: list[Item]) -> list[str]:
    """What people do not see yet, a sentence each; nothing for an event that is a draft itself."""
    if event.state == "draft":
        return []
    return differences.between(queries.running_order(event), draft)
