"""Workers that are killed, and several at once: nothing lost, nothing doubled except in the one gap that SMTP
leaves, and then with the same Message-ID. Real processes before a real mail server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.mail.conftest import FACTS
from tests.mail.worker import CRASHED, Workers
from tests.receiver import Receiver
from webapp.db import db, to_ms
from webapp.mail import outbox
from webapp.mail.models import OutgoingMail

pytestmark = pytest.mark.usefixtures("context")

KILLS = 10
# A killed worker's mails are anybody's again when its lease is over.
LEASE = 10 * 60_000

# Where a worker is killed, on the way of mails that the server takes, and how often the server then has a mail
# twice: never, always, or as it may be ("text_said": nobody knows whether the text had arrived).
TAKEN = {
    "begun": "never", "to claimed": "never", "claimed": "never", "connecting": "never", "sending": "never",
    "sender_said": "never", "recipient_said": "never", "text_said": "maybe", "accepted": "always",
    "to settled": "always", "settled": "never", "to put_back": "never", "put_back": "never",
}  # fmt: skip
# And where the server wants none of us.
REFUSED = ("to paused", "paused", "to put_back", "put_back")


@pytest.fixture(scope="module")
def server() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def workers(database_uri: str, migrated_app: Flask, server: Receiver) -> Iterator[Workers]:
    made = Workers(database_uri, server.port)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def silence(server: Receiver) -> None:
    """Nothing of the test before."""
    server.messages.clear()
    server.sender_reply = None


def _queued(count: int) -> list[str]:
    """Message-IDs of so many mails."""
    found = [
        outbox.queue("sample", to_address=f"p{number}@example.org", to_name="Ana", context=FACTS, at=NOW).message_id
        for number in range(count)
    ]  # fmt: skip
    db.session.commit()
    return found


def _states() -> Counter[str]:
    db.session.rollback()
    found: Counter[str] = Counter(db.session.scalars(sa.select(OutgoingMail.state)))
    db.session.commit()
    return found


def _kill_ten_times(workers: Workers, place: str) -> int:
    """Kills a worker at ``place`` again and again; answers the moment (milliseconds) after the last lease.
    Not always the first mail that gets there: the first, the second and the third in turn."""
    at = to_ms(NOW)
    for number in range(KILLS):
        # Batches of three: a worker begins, claims and commits several times.
        assert workers.run(at=at, crash_at=place, hit=1 + number % 3, batch=3) == [(CRASHED, 0)]
        at += LEASE
    return at


def _check_repeats(server: Receiver, wanted: list[str]) -> int:
    """That everything arrived, and what arrived twice is the same mail to the letter; answers how many
    copies were too many."""
    got = Counter(mail.message_id for mail in server.messages)
    assert set(got) == set(wanted)
    assert len({(mail.message_id, mail.raw) for mail in server.messages}) == len(wanted)
    assert Counter(mail.to for mail in server.messages).keys() == {f"p{n}@example.org" for n in range(len(wanted))}  # fmt: skip
    return sum(got.values()) - len(wanted)


@pytest.mark.case("D15")
@pytest.mark.parametrize("place", TAKEN)
def test_a_worker_killed_ten_times_loses_nothing(
    server: Receiver, workers: Workers, place: str
) -> None:
    # Enough that the last kill still finds some: whole batches are through before one is put back.
    wanted = _queued(60 if place.endswith("put_back") else 40)
    at = _kill_ten_times(workers, place)
    ((code, _sent),) = workers.run(at=at)
    assert code == 0
    assert _states() == {"sent": len(wanted)}
    repeats = _check_repeats(server, wanted)
    assert repeats in {"never": [0], "always": [KILLS], "maybe": range(KILLS + 1)}[TAKEN[place]]


@pytest.mark.case("D15")
@pytest.mark.parametrize("place", REFUSED)
def test_killed_while_the_server_refuses_us(server: Receiver, workers: Workers, place: str) -> None:
    wanted = _queued(10)
    server.sender_reply = "550 5.7.1 Not from you"
    at = to_ms(NOW)
    for _ in range(KILLS):
        assert workers.run(at=at, crash_at=place) == [(CRASHED, 0)]
        # Longer than any lease or pause.
        at += 2 * 60 * 60_000
    server.sender_reply = None
    assert workers.run(at=at) == [(0, len(wanted))]
    assert _states() == {"sent": len(wanted)}
    assert _check_repeats(server, wanted) == 0


def test_nobody_touches_a_killed_workers_mails_before_its_lease_is_over(
    server: Receiver, workers: Workers
) -> None:
    wanted = _queued(5)
    at = to_ms(NOW)
    assert workers.run(at=at, crash_at="claimed") == [(CRASHED, 0)]
    assert workers.run(at=at + LEASE - 1) == [(0, 0)]
    assert _states() == {"sending": 5}
    assert workers.run(at=at + LEASE) == [(0, 5)]
    assert _check_repeats(server, wanted) == 0


@pytest.mark.case("D16")
def test_four_senders_at_once_send_each_of_500_mails_once(
    server: Receiver, workers: Workers
) -> None:
    wanted = _queued(500)
    done = workers.run(at=to_ms(NOW), batch=7, processes=4)
    assert [code for code, _sent in done] == [0] * 4
    assert sum(sent for _code, sent in done) == 500
    # Had one of them done all of it, this would prove nothing.
    assert sum(sent > 0 for _code, sent in done) >= 2
    assert _states() == {"sent": 500}
    assert _check_repeats(server, wanted) == 0
    assert len(server.messages) == 500
