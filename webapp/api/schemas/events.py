"""The list of events, and one event as an event file."""

from __future__ import annotations

from marshmallow import fields

from webapp.agenda.models import KINDS, SPEAKER_ROLES
from webapp.api.schemas.common import Answer, many, moment, one, string, whole, word, yes_no
from webapp.events.models import MODES, PRESENCE, STATES
from webapp.signup.models import QUESTION_TYPES

PHASES = ("draft", "cancelled", "before", "live", "over")


class EventEntry(Answer):
    slug = string("Its address: /events/<slug>.")
    title = string()
    state = word(STATES)
    phase = word(PHASES, "Where it stands as of now. Live until somebody ends it, or 60 minutes after the planned end.")  # fmt: skip
    starts_at = moment("As planned.")
    ends_at = moment("As planned.")
    timezone = string("IANA name of the zone it is announced in.")
    is_sample = yes_no("One of the sample events: nobody in it is real.")


class Events(Answer):
    as_of = moment()
    events = many(EventEntry)


class Target(Answer):
    """Where the door leads, the first one first."""

    label = string(left_out=True)
    url = string()
    language = string(left_out=True)


class Host(Answer):
    key = string()
    name = string()
    url = string(left_out=True)


class EventFields(Answer):
    slug = string()
    title = string()
    summary = string()
    description = string("Markdown.")
    language = string()
    starts_at = moment("With the offset of the event's zone.")
    ends_at = moment("With the offset of the event's zone.")
    timezone = string("IANA name.")
    mode = word(MODES)
    targets = many(Target)
    capacity = whole("Places; null for as many as come.", unknown=True)
    approval = yes_no("Somebody approves each sign-up.")
    confirm_address = yes_no("People prove their address before they have a place.")
    presence = word(PRESENCE, "How one knows who was there.")
    host = one(Host)
    cohosts = many(Host)
    retention_days = whole("Days after the end until names are deleted.")
    min_stay_minutes = whole("Minutes in a session that count as having stayed.", left_out=True)
    opens_at = moment("Sign-up opens.", left_out=True)
    closes_at = moment("Sign-up closes.", left_out=True)
    languages = many(fields.String(), left_out=True)
    access_needs = many(fields.String(), "What is offered.", left_out=True)
    accent = string("#rrggbb.", left_out=True)


class Condition(Answer):
    key = string("Of an earlier question.")
    equals = fields.Raw(required=True, metadata={"description": "The answer that shows this one."})


class Question(Answer):
    key = string()
    label = string()
    type = word(QUESTION_TYPES)
    choices = many(fields.String(), left_out=True)
    required = yes_no()
    show_if = one(Condition, unknown=True)
    help = string("A sentence below the question.", left_out=True)
    min = fields.Float(metadata={"description": "Of a number: the smallest there may be."})
    max = fields.Float(metadata={"description": "Of a number: the largest there may be."})


class Speaker(Answer):
    name = string()
    role = word(SPEAKER_ROLES)
    title = string(left_out=True)
    affiliation = string(left_out=True)
    bio = string(left_out=True)
    url = string(left_out=True)
    say = string("How to say the name.", left_out=True)
    intro = string("Two lines to introduce them with.", left_out=True)


class Item(Answer):
    key = string("Stable: the same in figures and reports.")
    title = string()
    summary = string(left_out=True)
    kind = word(KINDS)
    minutes = whole()
    speakers = many(Speaker)


class MailWords(Answer):
    subject = string()
    body = string("Markdown with placeholders.")


class EventFile(Answer):
    event = one(EventFields)
    questions = many(Question)
    agenda = many(Item, "The running order. An item's start follows from the minutes before it.")
    translations = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.String()),
        metadata={"description": "By language, and there by place: title, agenda/<key>/title, questions/<key>/label."},
    )  # fmt: skip
    mails = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Nested(MailWords)),
        metadata={
            "description": "Organisers' own words for mails: by language, and there by message."
        },
    )
