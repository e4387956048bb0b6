"""The day of the event: who has not joined, whom the link never reached, and the link once more for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW, TESTS
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp import tokens
from webapp.attendance import commands, resending
from webapp.attendance.models import LinkRound
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.signup import operations as signups
from webapp.signup.models import Signup
from webapp.signup.queries import JOIN_MESSAGES

PAGE = "/manage/events/evening/mail/today"
# In the middle of the evening.
LIVE = NOW + dt.timedelta(minutes=90)
WORDS = {"refused": "550 5.1.1 No such user", "bounced": "552 5.2.2 Full", "failed": "450 4.2.0 Later"}  # fmt: skip


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(LIVE, tick=False) as traveller:
        yield traveller


def _mail(signup: Signup, state: str, message: str = "confirmed") -> None:
    db.session.add(
        OutgoingMail(
            event_id=signup.event_id, person=signup.public_id, message=message, to_address=signup.email,
            subject="You are in", text="t", html="h", message_id=f"<{tokens.public_id()}@x>", state=state,
            created_at=NOW, next_try_at=NOW, last_reply=WORDS.get(state), tries=1,
            sent_at=NOW if state in ("sent", "bounced") else None,
            returned=WORDS[state] if state == "bounced" else None,
            returned_at=NOW if state == "bounced" else None,
        )
    )  # fmt: skip


# The name of each person says what became of their mail with the link.
STATES = ("sent", "queued", "sending", "refused", "failed", "bounced", "suppressed", "expired", "none")  # fmt: skip
NEVER = {"refused", "failed", "bounced", "suppressed", "expired", "none"}


@pytest.fixture
def evening(app: Flask, clock: Any) -> int:
    with app.app_context():
        event = make_event(make_user("Ada"), slug="evening")
        for state in STATES:
            signup = make_signup(event, state, email=f"{state}@example.org")
            if state != "none":
                _mail(signup, state)
        # What says nothing about the link, or about somebody who needs none.
        other = make_signup(event, "other mail", email="other@example.org")
        _mail(other, "sent", "waiting_for_approval")
        came = make_signup(event, "came", email="came@example.org")
        _mail(came, "refused")
        make_visit(event, LIVE, signup=came)
        make_signup(event, "left", status="cancelled", cancelled_by="person", cancelled_at=NOW)
        db.session.add(SuppressedAddress(address_key="refused@example.org", reason=WORDS["refused"], at=NOW))  # fmt: skip
        db.session.commit()
        return event.id


@pytest.fixture
def ada(app: Flask, evening: int, client: Any) -> Any:
    sign_in(client, 1)
    return client


def _names(page: Any) -> set[str]:
    return {
        "".join(link.itertext())
        for link in page.tree.iter("a")
        if "/signups/" in link.get("href", "") and "/address" not in link.get("href", "")
    }


def _queued(app: Flask) -> list[str]:
    """Whom the job wrote to, mail by mail."""
    with app.app_context():
        return list(
            db.session.scalars(
                sa.select(OutgoingMail.to_address)
                .where(OutgoingMail.message == "link_again")
                .order_by(OutgoingMail.id)
            )
        )


def _work(app: Flask, at: dt.datetime = LIVE) -> int:
    with app.app_context():
        return commands.send_links(at)


def test_the_lists_hold_exactly_whom_they_say(ada: Any) -> None:
    assert _names(ada.page(PAGE)) == NEVER | {"other mail"}
    assert _names(ada.page(f"{PAGE}?show=waits")) == {"queued", "sending"}
    everybody = NEVER | {"other mail", "sent", "queued", "sending"}
    assert _names(ada.page(f"{PAGE}?show=absent")) == everybody
    figures = ada.get(f"{PAGE}/live").get_json()["figures"]
    assert {name: figures[name] for name in ("never", "waits", "absent")} == {
        "never": str(len(NEVER) + 1), "waits": "2", "absent": str(len(everybody)),
    }  # fmt: skip


def test_the_servers_words_stand_beside_each(ada: Any) -> None:
    text = ada.page(PAGE).text
    for words in WORDS.values():
        assert words in text
    assert "No mail with the link has been written" in text


def test_one_press_writes_once_to_everybody_who_can_be_reached(app: Flask, ada: Any) -> None:
    page = ada.page(PAGE)
    assert "Send the link again to all 6" in page.text
    assert "One of them cannot be reached" in page.text
    for _ in range(3):
        ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    assert _work(app) == 6
    wanted = {f"{name}@example.org" for name in NEVER - {"refused"}} | {"other@example.org"}
    assert sorted(_queued(app)) == sorted(wanted)
    # Pressed again while all of them wait, and within minutes after they left.
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    with app.app_context():
        db.session.execute(sa.update(OutgoingMail).where(OutgoingMail.message == "link_again").values(state="failed"))  # fmt: skip
        db.session.commit()
    assert 'name="kind"' not in ada.page(PAGE).text
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    assert _work(app) == 0
    assert len(_queued(app)) == 6
    with app.app_context():
        rounds = db.session.scalars(sa.select(LinkRound)).all()
        assert [(r.expected, r.queued, r.done_at) for r in rounds] == [(6, 6, LIVE)]
        (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "mail.links_again"))  # fmt: skip
        assert entry.details["people"] == 6


def test_ten_minutes_later_a_press_is_a_new_one(app: Flask, ada: Any, clock: Any) -> None:
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    _work(app)
    with app.app_context():
        db.session.execute(
            sa.update(OutgoingMail)
            .where(OutgoingMail.message == "link_again")
            .values(state="expired")
        )
        db.session.commit()
    clock.move_to(LIVE + dt.timedelta(minutes=10))
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    _work(app, LIVE + dt.timedelta(minutes=10))
    assert len(_queued(app)) == 12


def test_all_who_have_not_joined_are_everybody_but_those_who_wait(app: Flask, ada: Any) -> None:
    assert "Send the link again to all 7" in ada.page(f"{PAGE}?show=absent").text
    ada.send(f"{PAGE}/links", {"kind": "absent"}, at=f"{PAGE}?show=absent")
    _work(app)
    assert "sent@example.org" in _queued(app)
    assert len(_queued(app)) == 7


def test_who_comes_in_meanwhile_is_left_out(app: Flask, ada: Any) -> None:
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    with app.app_context():
        none = db.session.scalars(sa.select(Signup).where(Signup.name == "none")).one()
        make_visit(db.session.get_one(Event, 1), LIVE, signup=none)
        db.session.commit()
    _work(app)
    assert "none@example.org" not in _queued(app)


def test_a_killed_worker_goes_on_where_it_was(app: Flask, ada: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(resending, "BATCH", 2)
    ada.send(f"{PAGE}/links", {"kind": "never"}, at=PAGE)
    with app.app_context():
        (open_round,) = resending.open_rounds()
        resending.carry_on(open_round, LIVE)
        db.session.commit()
        # Dies before its next commit.
        resending.carry_on(open_round, LIVE)
        db.session.rollback()
    assert len(_queued(app)) == 2
    assert "2 of 6 mails are written" in ada.page(PAGE).text
    _work(app)
    assert sorted(_queued(app)) == sorted(set(_queued(app)))
    assert len(_queued(app)) == 6


def test_a_mail_to_a_corrected_address_has_reached_nobody(app: Flask, ada: Any) -> None:
    from webapp.addresses import parse

    with app.app_context():
        sent = db.session.scalars(sa.select(Signup).where(Signup.name == "sent")).one()
        ada_ = make_user("Ben")
        signups.correct_address(sent, parse("right@example.org"), LIVE, by=ada_)
        db.session.commit()
    assert "sent" in _names(ada.page(f"{PAGE}?show=waits"))
    with app.app_context():
        db.session.execute(
            sa.update(OutgoingMail)
            .where(OutgoingMail.to_address == "right@example.org")
            .values(state="refused")
        )
        db.session.commit()
    assert "sent" in _names(ada.page(PAGE))


def test_one_person_is_written_to_once_for_a_double_click(app: Flask, ada: Any) -> None:
    with app.app_context():
        person = db.session.scalars(sa.select(Signup.public_id).where(Signup.name == "failed")).one()  # fmt: skip
    for _ in range(2):
        path = f"/manage/events/evening/signups/{person}/links"
        assert ada.send(path, {"from": "today"}, at=PAGE).location == PAGE
    assert _queued(app) == ["failed@example.org"]


def test_nobody_is_written_to_when_nobody_can_join(app: Flask, ada: Any) -> None:
    with app.app_context():
        event = db.session.get_one(Event, 1)
        event.ended_at = NOW
        db.session.commit()
        with pytest.raises(Refused) as refused:
            resending.start(event, "never", LIVE, by=make_user("Ben"))
        assert refused.value.code == "over"
    assert "Send the link again to all" not in ada.page(PAGE).text


def test_pages_follow_one_another(app: Flask, ada: Any, monkeypatch: Any) -> None:
    from webapp.attendance import missing
    from webapp.front import mail_today

    monkeypatch.setattr(missing, "PAGE", 4)
    monkeypatch.setattr(mail_today, "PAGE", 4)
    found: list[str] = []
    page = ada.page(f"{PAGE}?show=absent")
    while True:
        found += sorted(_names(page))
        after = [a.get("href") for a in page.tree.iter("a") if "after=" in a.get("href", "")]
        if not after:
            break
        page = ada.page(after[0])
    assert len(found) == len(set(found)) == 10


def test_as_many_queries_for_many_as_for_few(app: Flask, ada: Any, count_queries: Any) -> None:
    counts = []
    for _ in range(2):
        with count_queries() as few:
            ada.get(f"{PAGE}?show=absent")
        counts.append(len(few))
        with app.app_context():
            for _number in range(30):
                _mail(make_signup(db.session.get_one(Event, 1)), "refused")
            db.session.commit()
    assert counts[0] == counts[1] <= 20


def test_an_empty_page_teaches(app: Flask, ada: Any) -> None:
    with app.app_context():
        db.session.execute(sa.update(Signup).values(status="pending"))
        db.session.commit()
    assert "One button then sends it again" in ada.page(PAGE).text


def test_every_mail_with_the_join_link_is_one_that_brings_it() -> None:
    """A message that holds the join link must be known, or people who got it count as never reached.
    Only a mail to many may hold it or not, as its writer wished."""
    # As each is read: a template may have the link from a part that several share.
    snapshots = (Path(TESTS) / "snapshots").glob("*.txt")
    holds = {file.stem for file in snapshots if "/join/TOKEN" in file.read_text(encoding="utf-8")}
    assert holds - {"blast"} == set(JOIN_MESSAGES)
