"""A mail as its reader sees it: taken from the wire, whole, with equal facts in text and HTML."""

from __future__ import annotations

import re
from email.utils import getaddresses

from tests.flows import strict_calendar
from tests.flows.browser import SITE, _Reader
from tests.flows.strict_calendar import Entry
from tests.receiver import Received

# A reader sees no isolates, only that the words around a name stay in their places.
_ISOLATES = str.maketrans("", "", "\u2068\u2069")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


class Letter:
    """Raises AssertionError while it is opened, if anything is not as a careful mail program wants it."""

    def __init__(self, received: Received, *, site: str = SITE) -> None:
        self.received, self.site = received, site
        self.subject = received.subject
        self._check_envelope()
        reader = _Reader()
        reader.feed(received.html)
        self.text = " ".join(received.text.translate(_ISOLATES).split())
        self.html = " ".join(" ".join(reader.words).translate(_ISOLATES).split())
        self.links = sorted(set(_ADDRESS.findall(received.text)))
        clickable = {href for _label, href in reader.links}
        assert set(self.links) == clickable, "the text and the HTML lead to different places"

    def _check_envelope(self) -> None:
        message = self.received.message
        assert not message.defects, message.defects
        for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
            assert len(message.get_all(name, [])) == 1, f"{name}: {message.get_all(name)}"
        for line in self.received.raw.split(b"\r\n"):
            assert len(line) <= 998
        ((self.name, self.to),) = getaddresses([str(message["To"])])
        assert self.received.recipients == (self.to,), "addressed to one and sent to another"
        for part in message.walk():
            assert not part.defects, part.defects

    def says(self, *facts: str) -> None:
        """Each fact stands in the text and in the HTML."""
        for fact in facts:
            assert fact in self.text, f"“{fact}” is not in the text: {self.text}"
            assert fact in self.html, f"“{fact}” is not in the HTML: {self.html}"

    def link(self, kind: str) -> str:
        """The path of the one link of a kind: "my", "join", "confirm", or "cancel" and "erase" below my."""
        below_my = kind in ("cancel", "erase")
        shape = re.escape(self.site) + (rf"/my/[^/]+/{kind}" if below_my else rf"/{kind}/[^/]+")
        found = [link for link in self.links if re.fullmatch(shape, link)]
        assert len(found) == 1, f"links of the kind {kind}: {found} of {self.links}"
        return found[0].removeprefix(self.site)

    def has(self, kind: str) -> bool:
        return any(link.startswith(f"{self.site}/{kind}/") for link in self.links)

    @property
    def entry(self) -> Entry:
        """The calendar entry, strictly read. It goes along twice, with the same bytes."""
        part = self.received.part("text/calendar")
        entry = strict_calendar.read(self.received.calendar)
        assert part.get_param("method") == entry.method
        assert part.get_content_charset() == "utf-8"
        attached = self.received.part("application/ics")
        assert attached.get_content_disposition() == "attachment"
        assert attached.get_payload(decode=True) == part.get_payload(decode=True)
        return entry

    @property
    def has_entry(self) -> bool:
        return any(p.get_content_type() == "text/calendar" for p in self.received.message.walk())
