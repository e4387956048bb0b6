"""What somebody sends us cannot write lines of its own into the log."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from webapp import logs

NASTY = "Ana\r\n2026-01-01 00:00:00,000 ERROR webapp: forged\x1b[2J\x9b31m\u2028end"


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.OneLine(logs.FORMAT))
    log = logging.getLogger("turnout.test_logs")
    log.addHandler(handler)
    log.propagate = False
    yield log, stream
    log.removeHandler(handler)
    log.propagate = True


@pytest.mark.case("D48")
def test_line_ends_and_terminal_codes_come_out_escaped(written: tuple[logging.Logger, io.StringIO]) -> None:  # fmt: skip
    log, stream = written
    log.warning("no place for %s", NASTY)
    said = stream.getvalue()
    assert said.endswith(
        "WARNING turnout.test_logs: no place for Ana\\r\\n2026-01-01 00:00:00,000 ERROR webapp: "
        "forged\\x1b[2J\\x9b31m\\u2028end\n"
    )
    assert said.count("\n") == 1


@pytest.mark.case("D48")
def test_nothing_in_a_traceback_begins_a_line(written: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = written
    try:
        raise ValueError(NASTY)
    except ValueError:
        log.exception("job failed for %s", NASTY)
    first, *others = stream.getvalue().rstrip("\n").split("\n")
    assert "ERROR turnout.test_logs: job failed for Ana\\r" in first
    assert others
    assert all(line.startswith("    ") for line in others)
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_a_traceback_stays_readable(written: tuple[logging.Logger, io.StringIO]) -> None:
    log, stream = written
    try:
        raise ValueError("plain")
    except ValueError:
        log.exception("it failed")
    assert "    Traceback (most recent call last):\n" in stream.getvalue()
    assert stream.getvalue().endswith("    ValueError: plain\n")
