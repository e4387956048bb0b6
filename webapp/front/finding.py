"""What lists read from their address: the words somebody looks for, and which page."""

from __future__ import annotations

from flask import request

LONGEST = 100
LAST_PAGE = 100_000
# Row numbers in an address: what no database column holds is no row.
ROW = "int(max=2147483647)"


def words(name: str = "q") -> str:
    """The words looked for. Without signs that nobody can see: PostgreSQL refuses some of them."""
    text = "".join(c for c in request.args.get(name, "") if c.isprintable())
    return text.strip()[:LONGEST]


def page() -> int:
    return max(1, min(request.args.get("page", 1, type=int), LAST_PAGE))
