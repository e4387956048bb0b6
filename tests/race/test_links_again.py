"""The button "send the link again to all" pressed by several at once, and carried out by several workers."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from webapp.accounts.models import User
from webapp.attendance import commands, missing, resending
from webapp.attendance.models import LinkRound
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup import operations as signups

LIVE = NOW + dt.timedelta(minutes=90)
PEOPLE = 60


@pytest.fixture
def evening(app: Flask) -> list[int]:
    with app.app_context():
        event = make_event(make_user("Ada"))
        found = [make_signup(event).id for _ in range(PEOPLE)]
        db.session.commit()
        return found


def _together(app: Flask, count: int, act: Callable[[], None]) -> None:
    """So many threads do the same at the same moment."""
    barrier, faults = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            with app.app_context():
                act()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def _mails(app: Flask) -> Counter[str]:
    with app.app_context():
        return Counter(db.session.scalars(sa.select(OutgoingMail.to_address)))


def test_presses_at_once_are_one_and_each_person_is_written_to_once(
    app: Flask, evening: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resending, "BATCH", 7)

    def press() -> None:
        ada = db.session.get_one(User, 1)
        resending.start(db.session.get_one(Event, 1), "never", LIVE, by=ada)
        db.session.commit()

    _together(app, 4, press)
    with app.app_context():
        assert db.session.scalars(sa.select(LinkRound.expected)).all() == [PEOPLE]
    _together(app, 3, lambda: commands.send_links(LIVE) and None)
    assert set(_mails(app).values()) == {1}
    assert len(_mails(app)) == PEOPLE


def test_a_person_is_claimed_by_one_of_two(app: Flask, evening: list[int]) -> None:
    claimed: list[int] = []

    def claim() -> None:
        mine = signups.claim(evening, LIVE, missing.PATIENCE)
        db.session.commit()
        claimed.extend(mine)

    _together(app, 4, claim)
    assert sorted(claimed) == evening
