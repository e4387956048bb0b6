"""The quick way to write a moment says the same as the plain one."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from webapp import clock
from webapp.db import from_ms, to_ms

FIRST = to_ms(dt.datetime(1000, 1, 1, tzinfo=dt.UTC))
LAST = to_ms(dt.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=dt.UTC))


@given(st.integers(FIRST, LAST))
def test_iso_of_milliseconds_is_iso_of_the_moment(ms: int) -> None:
    assert clock.iso_z_of(ms) == clock.iso_z(from_ms(ms))
