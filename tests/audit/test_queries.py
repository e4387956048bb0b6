"""The log, newest first: what is asked for and nothing else, page by page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_user
from webapp.audit import operations, queries
from webapp.audit.queries import Filter
from webapp.db import db


def write(action: str = "event.changed", minutes: int = 0, **values: Any) -> int:
    values.setdefault("actor", "ada@example.org")
    entry = operations.record(action, at=NOW + dt.timedelta(minutes=minutes), **values)
    db.session.flush()
    return entry.id


def ids(wanted: Filter, **more: Any) -> list[int]:
    return [entry.id for entry in queries.page(wanted, **more).entries]


def test_newest_first_by_moment_and_not_by_row(context: Flask) -> None:
    late, early, between = write(minutes=9), write(minutes=1), write(minutes=5)
    assert ids(Filter()) == [late, between, early]


def test_one_event(context: Flask) -> None:
    here, there = make_event(), make_event()
    wanted = write(event_id=here.id)
    write(event_id=there.id)
    write()
    assert ids(Filter(event_id=here.id)) == [wanted]


def test_by_whom(context: Flask) -> None:
    ben = make_user("Ben", email="b.b@example.org")
    by_account = write(actor="b.b@example.org", actor_user_id=ben.id)
    about = write("account.disabled", actor="Dora", summary="b.b@example.org may no longer sign in")
    write(actor="bxb@example.org", summary="b.b@example.org is in another summary")
    assert ids(Filter(who="B.B@example")) == [about, by_account]
    # The account's own name is not in the log; whoever knows it gives the id.
    assert ids(Filter(who="Ben", user_ids=[ben.id])) == [by_account]
    assert ids(Filter(who="Ben")) == []


@pytest.mark.parametrize("letter", ["%", "_", "/"])
def test_a_sign_that_databases_read_as_a_pattern_is_a_letter(context: Flask, letter: str) -> None:
    wanted = write(actor=f"so{letter}so")
    write(actor="so-so")
    assert ids(Filter(who=f"o{letter}s")) == [wanted]


def test_by_act_and_by_group_of_acts(context: Flask) -> None:
    published = write("report.published")
    corrected = write("report.corrected", minutes=1)
    write("reports.other", minutes=2)
    assert ids(Filter(act="report.published")) == [published]
    assert ids(Filter(act="report")) == [corrected, published]
    assert ids(Filter(act="%")) == []
    assert queries.actions() == ["report.corrected", "report.published", "reports.other"]


def test_every_entry_stands_on_one_page_and_only_one(context: Flask, count_queries: Any) -> None:
    # Three at each moment: the mark must be exact where the moment alone is not.
    written = [write(minutes=number // 3) for number in range(20)]
    seen: list[int] = []
    mark, pages = None, 0
    with count_queries() as counted:
        while True:
            page = queries.page(Filter(), mark, limit=7)
            seen += [entry.id for entry in page.entries]
            pages += 1
            if (mark := page.older) is None:
                break
    assert seen == sorted(written, reverse=True)
    assert len(counted) == pages == 3


def test_the_last_full_page_offers_no_empty_one(context: Flask) -> None:
    for _ in range(5):
        write()
    assert queries.page(Filter(), limit=5).older is None
    assert queries.page(Filter(), limit=4).older is not None


@pytest.mark.parametrize("mark", ["", "x", "1-", "-1", "1-x", "9" * 30 + "-1", "1-" + "9" * 30])
def test_a_mark_that_is_none_shows_the_first_page(context: Flask, mark: str) -> None:
    wanted = write()
    assert ids(Filter(), before=mark) == [wanted]
