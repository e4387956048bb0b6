"""The mails about an event besides the answers to a person's own acts, as organisers may write them in
their own words: what each has by default, and what stays ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.events.models import Event
from webapp.mail import kinds, placeholders
from webapp.mail.kinds import Essential, Example, Exemplify, Kind, Section, Text
from webapp.mail.placeholders import Placeholder
from webapp.mail.vocabulary import (
    AFTERWARDS,
    CANCEL_BUTTON,
    CANCEL_LINK,
    CHANGES,
    ESSENTIAL_GIVE_BACK,
    ESSENTIAL_INVITE,
    ESSENTIAL_JOIN,
    ESSENTIAL_PAGE,
    ESSENTIAL_WHEN,
    EVENT,
    EVENT_PAGE,
    EVERYWHERE,
    HEADLINE,
    IN_SHORT,
    INVITE_OTHERS,
    JOIN_BUTTON,
    JOIN_LINK,
    MY_PAGE,
    MY_PAGE_BUTTON,
    NAME,
    NEWS,
    RECORDING_LINK,
    REPORT_BUTTON,
    REPORT_LINK,
    WHEN_BOX,
    body,
    essential,
    hello,
    own_page,
)
from webapp.mailing import queries
from webapp.signup import local_times
from webapp.signup.people import Person
from webapp.templating import absolute_url, period, zone_name


def _page() -> str:
    return f"[{_('Your own page')}]({MY_PAGE})"


def _agenda() -> str:
    return f"{_page()} {_('has the agenda.')}"


def _page_and_data() -> str:
    return f"{_page()}{_(', where you can also have your data deleted.')}"


def _cannot_come() -> str:
    return f"{_('Cannot come then?')} [{_('Give your place back')}]({CANCEL_LINK})"


_AGENDA = essential(MY_PAGE, MY_PAGE_BUTTON, what=_l("the person's own page"), add=_agenda)
_DATA = essential(MY_PAGE, MY_PAGE_BUTTON, what=_l("the person's own page"), add=_page_and_data)
_CHANGES = essential(CHANGES, what=_l("what is new, and how it was before"))
_AFTERWARDS = essential(AFTERWARDS, RECORDING_LINK, REPORT_LINK, what=_l("where to see it again and read about it"))  # fmt: skip
_HEADLINE = essential(HEADLINE, what=_l("how many came, as the report says it"))
_REPORT = essential(REPORT_BUTTON, REPORT_LINK, what=_l("the way to the report"))


def _reminder() -> Text:
    coming = _("Still coming? Then you need not do anything.")
    cannot = _("Cannot come after all? One press gives your place back, so that somebody else can have it:")  # fmt: skip
    return Text(
        _("Still coming? %(title)s", title=str(EVENT)),
        body(
            hello(_("you have a place.")), WHEN_BOX, f"{coming} {cannot}", CANCEL_BUTTON, JOIN_BUTTON,
            own_page(), INVITE_OTHERS,
        ),
    )  # fmt: skip


def _at_the_door(subject: str, sentence: str) -> Text:
    return Text(subject, body(hello(sentence), WHEN_BOX, JOIN_BUTTON, _agenda(), INVITE_OTHERS))


def _join_now() -> Text:
    return _at_the_door(f"{IN_SHORT}: {EVENT}", _("it begins soon:"))


def _is_on() -> Text:
    return _at_the_door(_("It is on: %(title)s", title=str(EVENT)), _("it is on, and there is more to come:"))  # fmt: skip


def _changed() -> Text:
    return Text(
        f"{IN_SHORT}: {EVENT}",
        body(hello(str(NEWS)), CHANGES, _page(), _cannot_come(), INVITE_OTHERS),
    )


def _event_cancelled() -> Text:
    return Text(
        _("Called off: %(title)s", title=str(EVENT)),
        body(
            hello(_("this event was called off and will not take place:")), WHEN_BOX,
            _("You need not do anything; it disappears from your calendar. We are sorry."),
            _page_and_data(),
        ),
    )  # fmt: skip


def _thank_you() -> Text:
    return Text(
        _("Thank you for coming: %(title)s", title=str(EVENT)),
        body(
            hello(_("thank you for being part of it.")), AFTERWARDS,
            f"{_('The page of the event, to pass on:')}\n{EVENT_PAGE}", _page_and_data(),
        ),
    )  # fmt: skip


def _missed_you() -> Text:
    return Text(
        _("Sorry we missed you: %(title)s", title=str(EVENT)),
        body(
            hello(str(NEWS)), AFTERWARDS, f"{_('The page of the event:')}\n{EVENT_PAGE}", _page_and_data()
        ),
    )  # fmt: skip


def _report_published() -> Text:
    return Text(
        _("The report is there: %(title)s", title=str(EVENT)),
        body(
            hello(_("the report of %(title)s is published.", title=str(EVENT))), HEADLINE, REPORT_BUTTON,
            _("It is public, so pass it on to whomever you like."),
        ),
    )  # fmt: skip


def _say_door(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    return {"in_short": _("It begins soon") if event.mode == "in_person" else _("Join here")}


def _say_changed(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:  # fmt: skip
    if not flags["moved"]:
        return {"in_short": _("New place"), "news": _("this event takes place elsewhere:")}
    both = _("time and place of this event are new:")
    return {
        "in_short": _("New time"),
        "news": both if flags["elsewhere"] else _("this event has a new time:"),
    }


def _say_missed(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    if flags["door_only"]:
        return {"news": _("you had a place, and nobody came through our door by your link. If you were there all the same: thank you!")}  # fmt: skip
    return {"news": _("you had a place, and we are sorry that we missed you.")}


def _say_report(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    return {"headline": str(flags["headline"])}


def _moved_by_a_day(event: Event, person: Person, at: dt.datetime) -> Example:
    """As if it had been a day earlier."""
    start, end = (moment - dt.timedelta(days=1) for moment in (event.starts_at, event.ends_at))
    zone = event.timezone
    words = {
        "was_time": f"{period(start, end, zone)} ({zone_name(zone)})",
        "own_was": local_times.period(start, end, zone, person),
    }
    return Example(words, {"moved": True, "elsewhere": False, "was_mode": event.mode})


def _after(**flags: Any) -> Exemplify:
    def example(event: Any, person: Any, at: dt.datetime) -> Example:
        report = absolute_url("report.show", slug=event.slug)
        # Without one the event's page stands for it, so that it can be seen what there would be.
        plan = queries.plan_of(event.id)
        recording = (plan.recording_url if plan else "") or absolute_url(
            "public.event", slug=event.slug
        )
        return Example(flags={"recording_url": recording, "report_url": report} | flags)

    return example


def _published(event: Event, person: Person, at: dt.datetime) -> Example:
    report = absolute_url("report.show", slug=event.slug)
    headline = _("Here stands the headline of the report, with the number in it.")
    return Example(flags={"report_url": report, "headline": headline})


def _kind(
    key: str, section: Section, title: object, sent: object, *more: Placeholder, essentials: tuple[Essential, ...],
    **others: Any,
) -> Kind:  # fmt: skip
    known = placeholders.known(NAME, *EVERYWHERE, *more, EVENT_PAGE, WHEN_BOX)
    return Kind(
        key=key, message=others.pop("message", key), section=section, title=title, sent=sent,
        placeholders=known, essentials=essentials, page_button=lambda: _("Your own page"), **others,
    )  # fmt: skip


_BEFORE = Section(30, _l("Reminders"))
_MOVES = Section(40, _l("When something changes"))
_PAST = Section(50, _l("Afterwards"))
_PLACE = (MY_PAGE, JOIN_LINK, CANCEL_LINK, JOIN_BUTTON, CANCEL_BUTTON, MY_PAGE_BUTTON, INVITE_OTHERS)  # fmt: skip
_DOOR = (MY_PAGE, JOIN_LINK, JOIN_BUTTON, MY_PAGE_BUTTON, INVITE_OTHERS)
_SEEN = (RECORDING_LINK, REPORT_LINK, MY_PAGE, AFTERWARDS, MY_PAGE_BUTTON)
_AT_THE_DOOR = (ESSENTIAL_WHEN, ESSENTIAL_JOIN, _AGENDA, ESSENTIAL_INVITE)

kinds.declare(
    _kind("reminder", _BEFORE, _l("Still coming?"), _l("Three hours or more before the start, as the schedule says."), *_PLACE,
          essentials=(ESSENTIAL_WHEN, ESSENTIAL_GIVE_BACK, ESSENTIAL_JOIN, ESSENTIAL_PAGE, ESSENTIAL_INVITE),
          default=_reminder),
    _kind("join_now", _BEFORE, _l("It begins soon"), _l("Shortly before the start, as the schedule says."), IN_SHORT, *_DOOR,
          essentials=_AT_THE_DOOR, default=_join_now, say=_say_door,
          example=lambda event, person, at: Example(flags={"is_on": False})),
    _kind("is_on", _BEFORE, _l("It is on"), _l("Before the end, if the schedule has such a reminder."), *_DOOR,
          essentials=_AT_THE_DOOR, default=_is_on, message="join_now",
          example=lambda event, person, at: Example(flags={"is_on": True})),
    _kind("changed", _MOVES, _l("New time or place"), _l("When you move the event, after five minutes in which you can stop it."), NEWS, IN_SHORT, CHANGES, *_PLACE,
          essentials=(_CHANGES, essential(MY_PAGE, MY_PAGE_BUTTON, what=_l("the person's own page"), add=_page),
                      essential(CANCEL_LINK, CANCEL_BUTTON, what=_l("the way to give the place back"), add=_cannot_come), ESSENTIAL_INVITE),
          default=_changed, say=_say_changed, example=_moved_by_a_day),
    _kind("event_cancelled", _MOVES, _l("Called off"), _l("When you call the event off, after five minutes in which you can stop it."), MY_PAGE, MY_PAGE_BUTTON,
          essentials=(ESSENTIAL_WHEN, _DATA), default=_event_cancelled),
    _kind("thank_you", _PAST, _l("Thank you for coming"), _l("After the end, when you send it, to those who came."), *_SEEN,
          essentials=(_AFTERWARDS, _DATA), default=_thank_you, example=_after(), is_news=True),
    _kind("stayed", _PAST, _l("Thank you for staying"), _l("After the end, when you send it only to those who stayed long enough."), *_SEEN,
          essentials=(_AFTERWARDS, _DATA), default=_thank_you, message="thank_you", example=_after(), is_news=True),
    _kind("missed_you", _PAST, _l("Sorry we missed you"), _l("After the end, when you send it, to those who had a place and did not come."), NEWS, *_SEEN,
          essentials=(_AFTERWARDS, _DATA), default=_missed_you, say=_say_missed, example=_after(door_only=False), is_news=True),
    _kind("report_published", _PAST, _l("The report is published"), _l("When the report is out and you send it."), HEADLINE, REPORT_LINK, MY_PAGE, REPORT_BUTTON, MY_PAGE_BUTTON,
          essentials=(_HEADLINE, _REPORT), default=_report_published, say=_say_report, example=_published, is_news=True),
)  # fmt: skip
