"""The sample events."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The demo organiser's sign-in, to be printed at the start."""

    email: str
    password: str
