"""People's own words on their way into a mail: names stay text, whatever is written in them.

Escaping is not enough here. Mail programs turn whatever looks like an address into a link by
themselves, so a name could carry a stranger's link into a mail that comes from us.
"""

from __future__ import annotations

import re
import unicodedata

# Shows as nothing, and ends what mail programs take for a host name.
_BREAK = "\u200b"
# Control characters, and those that turn the direction of what follows.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
# A dot that could stand inside a host name: "evil.example", but not "J.R. Smith" or "Dr. No".
_HOST_DOT = re.compile(r"(?<=\w)([.\u3002\uff0e\uff61])(?=[^\W_]{2})")
_SCHEME = re.compile(r":\s*(?=/\s*/)")
_MAILTO = re.compile(r"\b(mailto|tel|sms|javascript|data):", re.IGNORECASE)


def one_line(text: str) -> str:
    """``text`` without line breaks, tabs and direction overrides, spaces made single."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def isolated(name: str) -> str:
    """A name within a sentence: one that is read from right to left keeps its place, and the words around
    it keep theirs."""
    if not name.isascii() and any(
        unicodedata.bidirectional(letter) in ("R", "AL") for letter in name
    ):
        return f"\u2068{name}\u2069"
    return name


def plain_name(name: str) -> str:
    """A person's name as it stands in mails: one line, and nothing in it becomes a link.

    "Click http://evil.example" reads the same to people; "://" gets a space, and a dot between
    letters an invisible break. Ordinary names come back unchanged.
    """
    text = unicodedata.normalize("NFC", one_line(name))
    if "." not in text and ":" not in text and text.isascii():
        return text
    text = _SCHEME.sub(": ", text)
    text = _MAILTO.sub(r"\1: ", text)
    return _HOST_DOT.sub(rf"\1{_BREAK}", text)
