"""The names that stand for something in organisers' words, the same in every mail, and the sentences
that many mails share. A message takes those that it can fill in.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.mail.kinds import Essential
from webapp.mail.placeholders import Placeholder

NAME = Placeholder("name", "word", _l("what the person is called"))
GREETING = Placeholder("greeting", "word", _l("“Hello” and the name, if you know it"))
EVENT = Placeholder("event", "word", _l("the title of the event"))
WHEN = Placeholder("when", "word", _l("day, time and zone, within a sentence"))
HOST = Placeholder("host", "word", _l("who hosts the event"))
NEWS = Placeholder(
    "news", "word", _l("what has happened, in a sentence of ours that fits the person")
)
IN_SHORT = Placeholder("in_short", "word", _l("the same in two or three words, for the subject"))
DEADLINE = Placeholder("deadline", "word", _l("until when the place is kept"))
HEADLINE = Placeholder("headline", "word", _l("how many came, as the published report says it"))

EVENT_PAGE = Placeholder("event_page", "link", _l("the public page of the event"))
MY_PAGE = Placeholder("my_page", "link", _l("the person's own page"))
JOIN_LINK = Placeholder("join_link", "link", _l("the person's link to join"))
CANCEL_LINK = Placeholder("cancel_link", "link", _l("the page where they give their place back"))
CONFIRM_LINK = Placeholder("confirm_link", "link", _l("the page that proves the address"))
RECORDING_LINK = Placeholder("recording_link", "link", _l("the recording, if there is one"))
REPORT_LINK = Placeholder("report_link", "link", _l("the published report, if there is one"))
INVITATION_LINK = Placeholder("invitation_link", "link", _l("the form, with their name and address filled in"))  # fmt: skip

WHEN_BOX = Placeholder(
    "when_box", "block", _l("a box with day and time, also on the person's own clock")
)
JOIN_BUTTON = Placeholder("join_button", "block", _l("the button to join, and that the link is theirs alone"))  # fmt: skip
MY_PAGE_BUTTON = Placeholder("my_page_button", "block", _l("a button to the person's own page"))
CANCEL_BUTTON = Placeholder("cancel_button", "block", _l("a button that leads to giving the place back"))  # fmt: skip
CONFIRM_BUTTON = Placeholder("confirm_button", "block", _l("the button that proves the address"))
INVITE_OTHERS = Placeholder("invite_others", "block", _l("what may be passed on, and that this mail should not be"))  # fmt: skip
REASON = Placeholder("reason", "block", _l("what you wrote about why, if you did"))
CHANGES = Placeholder("changes", "block", _l("what is new and how it was before, and the button to join, which stays the same"))  # fmt: skip
AFTERWARDS = Placeholder("afterwards", "block", _l("buttons to the recording and to the report, as far as there are any"))  # fmt: skip
REPORT_BUTTON = Placeholder("report_button", "block", _l("the button to the report"))
SUMMARY = Placeholder("summary", "block", _l("the event in one or two sentences, as its page says it"))  # fmt: skip
INVITATION_BUTTON = Placeholder("invitation_button", "block", _l("the button that leads to the filled-in form"))  # fmt: skip
ERASE_BUTTON = Placeholder("erase_button", "block", _l("the button that deletes, and what is gone then"))  # fmt: skip

# In every mail about an event.
EVERYWHERE = (EVENT, WHEN, HOST)
# Which word of a mail each link's placeholder stands for.
LINKS = {
    "event_page": "public_url", "my_page": "my_url", "join_link": "join_url",
    "cancel_link": "cancel_url", "confirm_link": "confirm_url", "recording_link": "recording_url",
    "report_link": "report_url", "invitation_link": "invitation_url",
}  # fmt: skip
BLOCKS = frozenset(
    one.name for one in list(globals().values()) if isinstance(one, Placeholder) and one.kind == "block"
)  # fmt: skip


def essential(
    first: Placeholder,
    *others: Placeholder,
    what: object,
    add: Callable[[], str] | None = None,
) -> Essential:
    """One of these must be in a mail; without any of them ``add`` stands below it, or else ``first``."""
    return Essential(
        frozenset(one.name for one in (first, *others)), what, add or (lambda: str(first))
    )


def hello(sentence: str) -> str:
    return f"{_('Hello %(name)s,', name=str(NAME))} {sentence}"


def body(*paragraphs: object) -> str:
    return "\n\n".join(map(str, paragraphs))


def give_back() -> str:
    return f"{_('Cannot come after all?')} [{_('Give your place back')}]({CANCEL_LINK})"


def own_page() -> str:
    return f"[{_('Your own page')}]({MY_PAGE}) {_('has the agenda and the calendar entry.')}"


ESSENTIAL_WHEN = essential(WHEN_BOX, WHEN, what=_l("when it is"))
ESSENTIAL_JOIN = essential(JOIN_BUTTON, JOIN_LINK, what=_l("the way to join"))
ESSENTIAL_PAGE = essential(MY_PAGE, MY_PAGE_BUTTON, what=_l("the person's own page"), add=own_page)
ESSENTIAL_STANDING = essential(MY_PAGE_BUTTON, MY_PAGE, what=_l("the person's own page"))
ESSENTIAL_INVITE = essential(INVITE_OTHERS, EVENT_PAGE, what=_l("what may be passed on to others"))
ESSENTIAL_GIVE_BACK = essential(
    CANCEL_LINK, CANCEL_BUTTON, what=_l("the way to give the place back"), add=give_back
)
