from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.conftest import NOW
from tests.factories import make_event
from webapp.attendance import operations
from webapp.attendance.models import AttendanceMark, Companions, HeadCount
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused

pytestmark = pytest.mark.usefixtures("context")


def test_a_head_count_is_kept_with_source_and_time():
    event = make_event()
    operations.add_head_count(event, 0, NOW, "  the hall ", "ada@example.org")
    row = db.session.scalars(sa.select(HeadCount)).one()
    assert (row.event_id, row.count, row.at) == (event.id, 0, NOW)
    assert (row.source, row.author) == ("the hall", "ada@example.org")
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.event_id, entry.actor) == (
        "attendance.head_count", event.id, "ada@example.org",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "source", "code"),
    [(-1, "hall", "count"), (100_001, "hall", "count"), (3, "  ", "source")],
)
def test_head_counts_nobody_counted(count, source, code):
    event = make_event()
    with pytest.raises(Refused) as refused:
        operations.add_head_count(event, count, NOW, source, "ada@example.org")
    assert refused.value.code == code
    assert db.session.scalar(sa.select(sa.func.count(HeadCount.id))) == 0


def test_saying_again_how_many_watch_along_replaces_it():
    event = make_event()
    operations.watching_with(event.id, 5, 3, NOW)
    operations.watching_with(event.id, 6, 1, NOW)
    operations.watching_with(event.id, 5, 2, NOW)
    rows = db.session.execute(
        sa.select(Companions.person_key, Companions.count).order_by(Companions.person_key)
    ).all()
    assert [tuple(row) for row in rows] == [(5, 2), (6, 1)]


@pytest.mark.parametrize("count", [-1, 201])
def test_companions_that_cannot_be(count):
    event = make_event()
    with pytest.raises(Refused):
        operations.watching_with(event.id, 5, count, NOW)


def test_marks_grow_by_one():
    event = make_event()
    operations.mark_changed([event.id, event.id])
    operations.mark_changed([event.id])
    assert db.session.scalar(sa.select(AttendanceMark.revision)) == 2
