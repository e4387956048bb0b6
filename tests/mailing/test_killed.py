"""The job of mailings, killed at every place where it commits and in the middle of a batch, and two of them at
once: each person gets each mail once. Real processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_signup, make_user
from tests.mail.worker import CRASHED, Workers
from tests.mailing.conftest import DAY, HOUR, MINUTE, coming_event, mails
from tests.signup.test_imports import bring_in, people
from webapp.accounts.models import User
from webapp.db import db, to_ms
from webapp.events.models import Event
from webapp.mailing import operations
from webapp.mailing.models import Mailing
from webapp.mailing.operations import blasts
from webapp.mailing.writing import Whom, Words
from webapp.signup.choosing import Choice
from webapp.signup.invitations import operations as invitations

pytestmark = pytest.mark.usefixtures("context")
KILLS = 10
PEOPLE = 12
WORK = "tests.mailing.work"


@pytest.fixture(scope="module")
def workers(database_uri: str, migrated_app: Flask) -> Iterator[Workers]:
    made = Workers(database_uri, 9)
    yield made
    made.close()


def everything_due(ada: User) -> tuple[Event, int]:
    """A reminder, a mail of an organiser's, invitations and the first mails of a list, all due at once;
    answers when (milliseconds)."""
    event = coming_event()
    for _ in range(PEOPLE):
        make_signup(event, source="letter")
    row = bring_in(event, people(PEOPLE))
    invitations.add_typed(event, people(PEOPLE, first=50).decode(), event.created_at, by=ada)
    moment = event.starts_at - DAY
    held = moment - 10 * MINUTE
    hello = {"en": Words("A word", "Hello {name}")}
    crowd = Whom(Choice(source="letter"))
    blasts.hold(blasts.write(event, crowd, hello, held, ada), event, held, ada)
    operations.approve(event, "confirm", held, ada, number=row.id)
    operations.approve(event, "invite", held, ada)
    db.session.commit()
    return event, to_ms(moment)


def check_that_each_got_each_once() -> None:
    db.session.rollback()
    found = Counter((mail.message, mail.to_address) for mail in mails())
    assert set(found.values()) == {1}
    assert Counter(message for message, _address in found) == {
        # The reminder is let go first: the list's people have had no mail of ours by then.
        "reminder": PEOPLE, "blast": PEOPLE, "confirmed": PEOPLE, "invitation": PEOPLE,
    }  # fmt: skip
    for mailing in db.session.scalars(sa.select(Mailing).where(Mailing.released_at.is_not(None))):
        assert (mailing.state, mailing.queued, mailing.passed_over) == ("done", mailing.total, 0)
    db.session.commit()


# Whether there are enough of such places for ten deaths, or each is reached once for each mailing.
PLACES = {
    "to remind": KILLS, "remind": 1, "to end_hold": KILLS, "end_hold": 3,
    "to batch": KILLS, "batch": KILLS, "post": KILLS,
}  # fmt: skip


@pytest.mark.case("D24")
@pytest.mark.parametrize("place", PLACES)
def test_a_job_killed_again_and_again_loses_and_repeats_nothing(workers: Workers, place: str) -> None:  # fmt: skip
    _event, at = everything_due(make_user("Ada"))
    for number in range(PLACES[place]):
        hit = 1 + number % 3 if place == "post" else 1
        assert workers.run(at=at, crash_at=place, hit=hit, batch=4, work=WORK) == [(CRASHED, 0)]
    ((code, _steps),) = workers.run(at=at, batch=4, work=WORK)
    assert code == 0
    check_that_each_got_each_once()


@pytest.mark.case("D24")
@pytest.mark.parametrize("careless", [False, True], ids=["as it is", "without the lock"])
def test_two_jobs_at_once_write_to_each_person_once(workers: Workers, careless: bool) -> None:
    """The negative control shows that the lock is what keeps them apart: without it people get it twice."""
    event = coming_event()
    for _ in range(PEOPLE):
        make_signup(event)
    at = to_ms(event.starts_at - HOUR)
    # Nothing is read after it: the two must not find this process in their way.
    db.session.commit()
    done = workers.run(at=at, batch=5, processes=2, work=WORK, careless=careless)
    assert [code for code, _steps in done] == [0, 0]
    db.session.rollback()
    times = Counter(mail.person for mail in mails("join_now"))
    assert len(times) == PEOPLE
    assert (max(times.values()) > 1) is careless
    db.session.commit()
