"""One way to write a document down, so that its hash means something.

Keys sorted, no spaces, UTF-8, no number that another program would print differently: whole numbers
without a fraction, others rounded to six digits. Times are whole milliseconds before they come here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from typing import Any

from webapp.clock import iso_z

FORMAT = "turnout-report/1"


def moment(at: dt.datetime) -> str:
    """ISO 8601 in UTC, cut to whole milliseconds."""
    return iso_z(at.replace(microsecond=at.microsecond // 1000 * 1000))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a figure that is not a number cannot be frozen")
        rounded = round(value, 6)
        return int(rounded) if rounded == int(rounded) else rounded
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("names in a document are texts")
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    raise ValueError(f"{type(value).__name__} has no place in a document")


def dumps(document: dict[str, Any]) -> str:
    """The canonical text. Raises ValueError for anything that JSON has no exact word for."""
    return json.dumps(
        _plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(text: str) -> str:
    """SHA-256 over the text's UTF-8 bytes, in hex."""
    return digest_bytes(text.encode())


def digest_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def fingerprint(content_hash: str) -> str:
    """The first twelve digits in fours, for people to compare: "4f2a 91c0 77de"."""
    return " ".join(content_hash[n : n + 4] for n in range(0, 12, 4))
