"""The life of sign-ups as a state machine: whatever people do in whatever order, the rules hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.conftest import NOW, empty_database
from tests.factories import make_event
from tests.signup.test_operations import applicant
from webapp.db import db
from webapp.errors import Refused
from webapp.mail.models import OutgoingMail
from webapp.privacy import operations as privacy
from webapp.signup import commands, operations, queries
from webapp.signup.models import LIVE, SEATED, BlockedAddress, Signup

PEOPLE = ["Ana", "Ben", "Cleo", "Dora", "Eva"]


class Life(RuleBasedStateMachine):
    """A few people, a small event, and every verb in any order."""

    app: Flask
    names = Bundle("names")

    @initialize(
        capacity=st.sampled_from([1, 2, 3, None]), proof=st.booleans(), approval=st.booleans(),
        waitlist=st.sampled_from([True, True, False]), offer_hours=st.sampled_from([0, 1, 24]),
    )  # fmt: skip
    def begin(self, capacity: int | None, proof: bool, approval: bool, waitlist: bool, offer_hours: int) -> None:  # fmt: skip
        empty_database(self.app)
        self.context = self.app.app_context()
        self.context.push()
        self.at = NOW
        self.event = make_event(
            capacity=capacity, confirm_address=proof, approval=approval, waitlist=waitlist,
            offer_hours=offer_hours, starts_at=NOW + dt.timedelta(days=9),
        )  # fmt: skip
        db.session.commit()
        self.rows = 0
        self.most = capacity or 0

    def teardown(self) -> None:
        if hasattr(self, "context"):
            db.session.rollback()
            self.context.pop()

    def _latest(self, name: str) -> Signup | None:
        return db.session.scalar(
            sa.select(Signup).where(Signup.name == name).order_by(Signup.id.desc()).limit(1)
        )

    def _people(self) -> list[Signup]:
        return list(
            db.session.scalars(
                sa.select(Signup).where(Signup.erased_at.is_(None)).order_by(Signup.id)
                .execution_options(populate_existing=True)
            )
        )  # fmt: skip

    def _do(self, verb: Any, *args: Any, **values: Any) -> Any:
        self.at += dt.timedelta(seconds=1)
        try:
            done = verb(*args, self.at, **values)
            db.session.commit()
            return done
        except Refused:
            db.session.rollback()
            return None

    @rule(name=st.sampled_from(PEOPLE), hold=st.booleans())
    def signs_up(self, name: str, hold: bool) -> None:
        before = queries.live_by_key(self.event.id, applicant(name).address.key)
        was_held = before is not None and before.pending_reason == "click"
        done = self._do(operations.sign_up, self.event.id, applicant(name), hold=hold)
        new = done is not None and done.outcome not in ("known", "full", "repeated")
        if new and not (before is not None and not was_held):
            self.rows += 0 if was_held else 1

    @rule(
        name=st.sampled_from(PEOPLE),
        verb=st.sampled_from(["cancel", "come_back", "prove", "accept"]),
    )
    def presses(self, name: str, verb: str) -> None:
        signup = self._latest(name)
        if signup is not None:
            self._do(getattr(operations, verb), signup)

    @rule(name=st.sampled_from(PEOPLE), verb=st.sampled_from(["approve", "decline", "cancel"]))
    def is_decided_on(self, name: str, verb: str) -> None:
        signup = self._latest(name)
        if signup is not None:
            self._do(getattr(operations, verb), signup, by="Ada")

    @rule(name=st.sampled_from(PEOPLE))
    def is_erased(self, name: str) -> None:
        signup = self._latest(name)
        if signup is not None:
            status = signup.status
            others = [row.id for row in self._people() if row.id != signup.id]
            before = queries.counts(self.event.id)
            self._do(privacy.erase_signup, signup, by="Ada")
            assert signup.status == status
            assert sum(queries.counts(self.event.id).values()) == sum(before.values())
            if status not in SEATED:
                assert queries.counts(self.event.id) == before
            assert [row.id for row in self._people() if row.id != signup.id] == others

    @rule(name=st.sampled_from(PEOPLE))
    def says_that_it_is_not_them(self, name: str) -> None:
        signup = self._latest(name)
        if signup is not None and signup.proved_at is None:
            self._do(privacy.remove_address, signup)
            db.session.execute(sa.delete(BlockedAddress))
            self.event.touch()
            db.session.commit()

    @rule(hours=st.sampled_from([0, 1, 25]))
    def time_goes_by(self, hours: int) -> None:
        self.at += dt.timedelta(hours=hours)
        commands.move_seats(self.at)
        for signup in self._people():
            if signup.status == "offered":
                assert signup.offer_expires_at is not None
                assert signup.offer_expires_at > self.at

    @rule(capacity=st.integers(1, 5))
    def capacity_changes(self, capacity: int) -> None:
        db.session.refresh(self.event)
        self.event.capacity = capacity
        db.session.commit()
        # Nobody is thrown out; from there it only goes down until it fits again.
        self.most = max(capacity, queries.seats_taken(self.event.id))
        commands.move_seats(self.at)

    @invariant()
    def never_more_people_than_places(self) -> None:
        if hasattr(self, "event") and self.event.capacity:
            taken = queries.seats_taken(self.event.id)
            assert taken <= max(self.event.capacity, self.most)
            self.most = taken

    @invariant()
    def never_a_free_place_while_somebody_waits(self) -> None:
        if hasattr(self, "event"):
            waiting = db.session.scalars(queries.waiting_in_order(self.event.id)).all()
            full = (
                self.event.capacity is not None
                and queries.seats_taken(self.event.id) >= self.event.capacity
            )
            assert full or not waiting

    @invariant()
    def whoever_waited_longest_is_first(self) -> None:
        """Nobody who came to the list later has been offered a place that an earlier one still waits for."""
        if hasattr(self, "event"):
            waiting = db.session.scalars(queries.waiting_in_order(self.event.id)).first()
            if waiting is not None:
                for signup in self._people():
                    if signup.status == "offered":
                        assert signup.waitlisted_at <= waiting.waitlisted_at

    @invariant()
    def one_live_row_per_address(self) -> None:
        if hasattr(self, "event"):
            keys = db.session.scalars(
                sa.select(Signup.email_key).where(
                    Signup.status.in_(LIVE), Signup.email_key.is_not(None)
                )
            )
            assert max(Counter(keys).values(), default=0) <= 1

    @invariant()
    def whoever_has_a_place_has_a_mail_that_says_so(self) -> None:
        if hasattr(self, "event"):
            told = set(
                db.session.scalars(
                    sa.select(OutgoingMail.person).where(
                        OutgoingMail.message.in_(("confirmed", "approved"))
                    )
                )
            )
            for signup in db.session.scalars(sa.select(Signup).where(Signup.status == "confirmed")):
                assert signup.erased_at is not None or signup.public_id in told

    @invariant()
    def every_row_stays(self) -> None:
        if hasattr(self, "event"):
            assert sum(queries.counts(self.event.id).values()) == self.rows

    @invariant()
    def reasons_belong_to_waiting(self) -> None:
        if hasattr(self, "event"):
            for signup in db.session.scalars(sa.select(Signup)):
                assert (signup.pending_reason is not None) == (signup.status == "pending")
                assert (signup.cancelled_by is not None) == (signup.status == "cancelled")
                assert (signup.offer_expires_at is not None) == (signup.status == "offered")
                assert signup.waitlisted_at is not None or signup.status not in (
                    "waitlisted",
                    "offered",
                )


def test_the_life_of_sign_ups(app: Flask) -> None:
    Life.app = app
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            # Which rule was broken is said by the steps as they stand; making them fewer takes minutes.
            phases=[Phase.explicit, Phase.generate],
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
