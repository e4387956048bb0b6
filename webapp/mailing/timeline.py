"""The schedule of an event's mails, in order of time: what has gone out, what is held, what will go out by
itself, and what waits for a person's OK."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask_babel import gettext as _

from webapp.events.models import Event
from webapp.mailing import operations, queries, words
from webapp.mailing.models import Mailing, MailPlan
from webapp.mailing.operations import offers
from webapp.mailing.queries import Known
from webapp.mailing.reminders import Rule, rule_of
from webapp.reports import queries as reports
from webapp.signup.invitations import queries as invited
from webapp.signup.invitations.queries import Unmailed


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
    # A mail that waits for a person's OK, and the list it is for.
    offer: str = ""
    number: int = 0
    is_mark: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    """``waiting`` are first mails that nobody has said yes to; they have no time of their own. ``unheard``
    people have a place and get no reminder before the first mail of ours has gone to them; ``lists`` are
    those by which they came and from which it can be sent."""

    lines: list[Line]
    waiting: list[Line]
    unheard: int
    lists: list[Unmailed]
    drafts: list[Mailing]
    known: Known | None
    plan: MailPlan | None


def _reminder(mailing: Mailing, event: Event, to_remind: int, at: dt.datetime) -> Line:
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
        count=mailing.total if is_out else to_remind,
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


def _other(mailing: Mailing, event: Event, by_door: bool) -> Line:
    return Line(
        when=_when(mailing),
        name=words.name(mailing, by_door),
        state=mailing.state,
        state_words=words.state(mailing),
        whom=words.chosen(mailing, event)
        if mailing.kind == "blast"
        else words.whom(mailing.kind, by_door),
        count=operations.reach(mailing, event).people if mailing.state == "held" else mailing.total,
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
            count = offers.reached(kind, event, offers.selection(event, kind, 0)).people
        # While nobody is known to have come it cannot be sent, and the line says what is missing.
        note = offers.why_not(event, kind, at) if is_over and count is None else ""
        ripe = is_over and not note
        found.append(_offer(kind, event, count, by_door, event.actual_end, ripe, note))
    version = reports.latest(event)
    told = {m.number for m in mailings if m.kind == "report_published" and m.state != "stopped"}
    if version is not None and version.version not in told:
        count = offers.reached(
            "report_published", event, offers.selection(event, "report_published", 0)
        ).people
        found.append(_offer("report_published", event, count, by_door, version.published_at))
    return found


def _offer(
    kind: str,
    event: Event,
    count: int | None,
    by_door: bool,
    when: dt.datetime,
    is_ripe: bool = True,
    note: str = "",
) -> Line:
    mailing = Mailing(event_id=event.id, kind=kind, state="draft", number=0)
    return Line(
        when=when,
        name=words.name(mailing, by_door),
        state="waiting",
        state_words=_("Waits for your OK") if is_ripe else _("After the end, with your OK"),
        whom=words.whom(kind, by_door),
        count=count,
        note=note,
        offer=kind,
    )


def _is_dismissed(mailings: list[Mailing], kind: str, number: int, newest: dt.datetime) -> bool:
    """Whether somebody threw this mail away, or stopped it, and nobody came to it since."""
    return any(
        one.kind == kind and one.number == number and one.state == "stopped"
        and one.done_at is not None and one.done_at >= newest
        for one in mailings
    )  # fmt: skip


def first_mails(
    event: Event, mailings: list[Mailing], at: dt.datetime
) -> tuple[list[Line], list[Unmailed]]:
    """What waits for an OK before and during the event, and the lists whose people have had no mail."""
    if event.phase(at) not in ("draft", "before", "live"):
        return [], []
    lists = invited.unmailed_lists(event)
    to_invite = invited.number_to_invite(event)
    newest = invited.newest(event.id) if to_invite else None
    found = [("confirm", one.import_id, one.name, one.number, one.stored_at) for one in lists]
    found.append(("invite", 0, "", to_invite, newest))
    lines = []
    for kind, number, name, count, since in found:
        is_open = any(
            one.kind == kind and one.number == number and one.state in ("held", "sending")
            for one in mailings
        )
        if not count or is_open or _is_dismissed(mailings, kind, number, since or at):
            continue
        mailing = Mailing(
            event_id=event.id, kind=kind, state="draft", number=number, details={"list": name}
        )
        lines.append(
            Line(
                when=at,
                name=words.name(mailing),
                state="waiting",
                state_words=_("Waits for your OK"),
                whom=words.whom(kind),
                count=count,
                offer=kind,
                number=number,
            )
        )
    return lines, lists


def waiting(
    event: Event, mailings: list[Mailing], known: Known | None, at: dt.datetime
) -> list[Line]:
    """What a person can say yes to now."""
    lines, _lists = first_mails(event, mailings, at)
    if event.phase(at) == "draft":
        return []
    return lines + [line for line in _offers(event, mailings, known, at) if line.count]


def schedule(event: Event, at: dt.datetime) -> Schedule:
    """Everything about the event's mails, at ``at``. A query or two for each mail that is held, and else the
    same number of queries however much there is."""
    plan = queries.plan_of(event.id)
    mailings = queries.of_event(event.id) if plan else queries.defaults(event.id, at)
    known = queries.known(event) if event.phase(at) == "over" else None
    by_door = known.by_door if known else event.presence != "room"
    # Whoever has a place now has it when the next one is due.
    to_remind = queries.count(queries.to_remind(event.id, at))
    lines: list[Line] = []
    for mailing in mailings:
        if mailing.kind == "reminder":
            if mailing.state != "stopped":
                lines.append(_reminder(mailing, event, to_remind, at))
        elif mailing.state != "draft":
            lines.append(_other(mailing, event, by_door))
    lines += _offers(event, mailings, known, at)
    lines.append(Line(event.live_from, _("The event starts"), is_mark=True))
    ends = _("The event ended") if event.ended_at else _("The event ends")
    lines.append(Line(event.actual_end, ends, is_mark=True))
    lines.sort(key=lambda line: (line.when, not line.is_mark))
    waiting, lists = first_mails(event, mailings, at)
    has_reminders = any(one.kind == "reminder" and one.state == "planned" for one in mailings)
    is_ahead = event.phase(at) in ("draft", "before", "live")
    return Schedule(
        lines=lines,
        waiting=waiting,
        unheard=queries.unheard_with_place(event.id) if has_reminders and is_ahead else 0,
        lists=lists,
        drafts=[mailing for mailing in mailings if mailing.state == "draft"],
        known=known,
        plan=plan,
    )
