"""The verbs of mailings. Each stands in the module that is named for what it does; callers find them all
here."""

from __future__ import annotations

from webapp.mailing.operations import blasts
from webapp.mailing.operations.copying import copy
from webapp.mailing.operations.due import end_hold, remind
from webapp.mailing.operations.holding import send_now, stop
from webapp.mailing.operations.notices import HOLD, look
from webapp.mailing.operations.offers import approve, dismiss, set_recording
from webapp.mailing.operations.plans import (
    add_reminder,
    change_reminder,
    make,
    remove_reminder,
    switch_reminder,
)
from webapp.mailing.operations.reaching import audience, reach
from webapp.mailing.operations.sending import batch, forget, forget_choices

__all__ = [
    "HOLD",
    "add_reminder",
    "approve",
    "audience",
    "batch",
    "blasts",
    "change_reminder",
    "copy",
    "dismiss",
    "end_hold",
    "forget",
    "forget_choices",
    "look",
    "make",
    "reach",
    "remind",
    "remove_reminder",
    "send_now",
    "set_recording",
    "stop",
    "switch_reminder",
]
