"""Reads over versions. The PDF's bytes stay in the database unless they are asked for."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import defer

from webapp.db import db
from webapp.events.models import Event
from webapp.reports.models import Report, ReportVersion


def report(event_id: int) -> Report | None:
    """The draft of an event's report, if somebody has begun one."""
    return db.session.scalar(sa.select(Report).where(Report.event_id == event_id))


def _versions(event_id: int) -> sa.Select[tuple[ReportVersion]]:
    return (
        sa.select(ReportVersion)
        .join(Report, Report.id == ReportVersion.report_id)
        .where(Report.event_id == event_id)
        .order_by(ReportVersion.version.desc())
        .options(defer(ReportVersion.pdf))
    )


def latest(event: Event) -> ReportVersion | None:
    """The version that stands on the public page now; None if nothing was published."""
    return db.session.scalar(_versions(event.id).limit(1))


def published_among(event_ids: Collection[int]) -> set[int]:
    """Which of the events have a published report. One query."""
    return set(
        db.session.scalars(
            sa.select(Report.event_id)
            .join(ReportVersion, ReportVersion.report_id == Report.id)
            .where(Report.event_id.in_(event_ids))
            .distinct()
        )
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """How far an event's report is: a draft (``version`` 0), or published, last as ``version``."""

    version: int
    published_at: dt.datetime | None


def standing_of(event_ids: Collection[int]) -> dict[int, Standing]:
    """How far the report of each of these events is; one nobody has begun is missing. One query."""
    rows = db.session.execute(
        sa.select(
            Report.event_id,
            sa.func.max(ReportVersion.version),
            sa.func.max(ReportVersion.published_at),
        )
        .outerjoin(ReportVersion, ReportVersion.report_id == Report.id)
        .where(Report.event_id.in_(event_ids))
        .group_by(Report.event_id)
    )
    return {event_id: Standing(version or 0, at) for event_id, version, at in rows}


def versions(event: Event) -> list[ReportVersion]:
    """All published versions, the newest first."""
    return list(db.session.scalars(_versions(event.id)))


def published(slug: str, version: int | None = None) -> tuple[ReportVersion, int, bool] | None:
    """(a version of a public event's report, the number of its newest version, whether the event stands
    among all events), in one query. The report of one that does not is in no search either.

    Without ``version`` the newest. None if there is no such version or the event is not public.
    """
    newest = (
        sa.select(sa.func.max(ReportVersion.version))
        .where(ReportVersion.report_id == Report.id)
        .correlate(Report)
        .scalar_subquery()
    )
    wanted = newest if version is None else sa.literal(version)
    row = db.session.execute(
        sa.select(ReportVersion, newest, Event.listed)
        .join(Report, Report.id == ReportVersion.report_id)
        .join(Event, Event.id == Report.event_id)
        .where(Event.slug == slug, Event.state != "draft", ReportVersion.version == wanted)
        .options(defer(ReportVersion.pdf))
    ).first()
    return (row[0], row[1], row[2]) if row else None


def every_version() -> list[tuple[str, ReportVersion]]:
    """(event's slug, version) of all that was ever published, for checking."""
    rows = db.session.execute(
        sa.select(Event.slug, ReportVersion)
        .join(Report, Report.event_id == Event.id)
        .join(ReportVersion, ReportVersion.report_id == Report.id)
        .order_by(Event.slug, ReportVersion.version)
    )
    return [(slug, version) for slug, version in rows]
