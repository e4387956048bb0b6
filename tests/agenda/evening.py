"""The eight agenda items of the sample evening, as an event file writes them."""

from __future__ import annotations

from typing import Any

KATE = {"name": "Kate Hudson", "title": "General Secretary", "affiliation": "Campaign for Nuclear Disarmament"}  # fmt: skip


def agenda() -> list[dict[str, Any]]:
    """Opening, six speakers, closing: 5 + 6 × 12 + 8 minutes. A fresh copy each time."""
    talks = [
        ("tim", "One year of President Arce", "Tim Young", "Friends of Bolivia"),
        ("claudia", "Democracy recovered", "Claudia Turbet-Delof", "Wiphalas Across The World"),
        ("leonardo", "What an observer saw", "Leonardo Flores", "CODEPINK"),
        ("miriam", "Since the election", "Miriam Amancay Colque", "Bartolina Sisa Resistance"),
        ("ollie", "Reporting it", "Ollie Vargas", "Kawsachun News"),
        ("jeremy", "Bolivia and the world", "Jeremy Corbyn", "MP for Islington North"),
    ]
    return [
        {"key": "opening", "title": "Opening", "kind": "opening", "minutes": 5,
         "speakers": [{"role": "chair", **KATE}]},
        *({"key": key, "title": title, "kind": "talk", "minutes": 12,
           "speakers": [{"name": name, "role": "speaker", "affiliation": affiliation}]}
          for key, title, name, affiliation in talks),
        {"key": "closing", "title": "Closing", "kind": "closing", "minutes": 8,
         "speakers": [{"role": "chair", **KATE}]},
    ]  # fmt: skip
