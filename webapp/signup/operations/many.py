"""One verb for many people at once. Who they are is written down when it is asked for, each of them once;
then it is done with a few of them at a time, by the very verbs that do it with one. With whom it could not
be done stays written down, with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import choosing
from webapp.signup.choosing import Who
from webapp.signup.models import LIVE, SEATED, Batch, BatchPerson, Signup
from webapp.signup.operations import deciding, leaving, resending, tagging
from webapp.signup.operations.seats import By

ACTS = ("tag", "untag", "approve", "decline", "cancel", "links")
# Each of them a mail, and the event is locked meanwhile: few, so that nobody who signs up waits long.
FEW = 20
# Tags are two statements for all of them.
MANY = 500
LONGEST_REASON = 1000
# How many can be ticked; more are found by a filter.
MOST_TICKED = 200


def begin(
    event: Event,
    who: Who,
    act: str,
    value: str,
    at: dt.datetime,
    *,
    by: User,
    key: str,
    seen: int,
) -> Batch:
    """Writes down what is to be done (``act``, with the tag or the reason as ``value``) and with whom: those
    of a choice, or of these public ids, with whom there is anything to do. ``seen`` is how many the page spoke
    of, ``key`` that of its form.

    Raises Refused "count" if they are more or fewer by now, "tag" for what is no tag, "again" if the very
    form was sent before.
    """
    if act not in ACTS:
        raise Refused(_("Please choose what to do."), "act")
    if act in ("tag", "untag"):
        value = ", ".join(tagging.tag_names(value))
    elif act in ("decline", "cancel"):
        value = value.strip()[:LONGEST_REASON]
    else:
        value = ""
    if db.session.scalar(sa.select(sa.exists().where(Batch.key == key))):
        raise Refused(_("This was begun already."), "again")
    batch = Batch(
        event_id=event.id, key=key, by_user_id=by.id, by=by.email, act=act, value=value, at=at
    )
    db.session.add(batch)
    db.session.flush()
    found = choosing.meant(event.id, who).where(choosing.can_be_done(act)).order_by(None)
    if act == "untag":
        has = [choosing.has_tag(event.id, name) for name in tagging.tag_names(value)]
        found = found.where(sa.or_(*has))
    turn = sa.case((Signup.status.in_(SEATED), 1), else_=0) if act == "cancel" else sa.literal(0)
    db.session.execute(
        sa.insert(BatchPerson).from_select(
            ["batch_id", "signup_id", "turn"],
            found.with_only_columns(sa.literal(batch.id), Signup.id, turn),
        )
    )
    written = sa.select(sa.func.count()).where(BatchPerson.batch_id == batch.id)
    batch.people = db.session.scalar(written) or 0
    if batch.people != seen:
        raise Refused(_("Since you looked, people have come or gone. Please look once more."), "count")  # fmt: skip
    if not batch.people:
        batch.finished_at = at
    audit.record("signups.batch", at=at, actor=by, event_id=event.id, act=act, people=batch.people)
    db.session.flush()
    return batch


def go_on(batch_id: int, at: dt.datetime) -> int:
    """Does it with the next few; answers with how many, 0 when it is through. Every call leaves a whole
    state behind, so that the caller commits and may be stopped in between."""
    batch = _lock(batch_id)
    if batch is None or batch.finished_at is not None:
        return 0
    event = db.session.get_one(Event, batch.event_id)
    account = db.session.get(User, batch.by_user_id) if batch.by_user_id else None
    by: By = account or batch.by
    is_tag = batch.act in ("tag", "untag")
    ids = db.session.scalars(
        sa.select(BatchPerson.signup_id)
        .where(BatchPerson.batch_id == batch.id, BatchPerson.refused.is_(None))
        .order_by(BatchPerson.turn, BatchPerson.signup_id)
        .limit(MANY if is_tag else FEW)
    ).all()
    if not ids:
        batch.finished_at, batch.value = at, ""
        return 0
    refused = _tag(batch, event, ids, at, by) if is_tag else _each(batch, event, ids, at, by)
    for reason in set(refused.values()):
        _keep(batch.id, [id_ for id_, said in refused.items() if said == reason], reason)
    _strike([id_ for id_ in ids if id_ not in refused], batch.id)
    batch.done += len(ids) - len(refused)
    batch.refused += len(refused)
    db.session.flush()
    return len(ids)


def stop(batch_id: int, at: dt.datetime, *, by: User) -> None:
    """Nothing more is done; what was done stays. Once it is through, nothing happens."""
    batch = _lock(batch_id)
    if batch is None or batch.finished_at is not None:
        return
    db.session.execute(
        sa.delete(BatchPerson)
        .where(BatchPerson.batch_id == batch.id, BatchPerson.refused.is_(None))
        .execution_options(synchronize_session=False)
    )
    batch.finished_at, batch.is_stopped, batch.value = at, True, ""
    audit.record("signups.batch_stopped", at=at, actor=by, event_id=batch.event_id)


def _lock(batch_id: int) -> Batch | None:
    batch: Batch | None = db.session.scalar(
        lock_row(sa.select(Batch).where(Batch.id == batch_id)).execution_options(
            populate_existing=True
        )
    )
    return batch


def _tag(batch: Batch, event: Event, ids: Sequence[int], at: dt.datetime, by: By) -> dict[int, str]:
    verb = tagging.tag if batch.act == "tag" else tagging.untag
    try:
        for name in tagging.tag_names(batch.value):
            verb(event, ids, name, at, by=by)
    except Refused as refusal:
        return dict.fromkeys(ids, str(refusal))
    return {}


def _each(batch: Batch, event: Event, ids: Sequence[int], at: dt.datetime, by: By) -> dict[int, str]:  # fmt: skip
    """By sign-up: why it could not be done."""
    verb = _verb(batch, at, by)
    refused = {}
    rows = {row.id: row for row in db.session.scalars(sa.select(Signup).where(Signup.id.in_(ids)))}
    for id_ in ids:
        try:
            with db.session.begin_nested():
                _check(batch.act, rows[id_])
                verb(rows[id_])
        except Refused as refusal:
            refused[id_] = str(refusal)[:500]
    return refused


def _check(act: str, signup: Signup) -> None:
    """The verbs change nothing where nothing is left to do; here that is said."""
    db.session.refresh(signup)
    if act in ("approve", "decline") and signup.status != "pending":
        raise Refused(_("This sign-up is decided already."), "no")
    if act == "cancel" and signup.status not in LIVE:
        raise Refused(_("This sign-up was not on any more."), "no")


def _verb(batch: Batch, at: dt.datetime, by: By) -> Callable[[Signup], object]:
    reason = batch.value
    return {
        "approve": lambda signup: deciding.approve(signup, at, by=by),
        "decline": lambda signup: deciding.decline(signup, at, by=by, reason=reason),
        "cancel": lambda signup: leaving.cancel(signup, at, by=by, reason=reason),
        "links": lambda signup: resending.send_links(signup, at, by=by),
    }[batch.act]


def _keep(batch_id: int, ids: Sequence[int], reason: str) -> None:
    db.session.execute(
        sa.update(BatchPerson)
        .where(BatchPerson.batch_id == batch_id, BatchPerson.signup_id.in_(ids))
        .values(refused=reason)
        .execution_options(synchronize_session=False)
    )


def _strike(ids: Sequence[int], batch_id: int) -> None:
    if ids:
        db.session.execute(
            sa.delete(BatchPerson)
            .where(BatchPerson.batch_id == batch_id, BatchPerson.signup_id.in_(ids))
            .execution_options(synchronize_session=False)
        )
