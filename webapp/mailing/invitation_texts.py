"""The invitation and its reminder, as organisers may write them in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.events.models import Event
from webapp.mail import kinds, placeholders
from webapp.mail.kinds import Example, Kind, Section, Text
from webapp.mail.vocabulary import (
    ESSENTIAL_WHEN,
    EVENT,
    EVENT_PAGE,
    EVERYWHERE,
    GREETING,
    HOST,
    INVITATION_BUTTON,
    INVITATION_LINK,
    SUMMARY,
    WHEN_BOX,
    body,
    essential,
)

_FORM = essential(INVITATION_BUTTON, INVITATION_LINK, what=_l("the way to say yes"))


def _about() -> str:
    return f"[{_('What it is about')}]({EVENT_PAGE})"


_ABOUT = essential(EVENT_PAGE, what=_l("the event's page"), add=_about)


def _invites(subject: str, sentence: str) -> Text:
    return Text(
        subject, body(f"{GREETING} {sentence}", WHEN_BOX, SUMMARY, INVITATION_BUTTON, _about())
    )


def _first() -> Text:
    return _invites(
        _("You are invited: %(title)s", title=str(EVENT)),
        _("%(host)s invites you:", host=str(HOST)),
    )


def _again() -> Text:
    return _invites(
        _("Will you come? %(title)s", title=str(EVENT)),
        _(
            "%(host)s invited you and has not heard from you. You are still welcome:",
            host=str(HOST),
        ),
    )


def _say(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    """Of those who are invited the name is often not known."""
    name = words["name"]
    return {"greeting": _("Hello %(name)s,", name=name) if name else _("Hello,")}


_SECTION = Section(10, _l("Invitations"))


def _kind(key: str, title: object, sent: object, default: Callable[[], Text]) -> Kind:
    again = key == "invitation_again"
    return Kind(
        key=key, message="invitation", section=_SECTION, title=title, sent=sent,
        placeholders=placeholders.known(
            GREETING, *EVERYWHERE, INVITATION_LINK, EVENT_PAGE, WHEN_BOX, SUMMARY, INVITATION_BUTTON
        ),
        default=default, essentials=(ESSENTIAL_WHEN, _FORM, _ABOUT), say=_say,
        example=lambda event, person, at: Example(flags={"again": again}), is_news=True,
    )  # fmt: skip


kinds.declare(
    _kind("invitation", _l("The invitation"), _l("When you invite people."), _first),
    _kind("invitation_again", _l("The invitation once more"), _l("When you remind those who have not answered."), _again),
)  # fmt: skip
