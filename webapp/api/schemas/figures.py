"""The figures of one event, method ``turnout-figures/1``. What each means stands in each description."""

from __future__ import annotations

from marshmallow import fields

from webapp.api.schemas.common import Answer, decimal, many, moment, one, string, whole, word
from webapp.attendance.figures import METHOD

SOURCES = ("turnout", "platform", "import")


class SignupCounts(Answer):
    confirmed = whole()
    pending = whole("Their address is not proved, or somebody must approve them.")
    waitlisted = whole()
    offered = whole("From the waiting list, with a place kept for them.")
    declined = whole()
    cancelled = whole()


class People(Answer):
    low = whole("At least so many: identified and by name only. Over several sources: those in two of them, and the largest rest of one.")  # fmt: skip
    high = whole("At most so many: with the ambiguous and the anonymous; over several sources with every rest.")  # fmt: skip
    identified = whole("By a sign-up, an e-mail address or a registrant's number.")
    name_only = whole("By a name and nothing else.")
    ambiguous = whole("Under the name of somebody who is there already: perhaps a second device.")
    anonymous = whole("Without name and address, or a telephone number.")


class Peak(Answer):
    people = whole()
    at = moment("The first such instant.")
    connections = whole("The most connections at one instant, whoever they belong to.")


class Minutes(Answer):
    total = decimal()
    within_event = decimal("Cut to the event's actual start and end.")
    average = decimal("Over the people all of whose leavings are known.", unknown=True)
    median = decimal("Over the same people: half stayed longer.", unknown=True)
    measured_share = decimal("The share of the minutes whose end was seen, not inferred from silence.", unknown=True, most=1)  # fmt: skip
    open_ended = whole(
        "Visits of which nobody knows the end: they count as people, not as minutes."
    )


class Presence(Answer):
    people = one(People, "A range: some visits cannot be told apart.")
    peak = one(Peak, "The most people at one and the same instant, swept exactly; two devices of one person are one. Null if no source measured presence.", unknown=True)  # fmt: skip
    minutes = one(Minutes, "How long people were there: the union of each person's visits, in decimal minutes. Null if no source measured presence.", unknown=True)  # fmt: skip


class SourcePresence(Presence):
    source = word(SOURCES, "Our own door and room, the meeting platform, or an imported file.")


class HeadCount(Answer):
    count = whole()
    at = moment()
    source = string("Who or what counted, in the organiser's words.")


class PlatformFigure(Answer):
    source = string()
    name = string()
    value = fields.Raw(required=True, metadata={"description": "A number, as stated."})


class Attendance(Presence):
    doors = whole("People who pressed Join with us, whatever happened after; each once.")
    crew = whole("Hosts, chair, speakers and panelists who were there.")
    registered_attended = whole("Confirmed sign-ups with at least one visit.")
    guests = whole("People who came without a sign-up.")
    show_up_rate = decimal("registered_attended as a share of the confirmed sign-ups; null without any.", unknown=True, most=1)  # fmt: skip
    everybody = one(Presence, "Audience and crew together.")
    by_source = many(SourcePresence, "The audience, each source for itself.")
    watching_together = whole("People that attendees said were watching beside them. In no other figure.")  # fmt: skip
    head_counts = many(HeadCount, "Heads that somebody counted. In no other figure.")
    platform = many(PlatformFigure, "What a platform states of itself. In no other figure.")


class SessionFigures(Answer):
    key = string("Stable: the same in event files and reports.")
    title = string()
    speakers = many(fields.String())
    planned_start = moment()
    planned_end = moment()
    started_at = moment("As pressed by the chair; null if nobody did.", unknown=True)
    ended_at = moment(unknown=True)
    people = whole("Present at any instant of it.", unknown=True)
    stayed = whole("Present at least the event's minimum stay, else five minutes or half of the item, whichever is shorter.", unknown=True)  # fmt: skip
    at_start = whole(unknown=True)
    peak = whole(unknown=True)
    minutes = decimal(unknown=True)
    average = decimal("Minutes per person present.", unknown=True)


class Figures(Answer):
    event = string("The event's slug.")
    as_of = moment()
    method = word([METHOD], "Names the definitions; it changes when one of them does.")
    signups = one(SignupCounts, "By status. Erased ones keep the status they had.")
    attendance = one(Attendance, "Of the audience: hosts, speakers and panelists are counted apart, as crew.")  # fmt: skip
    sessions = many(SessionFigures, "In the order of the agenda, each cut to when it really was; as planned if that was not recorded. Its figures are null if no source measured presence.")  # fmt: skip
