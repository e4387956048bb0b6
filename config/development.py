"""`make run`: everything on this machine, nothing to configure."""

from __future__ import annotations

from typing import ClassVar

from config.base import Base


class Development(Base):
    SECRET_IS_MADE: ClassVar[bool] = True
    BASE_IS_LOCAL: ClassVar[bool] = True
