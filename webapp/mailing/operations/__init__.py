"""The verbs of mailings. Each stands in the module that is named for what it does; callers find them all
here."""

from __future__ import annotations

from webapp.mailing.operations import blasts
from webapp.mailing.operations.due import audience, end_hold, remind
from webapp.mailing.operations.following import follow_up, set_recording
from webapp.mailing.operations.holding import send_now, stop
from webapp.mailing.operations.notices import HOLD, look
from webapp.mailing.operations.plans import (
    add_reminder,
    change_reminder,
    make,
    remove_reminder,
    switch_reminder,
)
from webapp.mailing.operations.sending import batch, forget, forget_choices

__all__ = [
    "HOLD",
    "add_reminder",
    "audience",
    "batch",
    "blasts",
    "change_reminder",
    "end_hold",
    "follow_up",
    "forget",
    "forget_choices",
    "look",
    "make",
    "remind",
    "remove_reminder",
    "send_now",
    "set_recording",
    "stop",
    "switch_reminder",
]
