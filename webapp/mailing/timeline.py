"""The schedule of an event's mails, in order of time: what has gone out, what is held, what will go out by
itself, and what waits for a person's OK."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask_babel import gettext as _

from webapp.events.models import Event
from webapp.mailing import queries, words
from webapp.mailing.models import Mailing, MailPlan
from webapp.mailing.queries import Known
from webapp.mailing.reminders import Rule, rule_of
from webapp.reports import queries as reports


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line. ``when`` (aware) is when it goes or went out, or what it waits for takes place at the
    soonest; ``count`` how many people that is so far, None where nobody can say yet. A ``mark`` is no mail
    but the moment of the event itself."""

    when: dt.datetime
    name: str
    state: str = ""
    state_words: str = ""
    whom: str = ""
    count: int | None = None
    note: str = ""
    mailing: Mailing | None = None
    rule: Rule | None = None
    # A mail after the event that waits for a person's OK.
    offer: str = ""
    is_mark: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    lines: list[Line]
    drafts: list[Mailing]
    known: Known | None
    plan: MailPlan | None


def _reminder(mailing: Mailing, event: Event, with_place: int, at: dt.datetime) -> Line:
    rule = rule_of(mailing)
    is_out = mailing.state in ("sending", "done")
    is_past = mailing.state == "planned" and event.phase(at) in ("over", "cancelled")
    note = words.why_skipped(mailing)
    return Line(
        when=(mailing.released_at if is_out else None) or rule.due(event),
        name=words.name(mailing),
        state=mailing.state if not is_past else "skipped",
        state_words=words.state(mailing) if not is_past else _("Passed over"),
        whom=words.whom("reminder"),
        count=mailing.total if is_out else with_place,
        note=note or _passed_over(mailing),
        mailing=mailing,
        rule=rule,
    )


def _passed_over(mailing: Mailing) -> str:
    if mailing.state != "done" or not mailing.passed_over:
        return ""
    return _("%(people)s got none: they left meanwhile, or want no such mails.", people=words.people(mailing.passed_over))  # fmt: skip


def _when(mailing: Mailing) -> dt.datetime:
    """Its place among the others."""
    if mailing.state == "held" and mailing.held_until is not None:
        return mailing.held_until
    return mailing.released_at or mailing.done_at or mailing.created_at


def _other(mailing: Mailing, by_door: bool) -> Line:
    return Line(
        when=_when(mailing),
        name=words.name(mailing, by_door),
        state=mailing.state,
        state_words=words.state(mailing),
        whom=words.chosen(mailing)
        if mailing.kind == "blast"
        else words.whom(mailing.kind, by_door),
        count=mailing.total,
        note=_passed_over(mailing),
        mailing=mailing,
    )


def _offers(
    event: Event, mailings: list[Mailing], known: Known | None, at: dt.datetime
) -> list[Line]:
    """What a person may let go once the event is over. The report's is offered when there is one."""
    if event.phase(at) == "cancelled":
        return []
    is_over = event.phase(at) == "over"
    by_door = known.by_door if known else event.presence != "room"
    standing = {mailing.kind for mailing in mailings if mailing.state != "stopped"}
    found = []
    for kind in ("thank_you", "missed_you"):
        if kind in standing:
            continue
        count = None
        if is_over and known is not None and known.is_known:
            count = known.came if kind == "thank_you" else known.absent
        found.append(_offer(kind, event, count, by_door, event.actual_end, is_over))
    version = reports.latest(event)
    told = {m.number for m in mailings if m.kind == "report_published" and m.state != "stopped"}
    if version is not None and version.version not in told:
        found.append(_offer("report_published", event, None, by_door, version.published_at))
    return found


def _offer(
    kind: str,
    event: Event,
    count: int | None,
    by_door: bool,
    when: dt.datetime,
    is_ripe: bool = True,
) -> Line:
    mailing = Mailing(event_id=event.id, kind=kind, state="draft", number=0)
    return Line(
        when=when,
        name=words.name(mailing, by_door),
        state="waiting",
        state_words=_("Waits for your OK") if is_ripe else _("After the end, with your OK"),
        whom=words.whom(kind, by_door),
        count=count,
        offer=kind,
    )


def schedule(event: Event, at: dt.datetime) -> Schedule:
    """Everything about the event's mails, at ``at``. The same number of queries however much there is."""
    plan = queries.plan_of(event.id)
    mailings = queries.of_event(event.id) if plan else queries.defaults(event.id, at)
    known = queries.known(event) if event.phase(at) == "over" else None
    by_door = known.by_door if known else event.presence != "room"
    with_place = queries.count(queries.with_place(event.id))
    lines: list[Line] = []
    for mailing in mailings:
        if mailing.kind == "reminder":
            if mailing.state != "stopped":
                lines.append(_reminder(mailing, event, with_place, at))
        elif mailing.state != "draft":
            lines.append(_other(mailing, by_door))
    lines += _offers(event, mailings, known, at)
    lines.append(Line(event.live_from, _("The event starts"), is_mark=True))
    ends = _("The event ended") if event.ended_at else _("The event ends")
    lines.append(Line(event.actual_end, ends, is_mark=True))
    lines.sort(key=lambda line: (line.when, not line.is_mark))
    return Schedule(
        lines=lines,
        drafts=[mailing for mailing in mailings if mailing.state == "draft"],
        known=known,
        plan=plan,
    )
