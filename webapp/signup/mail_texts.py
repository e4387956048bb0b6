"""The messages of a sign-up that organisers may write in their own words: what each is, what it has by
default, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.events.models import Event
from webapp.mail import placeholders
from webapp.mail.placeholders import Placeholder, Values, Written
from webapp.mail.texts import Essential, Kind, Text
from webapp.templating import period, zone_name

NAME = Placeholder("name", "word", _l("what the person is called"))
EVENT = Placeholder("event", "word", _l("the title of the event"))
WHEN = Placeholder("when", "word", _l("day, time and zone, within a sentence"))
HOST = Placeholder("host", "word", _l("who hosts the event"))
NEWS = Placeholder(
    "news", "word", _l("what has happened, in a sentence of ours that fits the person")
)
DEADLINE = Placeholder("deadline", "word", _l("until when the place is kept"))
EVENT_PAGE = Placeholder("event_page", "link", _l("the public page of the event"))
MY_PAGE = Placeholder("my_page", "link", _l("the person's own page"))
JOIN_LINK = Placeholder("join_link", "link", _l("the person's link to join"))
CANCEL_LINK = Placeholder("cancel_link", "link", _l("the page where they give their place back"))
CONFIRM_LINK = Placeholder("confirm_link", "link", _l("the page that proves the address"))
WHEN_BOX = Placeholder(
    "when_box", "block", _l("a box with day and time, also on the person's own clock")
)
JOIN_BUTTON = Placeholder("join_button", "block", _l("the button to join, and that the link is theirs alone"))  # fmt: skip
MY_PAGE_BUTTON = Placeholder("my_page_button", "block", _l("a button to the person's own page"))
CONFIRM_BUTTON = Placeholder("confirm_button", "block", _l("the button that proves the address"))
INVITE_OTHERS = Placeholder("invite_others", "block", _l("what may be passed on, and that this mail should not be"))  # fmt: skip
REASON = Placeholder("reason", "block", _l("what you wrote about why, if you did"))

_WORDS = (NAME, EVENT, WHEN, HOST)
# Which word of a mail each link's placeholder stands for.
_LINKS = {
    "event_page": "public_url", "my_page": "my_url", "join_link": "join_url",
    "cancel_link": "cancel_url", "confirm_link": "confirm_url",
}  # fmt: skip
_BLOCKS = frozenset(
    one.name
    for one in (WHEN_BOX, JOIN_BUTTON, MY_PAGE_BUTTON, CONFIRM_BUTTON, INVITE_OTHERS, REASON)
)


def _essential(first: Placeholder, *others: Placeholder, what: object, add: Callable[[], str] | None = None) -> Essential:  # fmt: skip
    return Essential(
        frozenset(one.name for one in (first, *others)), what, add or (lambda: str(first))
    )


def _give_back() -> str:
    return f"{_('Cannot come after all?')} [{_('Give your place back')}]({CANCEL_LINK})"


def _take_back() -> str:
    return f"{_('Changed your mind?')} [{_('Take your sign-up back')}]({CANCEL_LINK})"


def _no_thanks() -> str:
    return f"{_('Cannot come after all?')} [{_('No, thanks: give it to the next person')}]({CANCEL_LINK})"


def _own_page() -> str:
    return f"[{_('Your own page')}]({MY_PAGE}) {_('has the agenda and the calendar entry.')}"


_WHEN = _essential(WHEN_BOX, WHEN, what=_l("when it is"))
_JOIN = _essential(JOIN_BUTTON, JOIN_LINK, what=_l("the way to join"))
_PAGE = _essential(MY_PAGE, MY_PAGE_BUTTON, what=_l("the person's own page"), add=_own_page)
_STANDS = _essential(MY_PAGE_BUTTON, MY_PAGE, what=_l("the person's own page"))
_INVITE = _essential(INVITE_OTHERS, EVENT_PAGE, what=_l("what may be passed on to others"))
_GIVE_BACK = _essential(CANCEL_LINK, what=_l("the way to give the place back"), add=_give_back)
_TAKE_BACK = _essential(CANCEL_LINK, what=_l("the way to take the sign-up back"), add=_take_back)
_NO_THANKS = _essential(CANCEL_LINK, what=_l("the way to say no"), add=_no_thanks)
_CONFIRM = _essential(CONFIRM_BUTTON, CONFIRM_LINK, what=_l("the way to prove the address"))
_REASON = _essential(REASON, what=_l("your reason"))
_UNTIL = _essential(DEADLINE, what=_l("until when the place is kept"), add=lambda: _("It is kept for you until %(deadline)s.", deadline=str(DEADLINE)))  # fmt: skip


def _hello(sentence: str) -> str:
    return f"{_('Hello %(name)s,', name=str(NAME))} {sentence}"


def _body(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs)


def _confirmed() -> Text:
    return Text(
        _("You have a place: %(title)s", title=str(EVENT)),
        _body(_hello(str(NEWS)), str(WHEN_BOX), str(JOIN_BUTTON), _own_page(), _give_back(), str(INVITE_OTHERS)),
    )  # fmt: skip


def _approved() -> Text:
    return Text(
        _("Approved, you have a place: %(title)s", title=str(EVENT)),
        _body(
            _hello(_("the organisers have approved your sign-up: you have a place.")), str(WHEN_BOX),
            str(JOIN_BUTTON), _own_page(), _give_back(), str(INVITE_OTHERS),
        ),
    )  # fmt: skip


def _confirm_address() -> Text:
    return Text(
        _("Please confirm your address: %(title)s", title=str(EVENT)),
        _body(
            _hello(str(NEWS)), str(CONFIRM_BUTTON), str(WHEN_BOX),
            "[" + _("The event's page") + f"]({EVENT_PAGE})",
        ),
    )  # fmt: skip


def _waiting_for_approval() -> Text:
    news = _("your sign-up has arrived. The organisers look at each one and then write to you; until they do, you have no place yet.")  # fmt: skip
    return Text(
        _("We have your sign-up: %(title)s", title=str(EVENT)),
        _body(_hello(news), str(WHEN_BOX), str(MY_PAGE_BUTTON), _take_back(), str(INVITE_OTHERS)),
    )


def _waitlisted() -> Text:
    more = _("When somebody gives their place up, it goes to whoever has waited longest, and we write to you when it is your turn.")  # fmt: skip
    return Text(
        _("You are on the waiting list: %(title)s", title=str(EVENT)),
        _body(
            f"{_hello(str(NEWS))} {more}", str(WHEN_BOX), str(MY_PAGE_BUTTON), _take_back(),
            str(INVITE_OTHERS),
        ),
    )  # fmt: skip


def _offer() -> Text:
    news = _("somebody has given their place up, and it is your turn. It is kept for you until:")
    page = _("The page has a button that makes it yours. After that moment the place goes to the next person.")  # fmt: skip
    return Text(
        _("A place is free for you: %(title)s", title=str(EVENT)),
        _body(
            _hello(news) + f" **{DEADLINE}**",
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
        _body(_hello(news), str(WHEN_BOX), again, str(MY_PAGE_BUTTON)),
    )


def _link_again() -> Text:
    page = f"[{_('Your own page')}]({MY_PAGE})"
    news = _("here are your links once more. They are the same as before.")
    return Text(
        _("Your link again: %(title)s", title=str(EVENT)),
        _body(
            _hello(news), str(WHEN_BOX), str(JOIN_BUTTON), page, _give_back(), str(INVITE_OTHERS)
        ),
    )


def _declined() -> Text:
    news = _("thank you for wanting to come. The organisers could not give you a place this time.")
    return Text(
        _("About your sign-up: %(title)s", title=str(EVENT)),
        _body(_hello(news), str(REASON), str(WHEN_BOX)),
    )


def _gave_back() -> Text:
    slip = _("Was it a slip? On your own page you can come back:")
    return Text(
        _("You gave your place back: %(title)s", title=str(EVENT)),
        _body(_hello(str(NEWS)), str(WHEN_BOX), slip, str(MY_PAGE_BUTTON)),
    )


def _taken_back() -> Text:
    return Text(
        _("Your place was taken back: %(title)s", title=str(EVENT)),
        _body(_hello(str(NEWS)), str(REASON), str(WHEN_BOX)),
    )


def _kind(
    message: str, title: object, sent: object, default: Callable[[], Text], more: tuple[Placeholder, ...],
    essentials: tuple[Essential, ...] = (), *, key: str = "",
) -> Kind:  # fmt: skip
    known = placeholders.known(*_WORDS, *more, EVENT_PAGE, WHEN_BOX)
    return Kind(key or message, message, title, sent, known, default, essentials)


_PLACE = (NEWS, MY_PAGE, JOIN_LINK, CANCEL_LINK, JOIN_BUTTON, MY_PAGE_BUTTON, INVITE_OTHERS)
_WAITS = (MY_PAGE, CANCEL_LINK, MY_PAGE_BUTTON, INVITE_OTHERS)
_HAS_PLACE = (_WHEN, _JOIN, _PAGE, _GIVE_BACK, _INVITE)

# In the order in which people may get them.
KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        _kind("confirm_address", _l("Please confirm your address"), _l("At once, if people have to prove their address first."),
              _confirm_address, (NEWS, CONFIRM_LINK, CONFIRM_BUTTON), (_CONFIRM, _WHEN)),
        _kind("confirmed", _l("You have a place"), _l("At once, or as soon as the address is confirmed; also to somebody who comes back."),
              _confirmed, _PLACE, _HAS_PLACE),
        _kind("waiting_for_approval", _l("We have your sign-up"), _l("At once, if you look at each sign-up before it gets a place."),
              _waiting_for_approval, _WAITS, (_WHEN, _STANDS, _TAKE_BACK, _INVITE)),
        _kind("approved", _l("Approved"), _l("When you approve a sign-up."), _approved, _PLACE[1:], _HAS_PLACE),
        _kind("declined", _l("Declined"), _l("When you decline a sign-up."), _declined, (REASON,), (_REASON,)),
        _kind("waitlisted", _l("On the waiting list"), _l("When all places are taken."), _waitlisted,
              (NEWS, *_WAITS), (_WHEN, _STANDS, _TAKE_BACK, _INVITE)),
        _kind("offer", _l("A place is free"), _l("When it is somebody's turn on the waiting list."), _offer,
              (DEADLINE, MY_PAGE, CANCEL_LINK, MY_PAGE_BUTTON, INVITE_OTHERS), (_UNTIL, _STANDS, _WHEN, _NO_THANKS, _INVITE)),
        _kind("offer_lapsed", _l("The offer is over"), _l("When nobody took an offered place in time."), _offer_lapsed,
              (MY_PAGE, MY_PAGE_BUTTON), (_WHEN, _STANDS)),
        _kind("link_again", _l("The link again"), _l("When somebody asks for their link, or signs up a second time."), _link_again,
              _PLACE[1:], (_WHEN, _JOIN, _PAGE, _GIVE_BACK, _INVITE)),
        _kind("cancelled", _l("Somebody gave their place back"), _l("When somebody cancels, to say that it worked."), _gave_back,
              (NEWS, MY_PAGE, MY_PAGE_BUTTON), (_STANDS,), key="gave_back"),
        _kind("cancelled", _l("You took a place back"), _l("When an organiser cancels somebody's sign-up."), _taken_back,
              (NEWS, REASON), (_REASON,), key="taken_back"),
    )
}  # fmt: skip


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


def write(
    kind: Kind, text: Text, event: Event, public_url: str, words: Mapping[str, str], flags: Mapping[str, object]
) -> Written:  # fmt: skip
    """``text`` with everything it needs, its placeholders filled in from ``words``."""
    whole = kind.complete(text)
    day = f"{period(event.starts_at, event.ends_at, event.timezone)}, {zone_name(event.timezone)}"
    given = {**words, "public_url": public_url}
    if event.mode == "in_person":
        given["join_url"] = ""
    values = Values(
        words={
            "name": words["name"], "event": event.title, "when": day, "host": event.host_name,
            "news": news(kind.key, flags, event), "deadline": words.get("deadline", ""),
        },
        links={name: given.get(word, "") for name, word in _LINKS.items()},
        blocks=_BLOCKS,
    )  # fmt: skip
    return placeholders.written(whole.subject, whole.body, values)
