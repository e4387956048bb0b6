"""The log: one line for each thing said, whatever was in a value that somebody sent us."""

from __future__ import annotations

import logging
import re

from flask import Flask

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Control characters (line ends and terminal codes among them), and what some readers of logs take for a
# line end as well.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# In a traceback the line ends are Python's own; a tab does nobody harm.
_CONTROL_IN_LINE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """``text`` with each control character as Python writes it: ``\\r``, ``\\n``, ``\\x1b``."""
    return _CONTROL.sub(_escaped, text)


class OneLine(logging.Formatter):
    """Escapes the message, and sets a traceback in: no value can look like a line of the log's own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        said = super().formatException(ei)  # type: ignore[arg-type]  # what logging hands down
        return "\n".join(f"    {line}" for line in _CONTROL_IN_LINE.sub(_escaped, said).split("\n"))


def init_app(app: Flask) -> None:
    """Writes to standard error, unless whoever runs the app has set up logging of their own."""
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(FORMAT))
        root.addHandler(handler)
