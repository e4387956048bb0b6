"""The messages about an event besides the answers to a person's own acts, one small function each.

Rendered once for all who read the same language, and completed with each person's own words.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import force_locale

from webapp import i18n
from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import outbox, unsubscribing
from webapp.mail.letters import Composed
from webapp.mail.outbox import Lane
from webapp.mail.unsubscribing import MailList
from webapp.mailing import writing
from webapp.mailing.models import MailingText
from webapp.mailing.told import Facts
from webapp.signup import calendar, lettering, links, local_times
from webapp.signup.models import Signup
from webapp.templating import absolute_url, period, zone_name


def _composed(
    message: str,
    event: Event,
    signup: Signup,
    at: dt.datetime,
    words: dict[str, str],
    *,
    lane: Lane,
    expires_at: dt.datetime | None,
    found: links.Links | None = None,
    method: calendar.Method | None = None,
    is_news: bool = False,
    is_test: bool = False,
    language: str | None = None,
    text: MailingText | None = None,
    key: str = "",
    **flags: Any,
) -> Composed:
    """``words`` are this person's own, links among them; ``flags`` the same for many: they choose between
    the template's texts. ``is_news``: not about the person's own sign-up, so it can be ended. ``text`` is
    what an organiser wrote; the organisers may also have words of their own for ours, by their ``key``
    (the message's name as a rule). A test goes to an organiser and belongs to nobody's sign-up."""
    language = language or signup.language
    secrets = [word for name, word in words.items() if name.endswith("_url") and word]
    unsubscribe_url = None
    if is_news:
        mail_list = MailList(event.host_key, event.id)
        ending = unsubscribing.url(mail_list, signup.email or "")
        unsubscribe_url = words["unsubscribe_url"] = i18n.named_for(ending, language)
    words["name"] = outbox.isolated(outbox.plain_name(signup.name or ""))
    if text is None:
        letter = lettering.letter(message, event, words, flags, language, key=key)
    else:
        letter = writing.letter(text, event, words, flags)
    event = texts.shown(event, language)

    def post() -> None:
        outbox.post(
            message,
            letter,
            words,
            to_address=signup.email or "",
            to_name=signup.name or "",
            at=at,
            event_id=None if is_test else event.id,
            person=None if is_test else signup.public_id,
            calendar=calendar.entry(event, signup, at, method, found) if method else None,
            calendar_method=method if method != "PUBLISH" else None,
            lane=lane,
            expires_at=expires_at,
            secrets=secrets,
            is_sample=signup.is_sample,
            unsubscribe_url=unsubscribe_url,
        )

    hidden = (*secrets, unsubscribe_url) if unsubscribe_url else tuple(secrets)
    return Composed(message, letter, words, hidden, post)


def changed(
    event: Event, signup: Signup, at: dt.datetime, before: Facts, after: Facts, *, knew: bool
) -> Composed:
    """It takes place at another time or place. What it was before stands there for those who ``knew``.
    ``event`` is as it is in ``after``. The join link stays the same."""
    found = links.of(signup)
    has_place = signup.status == "confirmed"
    with force_locale(signup.language):
        here = after.timezone
        own = local_times.period(after.starts_at, after.ends_at, here, signup)
        old = period(before.starts_at, before.ends_at, before.timezone)
        was = f"{old} ({zone_name(before.timezone)})"
        own_was = local_times.period(before.starts_at, before.ends_at, here, signup) if own else ""
    moved = after.moved(before) or not knew
    words = {
        "my_url": found.my,
        "join_url": found.join if has_place else "",
        "cancel_url": found.cancel,
        "local_time": own,
        "was_time": was if moved and knew else "",
        "own_was": own_was if moved and knew else "",
    }
    return _composed(
        "changed", event, signup, at, words, found=found, method="REQUEST" if has_place else None,
        lane="reminder", expires_at=event.closes_by, moved=moved,
        elsewhere=after.elsewhere(before) or not knew, was_mode=before.mode,
    )  # fmt: skip


def event_cancelled(event: Event, signup: Signup, at: dt.datetime) -> Composed:
    """It was called off: the calendar follows."""
    found = links.of(signup)
    return _composed(
        "event_cancelled", event, signup, at, {"my_url": found.my}, found=found,
        method="CANCEL" if signup.status == "confirmed" else None,
        lane="reminder", expires_at=event.ends_at,
    )  # fmt: skip


def reminder(event: Event, signup: Signup, at: dt.datetime) -> Composed:
    """Still coming? Early enough to give the place back."""
    found = links.of(signup)
    own = local_times.period(event.starts_at, event.ends_at, event.timezone, signup)
    words = {
        "my_url": found.my, "join_url": found.join, "cancel_url": found.cancel, "local_time": own,
    }  # fmt: skip
    return _composed(
        "reminder", event, signup, at, words, lane="reminder", expires_at=event.live_from
    )


def join_now(event: Event, signup: Signup, at: dt.datetime, *, is_on: bool = False) -> Composed:
    """It begins soon: the button that leads to the door. ``is_on``: it has begun, and there is more to
    come."""
    found = links.of(signup)
    own = local_times.period(event.starts_at, event.ends_at, event.timezone, signup)
    words = {"my_url": found.my, "join_url": found.join, "local_time": own}
    return _composed(
        "join_now",
        event,
        signup,
        at,
        words,
        lane="reminder",
        expires_at=event.closes_by,
        key="is_on" if is_on else "join_now",
        is_on=is_on,
    )


# What follows the evening is of use for weeks, and then it is a mail nobody expects any more.
NEWS_FOR = dt.timedelta(days=14)


def thank_you(
    event: Event,
    signup: Signup,
    at: dt.datetime,
    *,
    recording_url: str,
    report_url: str,
    stayed: bool = False,
) -> Composed:
    """They came: thanks, and where to see it again and read about it. ``stayed``: it goes only to those
    who stayed so long, and organisers may have other words for them."""
    return _composed(
        "thank_you", event, signup, at, {"my_url": links.my_url(signup)}, lane="blast",
        expires_at=at + NEWS_FOR, is_news=True, key="stayed" if stayed else "thank_you",
        recording_url=recording_url, report_url=report_url,
    )  # fmt: skip


def missed_you(
    event: Event,
    signup: Signup,
    at: dt.datetime,
    *,
    recording_url: str,
    report_url: str,
    door_only: bool,
) -> Composed:
    """They had a place and were not seen. ``door_only``: it is only known who went through our door."""
    return _composed(
        "missed_you", event, signup, at, {"my_url": links.my_url(signup)}, lane="blast",
        expires_at=at + NEWS_FOR, is_news=True, recording_url=recording_url, report_url=report_url,
        door_only=door_only,
    )  # fmt: skip


def report_published(
    event: Event, signup: Signup, at: dt.datetime, *, report_url: str, headline: str
) -> Composed:
    """The report of the evening is there to read."""
    return _composed(
        "report_published", event, signup, at, {"my_url": links.my_url(signup)}, lane="blast",
        expires_at=at + NEWS_FOR, is_news=True, report_url=report_url, headline=headline,
    )  # fmt: skip


def blast(
    event: Event, signup: Signup, at: dt.datetime, text: MailingText, *, is_test: bool = False
) -> Composed:
    """What an organiser wrote. In a test the links lead to the public page: nobody can act for anybody."""
    found = links.of(signup)
    has_place = signup.status == "confirmed" and event.state != "cancelled"
    words = {
        "my_url": found.my,
        "join_url": found.join if has_place and event.mode != "in_person" else "",
        "cancel_url": found.cancel if has_place else "",
    }
    if is_test:
        words = dict.fromkeys(words, absolute_url("public.event", slug=event.slug))
    is_coming = event.phase(at) in ("before", "live")
    return _composed(
        "blast", event, signup, at, words, lane="own" if is_test else "blast",
        expires_at=event.closes_by if is_coming else at + NEWS_FOR, is_news=True, language=text.language,
        text=text, is_test=is_test, says_test=is_test,
    )  # fmt: skip
