"""An independent strict reading of calendar files, that knows no time zone but those in the file."""

from __future__ import annotations

import datetime as dt
import re

UTC = dt.UTC


def read(data: bytes):
    """RFC 5545 to the letter: (name, parameters, raw value) in nested components.

    Refuses bare line ends, lines over 75 octets, bad UTF-8, control characters and unbalanced BEGINs.
    """
    assert data.endswith(b"\r\n")
    lines = data[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", b"".join(lines))
    for line in lines:
        line.decode()  # folding cuts no character in two
    unfolded = re.sub(rb"\r\n[ \t]", b"", data[:-2]).decode().split("\r\n")
    root = {"name": "", "lines": [], "parts": []}
    stack = [root]
    for line in unfolded:
        found = re.fullmatch(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"]*"|[^";:,]*))*):(.*)', line)
        assert found, f"not a content line: {line!r}"
        name, params, value = found.groups()
        if name == "BEGIN":
            part = {"name": value, "lines": [], "parts": []}
            stack[-1]["parts"].append(part)
            stack.append(part)
        elif name == "END":
            assert stack.pop()["name"] == value
        else:
            stack[-1]["lines"].append((name, params.lstrip(";"), value))
    assert stack == [root]
    (calendar,) = root["parts"]
    assert calendar["name"] == "VCALENDAR"
    return calendar


def get(part, name):
    (found,) = [(params, value) for n, params, value in part["lines"] if n == name]
    return found


def text(part, name):
    value = get(part, name)[1]
    assert not re.search(r"(?<!\\)(?:\\\\)*[,;]", value), "commas and semicolons are escaped"
    return re.sub(r"\\([\\;,nN])", lambda m: "\n" if m[1] in "nN" else m[1], value)


def offset(text_):
    return dt.timedelta(hours=int(text_[:3]), minutes=int(text_[0] + text_[3:5]))


def entries(calendar):
    return [part for part in calendar["parts"] if part["name"] == "VEVENT"]


def onsets(calendar, zone):
    """When each rule of a zone begins: (clock time as written, offset before, offset from then on)."""
    (rules,) = [
        p for p in calendar["parts"] if p["name"] == "VTIMEZONE" and get(p, "TZID")[1] == zone
    ]
    found = []
    for rule in rules["parts"]:
        days = [get(rule, "DTSTART")[1]]
        for _, _, value in [line for line in rule["lines"] if line[0] == "RDATE"]:
            days += value.split(",")
        offsets = [offset(get(rule, name)[1]) for name in ("TZOFFSETFROM", "TZOFFSETTO")]
        found += [(dt.datetime.strptime(day, "%Y%m%dT%H%M%S"), *offsets) for day in days]  # noqa: DTZ007 - clock time
    return sorted(found)


def instant(calendar, part, name="DTSTART"):
    """A moment of an entry as UTC, by the calendar's own VTIMEZONE and nothing else. A clock time that
    comes twice is the first of the two."""
    params, value = get(part, name)
    if value.endswith("Z"):
        return dt.datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    local = dt.datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - clock time
    rules = onsets(calendar, params.removeprefix("TZID="))
    _, _, shift = max(rule for rule in rules if rule[0] <= local)
    return (local - shift).replace(tzinfo=UTC)
