"""What reads like something for people, in pages and in code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GETTEXT = {"_", "_l", "gettext", "ngettext", "lazy_gettext", "lazy_ngettext"}
LETTERS = re.compile(r"[^\W\d_]{2,}")
# Names that are the same in every language.
NAMES = {
    "Markdown", "JSON", "PDF", "CSV", "XLSX", "API", "Turnout", "UTC", "QR", "WhatsApp", "Telegram", "Signal",
    "Mastodon", "Bluesky", "Facebook", "Google", "Outlook", "Zoom", "Jitsi", "YouTube",
}  # fmt: skip


def is_text(text: str) -> bool:
    """Whether a bare string reads like something for people: letters, and not only a name."""
    plain = re.sub(r"<[^>]*>|\{\w*\}|https?://\S*|/[\w./-]+|[\w.+-]+@[\w.-]+", " ", text)
    return any(word not in NAMES for word in LETTERS.findall(plain))


def is_phrase(text: str) -> bool:
    return is_text(text) and (" " in text.strip() or text.strip()[0].isupper())
