"""The life of sign-ups as a state machine: whatever people do in whatever order, the rules hold."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, settings
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
from webapp.signup import operations, queries
from webapp.signup.models import LIVE, Signup

PEOPLE = ["Ana", "Ben", "Cleo", "Dora", "Eva"]


class Life(RuleBasedStateMachine):
    """A few people, a small event, and every verb in any order."""

    app: Flask
    names = Bundle("names")

    @initialize(
        capacity=st.sampled_from([1, 2, 3, None]), proof=st.booleans(), approval=st.booleans()
    )
    def begin(self, capacity: int | None, proof: bool, approval: bool) -> None:
        empty_database(self.app)
        self.context = self.app.app_context()
        self.context.push()
        self.at = NOW
        self.event = make_event(capacity=capacity, confirm_address=proof, approval=approval)
        db.session.commit()
        self.rows = 0
        self.lowered = False

    def teardown(self) -> None:
        if hasattr(self, "context"):
            db.session.rollback()
            self.context.pop()

    def _latest(self, name: str) -> Signup | None:
        return db.session.scalar(
            sa.select(Signup).where(Signup.name == name).order_by(Signup.id.desc()).limit(1)
        )

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

    @rule(name=st.sampled_from(PEOPLE), verb=st.sampled_from(["cancel", "come_back", "prove"]))
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
            before = queries.counts(self.event.id)
            self._do(privacy.erase_signup, signup, by="Ada")
            assert queries.counts(self.event.id) == before
            assert signup.status == status

    @rule(capacity=st.integers(1, 5))
    def capacity_changes(self, capacity: int) -> None:
        self.event.capacity = capacity
        db.session.commit()
        self.lowered = self.lowered or queries.seats_taken(self.event.id) > capacity

    @invariant()
    def never_more_people_than_places(self) -> None:
        if hasattr(self, "event") and self.event.capacity and not self.lowered:
            assert queries.seats_taken(self.event.id) <= self.event.capacity

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
                    sa.select(OutgoingMail.person).where(OutgoingMail.message == "confirmed")
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


def test_the_life_of_sign_ups(app: Flask) -> None:
    Life.app = app
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
