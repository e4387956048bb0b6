"""A published report as the world has it: page, JSON, Markdown, PDF and curve, byte for byte."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pypdf

from tests.flows.story import Story

_FILES = ("", ".json", ".md", ".pdf")


class Papers:
    """What stands there now, kept to be compared with what stands there later."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.base = f"/events/{story.slug}/report"
        self.version: int = json.loads(self._get(".json"))["version"]
        self.ends = (*_FILES, f"/v/{self.version}.json", f"/v/{self.version}.pdf",
                     f"/curve-{self.version}.svg", f"/curve-{self.version}-wide.svg")  # fmt: skip
        self.bytes = {end: self._get(end) for end in self.ends}

    def _get(self, end: str) -> bytes:
        answer = self.story.browser().client.get(self.base + end)
        assert answer.status_code == 200, f"{self.base}{end}: {answer.status_code}"
        return bytes(answer.get_data())

    def document(self) -> dict[str, Any]:
        """The JSON, whose hash stands beside it."""
        answer = self.story.browser().client.get(f"{self.base}.json")
        assert answer.headers["Turnout-Content-SHA256"] == hashlib.sha256(answer.data).hexdigest()
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def paper(self) -> str:
        """The words of the PDF."""
        pages = pypdf.PdfReader(io.BytesIO(self.bytes[".pdf"])).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    def are_as_they_were(self) -> None:
        changed = [end for end in self.ends if self._get(end) != self.bytes[end]]
        assert changed == [], f"changed: {changed}"

    def stay_as_version(self, number: int) -> None:
        """Replaced by now, but still to be had as they were published. Only the page says that it was."""
        for end in (".json", ".pdf", ".md"):
            assert self._get(f"/v/{number}{end}") == self.bytes[end], end
