"""What was measured, as the table of the design."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable


@dataclasses.dataclass(frozen=True)
class Row:
    """``must`` and ``reached`` as people read them; ``aside`` has absolute figures, which mean nothing on
    another machine."""

    work: str
    must: str
    reached: str
    is_reached: bool
    aside: str = ""


def at_least(work: str, name: str, reached: float, must: float, aside: str = "") -> Row:
    return Row(work, f"≥ {must:g} {name}", f"{reached:.2f}", reached >= must, aside)


def at_most(work: str, must: float, unit: str, reached: float, aside: str = "") -> Row:
    shown = f"{reached:,.0f}" if reached >= 100 or float(reached).is_integer() else f"{reached:.3g}"
    return Row(work, f"≤ {must:g}{unit}", f"{shown}{unit}", reached <= must, aside)


def markdown(rows: Iterable[Row]) -> str:
    lines = ["| work | must reach | reached | |", "|---|---|---|---|"]
    lines += [
        f"| {row.work} | {row.must} | {row.reached} | {'yes' if row.is_reached else '**no**'} |"
        for row in rows
    ]
    return "\n".join(lines)


def spoken(row: Row) -> str:
    """One line while the measuring goes on."""
    mark = "ok    " if row.is_reached else "MISSED"
    aside = f"   ({row.aside})" if row.aside else ""
    return f"{mark} {row.work}: {row.reached}, must be {row.must}{aside}"
