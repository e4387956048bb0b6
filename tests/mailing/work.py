"""What a process of ``tests.mail.worker`` does for mails to many: the job's turns until nothing is left to do.

It may die at a named place. "to remind", "to end_hold" and "to batch" are right before the commit of what that
verb wrote, the same without "to" right after it, and "post" is in the middle of a batch, behind each mail.
With ``careless`` it does without the lock between choosing people and marking them as done: what would then
happen is the negative control, which exists here and nowhere in the product.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.mail.worker import crasher
from webapp.db import db, from_ms
from webapp.mail import outbox
from webapp.mailing import commands, operations, queries

VERBS = ("remind", "end_hold", "batch")
# Long enough that two processes forked one after the other both get there.
OVERLAP = 0.3


def _watch(order: dict[str, Any]) -> None:
    reach, written = crasher(order), list[str]()

    def watched(verb: str, act: Callable[..., Any], **more: Any) -> Callable[..., Any]:
        def watching(*given: Any) -> Any:
            done = act(*given, **more)
            if done:
                written.append(verb)
                reach(f"to {verb}")
            return done

        return watching

    for verb in VERBS:
        more = {"size": order["batch"]} if verb == "batch" else {}
        setattr(operations, verb, watched(verb, getattr(operations, verb), **more))

    @sa.event.listens_for(db.session, "after_commit")
    def committed(_session: Any) -> None:
        while written:
            reach(written.pop())

    post = outbox.post

    def posting(*given: Any, **named: Any) -> None:
        post(*given, **named)
        reach("post")

    outbox.post = posting


def _let_go_of_the_lock() -> None:
    choose = queries.recipients_to_do

    def careless(mailing: Any, limit: int) -> Any:
        rows = choose(mailing, limit)
        db.session.commit()
        time.sleep(OVERLAP)
        return rows

    queries.recipients_to_do = careless


def work(app: Flask, order: dict[str, Any]) -> int:
    """Answers how many steps it took."""
    commands.BREATH = 0
    _watch(order)
    if order.get("careless"):
        _let_go_of_the_lock()
    with app.app_context():
        total = done = commands.run(from_ms(order["at"]))
        while done:
            done = commands.run(from_ms(order["at"]))
            total += done
        return total
