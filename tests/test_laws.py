"""The laws have exceptions, and each says why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXCEPTION = re.compile(r"# (?:noqa|type: ignore)\b.*")
# A dash or a second comment, then the reason.
WITH_REASON = re.compile(
    r"# noqa: [A-Z]+\d+(?:, [A-Z]+\d+)* - \w.*|# type: ignore\[[a-z-]+\]  # \w.*"
)


def files() -> Iterator[Path]:
    for place in ("webapp", "config", "migrations", "tests"):
        yield from sorted((ROOT / place).rglob("*.py"))
    yield ROOT / "app.py"


def test_every_exception_carries_its_reason() -> None:
    bare = []
    for path in files():
        # The types of the tests are nobody's law; their style is.
        kinds = ("noqa",) if path.is_relative_to(ROOT / "tests") else ("noqa", "type")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = EXCEPTION.search(line)
            if path == Path(__file__) or not found or not found[0][2:].startswith(kinds):
                continue
            if not WITH_REASON.match(found[0]):
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert bare == []
