"""The messages of a sign-up that organisers may write in their own words: what each is, what it has by
default, and what it cannot do without."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.events.models import Event
from webapp.mail import kinds, placeholders
from webapp.mail.kinds import Essential, Example, Exemplify, Kind, Section, Text
from webapp.mail.placeholders import Placeholder
from webapp.mail.vocabulary import (
    CANCEL_BUTTON,
    CANCEL_LINK,
    CONFIRM_BUTTON,
    CONFIRM_LINK,
    DEADLINE,
    ERASE_BUTTON,
    ESSENTIAL_GIVE_BACK,
    ESSENTIAL_INVITE,
    ESSENTIAL_JOIN,
    ESSENTIAL_PAGE,
    ESSENTIAL_STANDING,
    ESSENTIAL_WHEN,
    EVENT,
    EVENT_PAGE,
    EVERYWHERE,
    INVITE_OTHERS,
    JOIN_BUTTON,
    JOIN_LINK,
    MY_PAGE,
    MY_PAGE_BUTTON,
    NAME,
    NEWS,
    REASON,
    WHEN_BOX,
    body,
    essential,
    give_back,
    hello,
    own_page,
)
from webapp.signup import local_times
from webapp.signup.people import Person


def _take_back() -> str:
    return f"{_('Changed your mind?')} [{_('Take your sign-up back')}]({CANCEL_LINK})"


def _no_thanks() -> str:
    return f"{_('Cannot come after all?')} [{_('No, thanks: give it to the next person')}]({CANCEL_LINK})"


_TAKE_BACK = essential(CANCEL_LINK, CANCEL_BUTTON, what=_l("the way to take the sign-up back"), add=_take_back)  # fmt: skip
_NO_THANKS = essential(CANCEL_LINK, CANCEL_BUTTON, what=_l("the way to say no"), add=_no_thanks)
_CONFIRM = essential(CONFIRM_BUTTON, CONFIRM_LINK, what=_l("the way to prove the address"))
_REASON = essential(REASON, what=_l("your reason"))
_ERASE = essential(ERASE_BUTTON, what=_l("the way to delete the data, and what that means"))
_UNTIL = essential(DEADLINE, what=_l("until when the place is kept"), add=lambda: _("It is kept for you until %(deadline)s.", deadline=str(DEADLINE)))  # fmt: skip


def _confirmed() -> Text:
    return Text(
        _("You have a place: %(title)s", title=str(EVENT)),
        body(hello(str(NEWS)), str(WHEN_BOX), str(JOIN_BUTTON), own_page(), give_back(), str(INVITE_OTHERS)),
    )  # fmt: skip


def _approved() -> Text:
    return Text(
        _("Approved, you have a place: %(title)s", title=str(EVENT)),
        body(
            hello(_("the organisers have approved your sign-up: you have a place.")), str(WHEN_BOX),
            str(JOIN_BUTTON), own_page(), give_back(), str(INVITE_OTHERS),
        ),
    )  # fmt: skip


def _confirm_address() -> Text:
    return Text(
        _("Please confirm your address: %(title)s", title=str(EVENT)),
        body(
            hello(str(NEWS)), str(CONFIRM_BUTTON), str(WHEN_BOX),
            "[" + _("The event's page") + f"]({EVENT_PAGE})",
        ),
    )  # fmt: skip


def _waiting_for_approval() -> Text:
    news = _("your sign-up has arrived. The organisers look at each one and then write to you; until they do, you have no place yet.")  # fmt: skip
    return Text(
        _("We have your sign-up: %(title)s", title=str(EVENT)),
        body(hello(news), str(WHEN_BOX), str(MY_PAGE_BUTTON), _take_back(), str(INVITE_OTHERS)),
    )


def _waitlisted() -> Text:
    more = _("When somebody gives their place up, it goes to whoever has waited longest, and we write to you when it is your turn.")  # fmt: skip
    return Text(
        _("You are on the waiting list: %(title)s", title=str(EVENT)),
        body(
            f"{hello(str(NEWS))} {more}", str(WHEN_BOX), str(MY_PAGE_BUTTON), _take_back(),
            str(INVITE_OTHERS),
        ),
    )  # fmt: skip


def _offer() -> Text:
    news = _("somebody has given their place up, and it is your turn. It is kept for you until:")
    page = _("The page has a button that makes it yours. After that moment the place goes to the next person.")  # fmt: skip
    return Text(
        _("A place is free for you: %(title)s", title=str(EVENT)),
        body(
            hello(news) + f" **{DEADLINE}**",
            str(MY_PAGE_BUTTON),
            page,
            str(WHEN_BOX),
            _no_thanks(),
            str(INVITE_OTHERS),
        ),
    )


def _offer_lapsed() -> Text:
    news = _("a place was kept for you, and the time for it is over. It has gone to the next person.")  # fmt: skip
    again = _("Would you still like to come? On your own page you can wait for another place:")
    return Text(
        _("The place went to the next person: %(title)s", title=str(EVENT)),
        body(hello(news), str(WHEN_BOX), again, str(MY_PAGE_BUTTON)),
    )


def _link_again() -> Text:
    page = f"[{_('Your own page')}]({MY_PAGE})"
    news = _("here are your links once more. They are the same as before.")
    return Text(
        _("Your link again: %(title)s", title=str(EVENT)),
        body(hello(news), str(WHEN_BOX), str(JOIN_BUTTON), page, give_back(), str(INVITE_OTHERS)),
    )


def _declined() -> Text:
    news = _("thank you for wanting to come. The organisers could not give you a place this time.")
    return Text(
        _("About your sign-up: %(title)s", title=str(EVENT)),
        body(hello(news), str(REASON), str(WHEN_BOX)),
    )


def _gave_back() -> Text:
    slip = _("Was it a slip? On your own page you can come back:")
    return Text(
        _("You gave your place back: %(title)s", title=str(EVENT)),
        body(hello(str(NEWS)), str(WHEN_BOX), slip, str(MY_PAGE_BUTTON)),
    )


def _taken_back() -> Text:
    return Text(
        _("Your place was taken back: %(title)s", title=str(EVENT)),
        body(hello(str(NEWS)), str(REASON), str(WHEN_BOX)),
    )


def _erase_link() -> Text:
    asked = _("you asked to have your data deleted at “%(title)s”. This page does it, within the next 24 hours and when you press its button:", title=str(EVENT))  # fmt: skip
    return Text(
        _("Delete your data: %(title)s", title=str(EVENT)), body(hello(asked), ERASE_BUTTON)
    )


_SECTION = Section(20, _l("Signing up"))


def _kind(
    message: str, title: object, sent: object, default: Callable[[], Text], more: tuple[Placeholder, ...],
    essentials: tuple[Essential, ...] = (), *, key: str = "", is_first: bool = False,
) -> Kind:  # fmt: skip
    key = key or message

    def say(event: Event, flags: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
        return {"news": news(key, flags, event), "deadline": words.get("deadline", "")}

    return Kind(
        key=key, message=message, section=_SECTION, title=title, sent=sent,
        placeholders=placeholders.known(NAME, *EVERYWHERE, *more, EVENT_PAGE, WHEN_BOX), default=default,
        essentials=essentials, say=say, example=_example(key), page_button=lambda: page_button(key),
        is_first=is_first,
    )  # fmt: skip


# Of the texts that a template chooses from, the one that most people get.
_FLAGS: dict[str, dict[str, Any]] = {
    "confirmed": {"returning": False},
    "waitlisted": {"approved": False},
    "gave_back": {"by": "person", "had_place": True},
    "taken_back": {"by": "organiser", "had_place": True},
}


def _example(key: str) -> Exemplify:
    def example(event: Event, person: Person, at: dt.datetime) -> Example:
        words = {
            "deadline": local_times.moment(at + dt.timedelta(hours=24), event, person),
            "reason": _("Here stands what you write to the person.") if key in ("declined", "taken_back") else "",
        }  # fmt: skip
        return Example(words, _FLAGS.get(key, {}))

    return example


_PLACE = (NEWS, MY_PAGE, JOIN_LINK, CANCEL_LINK, JOIN_BUTTON, MY_PAGE_BUTTON, CANCEL_BUTTON, INVITE_OTHERS)  # fmt: skip
_WAITS = (MY_PAGE, CANCEL_LINK, MY_PAGE_BUTTON, INVITE_OTHERS)
_HAS_PLACE = (ESSENTIAL_WHEN, ESSENTIAL_JOIN, ESSENTIAL_PAGE, ESSENTIAL_GIVE_BACK, ESSENTIAL_INVITE)  # fmt: skip
_WAITING = (ESSENTIAL_WHEN, ESSENTIAL_STANDING, _TAKE_BACK, ESSENTIAL_INVITE)

kinds.declare(
    _kind("confirm_address", _l("Please confirm your address"), _l("At once, if people have to prove their address first."),
          _confirm_address, (NEWS, CONFIRM_LINK, CONFIRM_BUTTON), (_CONFIRM, ESSENTIAL_WHEN), is_first=True),
    _kind("confirmed", _l("You have a place"), _l("At once, or as soon as the address is confirmed; also to somebody who comes back."),
          _confirmed, _PLACE, _HAS_PLACE, is_first=True),
    _kind("waiting_for_approval", _l("We have your sign-up"), _l("At once, if you look at each sign-up before it gets a place."),
          _waiting_for_approval, _WAITS, _WAITING, is_first=True),
    _kind("approved", _l("Approved"), _l("When you approve a sign-up."), _approved, _PLACE[1:], _HAS_PLACE),
    _kind("declined", _l("Declined"), _l("When you decline a sign-up."), _declined, (REASON,), (_REASON,)),
    _kind("waitlisted", _l("On the waiting list"), _l("When all places are taken."), _waitlisted,
          (NEWS, *_WAITS), _WAITING, is_first=True),
    _kind("offer", _l("A place is free"), _l("When it is somebody's turn on the waiting list."), _offer,
          (DEADLINE, MY_PAGE, CANCEL_LINK, MY_PAGE_BUTTON, INVITE_OTHERS), (_UNTIL, ESSENTIAL_STANDING, ESSENTIAL_WHEN, _NO_THANKS, ESSENTIAL_INVITE)),
    _kind("offer_lapsed", _l("The offer is over"), _l("When nobody took an offered place in time."), _offer_lapsed,
          (MY_PAGE, MY_PAGE_BUTTON), (ESSENTIAL_WHEN, ESSENTIAL_STANDING)),
    _kind("link_again", _l("The link again"), _l("When somebody asks for their link, or signs up a second time."), _link_again,
          _PLACE[1:], _HAS_PLACE),
    _kind("cancelled", _l("Somebody gave their place back"), _l("When somebody cancels, to say that it worked."), _gave_back,
          (NEWS, MY_PAGE, MY_PAGE_BUTTON), (ESSENTIAL_STANDING,), key="gave_back"),
    _kind("cancelled", _l("You took a place back"), _l("When an organiser cancels somebody's sign-up."), _taken_back,
          (NEWS, REASON), (_REASON,), key="taken_back"),
    _kind("erase_link", _l("Delete your data"), _l("When somebody asks to have their data deleted."), _erase_link,
          (ERASE_BUTTON,), (_ERASE,)),
)  # fmt: skip


def news(key: str, flags: Mapping[str, object], event: Event) -> str:
    """The sentence that says what has happened, as the default says it to this person."""
    match key:
        case "confirmed":
            return _("good that you are back. You have your place.") if flags.get("returning") else _("you have a place.")  # fmt: skip
        case "confirm_address":
            more = _("The organisers then look at your sign-up.") if event.approval else _("That gives you your place.")  # fmt: skip
            return f"{_('one more step: open this page within 48 hours and press its button, so that we know that this address is yours.')} {more}"
        case "waitlisted" if flags.get("approved"):
            return _("the organisers have approved your sign-up. All places are taken just now, so you are on the waiting list.")  # fmt: skip
        case "waitlisted":
            return _("all places are taken just now, so you are on the waiting list.")
        case "gave_back" if not flags.get("had_place"):
            return _("you took your sign-up back.")
        case "gave_back":
            return _("you gave your place back. It can now go to somebody else, and the entry in your calendar goes too.")  # fmt: skip
        case "taken_back" if not flags.get("had_place"):
            return _("the organisers have taken your sign-up back.")
        case "taken_back":
            return _("the organisers have taken your place back, and the entry in your calendar goes too.")  # fmt: skip
    return ""


def page_button(key: str) -> str:
    """What the button to the person's own page says."""
    return {
        "offer": _("To my place"),
        "offer_lapsed": _("Wait for another place"),
        "gave_back": _("I want to come after all"),
        "confirmed": _("Your own page"),
        "approved": _("Your own page"),
        "link_again": _("Your own page"),
    }.get(key, _("See how it stands"))
