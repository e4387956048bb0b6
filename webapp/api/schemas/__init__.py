"""What the API answers, key by key. These describe; the answers are made where the pages' are."""

from __future__ import annotations

from webapp.api.schemas.common import Error
from webapp.api.schemas.events import EventFile, Events
from webapp.api.schemas.figures import Figures
from webapp.api.schemas.report import Report

__all__ = ["Error", "EventFile", "Events", "Figures", "Report"]
