"""The shape of a head-count somebody types in."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from webapp.attendance.models import MAX_HEADS
from webapp.clock import UTC


class _Heads(IntegerField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("How many heads? A whole number.")) from None


class _When(DateTimeLocalField):
    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(_("A day and a time, like 2027-04-06 19:05.")) from None


class HeadCountForm(FlaskForm):
    """``when`` is wall time in the event's zone; ``at`` is the same moment in UTC, once validated."""

    count = _Heads(
        _l("Heads in the room"),
        [
            InputRequired(_l("How many heads? A whole number.")),
            NumberRange(0, MAX_HEADS, _l("Between %(min)s and %(max)s heads.")),
        ],
    )
    when = _When(
        _l("Counted at"),
        [InputRequired(_l("A day and a time, like 2027-04-06 19:05."))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    source = StringField(
        _l("Who counted, and where"),
        [InputRequired(_l("Say who counted, or where.")), Length(max=200)],
    )

    def __init__(self, zone: str, now: dt.datetime, **kwargs: Any) -> None:
        self.zone, self.now = ZoneInfo(zone), now
        super().__init__(**kwargs)
        if not self.is_submitted():
            self.when.data = now.astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0)

    @property
    def at(self) -> dt.datetime:
        """Of a time that comes twice, because the clocks go back, the later one that has been."""
        wall: dt.datetime = self.when.data
        first, second = (
            wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)
        )
        return second if second <= self.now else first

    def validate_when(self, field: DateTimeLocalField) -> None:
        if field.data is None:
            return
        # In the night the clocks go forward an hour of wall time does not exist.
        if self.at.astimezone(self.zone).replace(tzinfo=None) != field.data:
            raise ValidationError(_("That time does not exist: the clocks go forward that night."))
        if self.at > self.now:
            raise ValidationError(_("That is still to come. When were the heads counted?"))
