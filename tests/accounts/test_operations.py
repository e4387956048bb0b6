"""The verbs of accounts, each with what it refuses, and that there is always an admin."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.accounts.conftest import PASSWORD
from tests.conftest import NOW
from tests.factories import make_user
from webapp import tokens
from webapp.accounts import operations, passwords, queries
from webapp.accounts.models import ApiToken, User, UserSession
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused


def acts() -> list[tuple[str, str]]:
    """(act, the account it was about) of everything in the log."""
    db.session.flush()
    entries = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.action, entry.details["account"]) for entry in entries]


def test_a_new_account(context: Flask) -> None:
    user, password = operations.create(" Ana@Example.ORG ", role="organiser", at=NOW, name="  Ana   Túpac ")  # fmt: skip
    assert (user.email, user.email_key, user.name) == ("Ana@example.org", "ana@example.org", "Ana Túpac")  # fmt: skip
    assert (user.role, user.created_at, user.disabled_at) == ("organiser", NOW, None)
    assert passwords.fits(user.password_hash, password)
    assert acts() == [("account.created", "Ana@example.org")]
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.actor, entry.actor_user_id) == ("Command line", None)


def test_a_password_that_is_made_up_is_new_every_time_and_can_be_read_out(context: Flask) -> None:
    made = {passwords.generate() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password.replace("-", "")) == 16
        assert not set(password) & set("01ilo"), "nothing that looks like something else"


def test_a_given_password_is_used(context: Flask) -> None:
    user, password = operations.create("a@example.org", role="admin", at=NOW, password=PASSWORD)
    assert password == PASSWORD
    assert passwords.fits(user.password_hash, PASSWORD)
    assert PASSWORD not in str(db.session.scalars(sa.select(AuditEntry.details)).all())


@pytest.mark.parametrize(
    ("values", "code", "sentence"),
    [
        ({"email": "nobody"}, "email", "That is not an e-mail address. It should look like name@example.org."),
        ({"email": ""}, "email", "That is not an e-mail address. It should look like name@example.org."),
        ({"role": "owner"}, "role", "The role must be organiser or admin."),
        ({"password": "x" * 7}, "password", "A password needs at least 8 characters."),
        ({"password": "x" * 201}, "password", "A password may have 200 characters at most."),
        ({"email": "ADA@example.org"}, "exists", "There is already an account for ADA@example.org."),
    ],
)  # fmt: skip
def test_what_makes_no_account(
    context: Flask, values: dict[str, Any], code: str, sentence: str
) -> None:
    make_user("Ada")
    given = {"email": "new@example.org", "role": "organiser", "at": NOW, **values}
    with pytest.raises(Refused) as refused:
        operations.create(given.pop("email"), **given)
    assert (refused.value.code, str(refused.value)) == (code, sentence)
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1
    assert acts() == []


def test_the_database_has_the_last_word_on_one_account_for_an_address(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two admins make the same account at once: the second finds none and still gets a sentence."""
    make_user("Ada")
    monkeypatch.setattr(operations.queries, "by_email", lambda email: None)
    with pytest.raises(Refused, match="already an account for ada"):
        operations.create("ada@example.org", role="organiser", at=NOW)
    # The transaction goes on.
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1


def test_roles(context: Flask) -> None:
    dora, ben = make_user("Dora", role="admin"), make_user("Ben")
    operations.set_role(ben, "admin", at=NOW, by=dora)
    operations.set_role(ben, "admin", at=NOW, by=dora)
    operations.set_role(dora, "organiser", at=NOW, by=ben)
    assert (ben.role, dora.role) == ("admin", "organiser")
    # What changes nothing is no act.
    assert acts() == [("account.role", ben.email), ("account.role", dora.email)]
    with pytest.raises(Refused, match="The role must be organiser or admin"):
        operations.set_role(ben, "king", at=NOW, by=ben)


@pytest.mark.parametrize("also", ["", "an organiser", "a disabled admin"])
@pytest.mark.parametrize("verb", ["set_role", "disable"])
def test_the_last_admin_is_kept(context: Flask, verb: str, also: str) -> None:
    dora = make_user("Dora", role="admin")
    if also == "an organiser":
        make_user("Ben")
    if also == "a disabled admin":
        make_user("Emil", role="admin", disabled_at=NOW)
    arguments = ("organiser",) if verb == "set_role" else ()
    with pytest.raises(Refused) as refused:
        getattr(operations, verb)(dora, *arguments, at=NOW, by=dora)
    assert refused.value.code == "last_admin"
    assert str(refused.value) == "Dora is the only admin. Make somebody else admin first."
    assert (dora.role, dora.disabled_at) == ("admin", None)
    assert acts() == []


def test_with_a_second_admin_either_may_go(context: Flask) -> None:
    dora, emil = make_user("Dora", role="admin"), make_user("Emil", role="admin")
    operations.disable(dora, at=NOW, by=emil)
    with pytest.raises(Refused, match="Emil is the only admin"):
        operations.disable(emil, at=NOW, by=dora)
    operations.enable(dora, at=NOW, by=emil)
    operations.set_role(emil, "organiser", at=NOW, by=dora)
    assert (dora.is_active, dora.is_admin, emil.is_admin) == (True, True, False)


@pytest.mark.parametrize("verb", ["set_role", "disable"])
def test_two_admins_who_take_each_others_rights_at_once(app: Flask, verb: str) -> None:
    """Exactly one of them goes, twenty times over. On SQLite whoever writes is alone; on PostgreSQL the
    rows of all admins are locked."""
    arguments = ("organiser",) if verb == "set_role" else ()
    for _ in range(20):
        with app.app_context():
            db.session.execute(sa.delete(AuditEntry))
            db.session.execute(sa.delete(User))
            ids = [make_user(name, role="admin").id for name in ("Dora", "Emil")]
            db.session.commit()
        assert sorted(_at_once(app, verb, arguments, ids)) == ["done", "last_admin"]
        with app.app_context():
            left = [u for u in db.session.scalars(sa.select(User)) if u.is_admin and u.is_active]
            assert len(left) == 1


def test_without_the_lock_both_would_go(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: it must be able to fail."""
    if "sqlite" in app.config["SQLALCHEMY_DATABASE_URI"]:
        # There the transaction itself is the lock, which begins before anything is read: looked at and
        # let go, and only then written, as a careless program would.
        keep = operations._keep_an_admin
        both_looked = threading.Barrier(2, timeout=30)

        def careless(user: User) -> None:
            user_id = user.id
            keep(user)
            db.session.rollback()
            both_looked.wait()
            db.session.get(User, user_id)

        monkeypatch.setattr(operations, "_keep_an_admin", careless)
    else:
        both_looked = threading.Barrier(2, timeout=30)
        keep = operations._keep_an_admin

        def unlocked(user: User) -> None:
            keep(user)
            both_looked.wait()

        monkeypatch.setattr(operations, "lock_row", lambda statement: statement)
        monkeypatch.setattr(operations, "_keep_an_admin", unlocked)
    with app.app_context():
        ids = [make_user(name, role="admin").id for name in ("Dora", "Emil")]
        db.session.commit()
    assert _at_once(app, "disable", (), ids) == ["done", "done"]
    with app.app_context():
        assert all(user.disabled_at for user in db.session.scalars(sa.select(User)))


def _at_once(app: Flask, verb: str, arguments: tuple[str, ...], ids: list[int]) -> list[str]:
    """Each of two admins turns on the other, on a connection of their own, let go together."""
    gate = threading.Barrier(2, timeout=30)

    def one(mine: int, other: int) -> str:
        with app.app_context():
            gate.wait()
            by, user = db.session.get_one(User, mine), db.session.get_one(User, other)
            try:
                getattr(operations, verb)(user, *arguments, at=NOW, by=by)
            except Refused as refused:
                db.session.rollback()
                return refused.code
            db.session.commit()
            return "done"

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, ids, reversed(ids)))


def test_disabling_ends_every_session_and_every_token(context: Flask) -> None:
    ben = make_user("Ben")
    make_user("Dora", role="admin")
    operations.start_session(ben, at=NOW, hours=1)
    text = operations.create_token(ben, at=NOW)
    db.session.flush()
    assert queries.token_by_text(text)
    operations.disable(ben, at=NOW)
    db.session.flush()
    assert queries.live_sessions(ben, NOW) == []
    assert queries.token_by_text(text) is None
    # A second time it says nothing new, and keeps when it was.
    operations.disable(ben, at=NOW.replace(year=2030))
    assert ben.disabled_at == NOW
    operations.enable(ben, at=NOW)
    db.session.flush()
    assert queries.token_by_text(text), "its programs work again"
    assert queries.live_sessions(ben, NOW) == [], "its browsers do not"
    operations.enable(ben, at=NOW)
    words = [action for action, _ in acts()]
    assert words == ["account.token", "account.disabled", "account.enabled"]


def test_a_new_password_keeps_only_the_session_that_asked(context: Flask) -> None:
    ben = make_user("Ben")
    secrets = [operations.start_session(ben, at=NOW, hours=1) for _ in range(3)]
    db.session.flush()
    kept = queries.session_by_secret(secrets[1])
    answer = operations.set_password(ben, PASSWORD, at=NOW, by=ben, keep=kept)
    assert answer == PASSWORD
    assert queries.live_sessions(ben, NOW) == [kept]
    made = operations.set_password(ben, None, at=NOW)
    assert passwords.fits(ben.password_hash, made)
    assert queries.live_sessions(ben, NOW) == []
    for short in ("", "x" * 7, "x" * 201):
        with pytest.raises(Refused):
            operations.set_password(ben, short, at=NOW)
    assert passwords.fits(ben.password_hash, made)


def test_only_hashes_are_kept(context: Flask) -> None:
    ben = make_user("Ben")
    session = operations.start_session(ben, at=NOW, hours=1)
    token = operations.create_token(ben, at=NOW, label="board")
    db.session.flush()
    assert len({session, token}) == 2
    held = db.session.scalars(sa.select(UserSession.token_hash)).all()
    assert held == [tokens.digest(session)]
    held = db.session.scalars(sa.select(ApiToken.token_hash)).all()
    assert held == [tokens.digest(token)]
    assert token.startswith("turnout_")
    assert token not in str(db.session.scalars(sa.select(AuditEntry.details)).all())


def test_a_token_that_is_taken_back_opens_nothing(context: Flask) -> None:
    dora, ben = make_user("Dora", role="admin"), make_user("Ben")
    text, other = (operations.create_token(ben, at=NOW, label=f" {n} ") for n in ("one", "two"))
    db.session.flush()
    found = queries.token_by_text(text)
    assert found
    assert (found.user, found.label) == (ben, "one")
    operations.revoke_token(found, at=NOW, by=dora)
    operations.revoke_token(found, at=NOW.replace(year=2030), by=dora)
    db.session.flush()
    assert queries.token_by_text(text) is None
    assert found.revoked_at == NOW
    assert queries.token_by_text(other)
    assert queries.live_tokens(ben) == [queries.token_by_text(other)]
    assert [action for action, _ in acts()] == ["account.token"] * 2 + ["account.token_revoked"]


@pytest.mark.parametrize("change", ["", "x", "turnout_", "turnout_x", "cut", "longer", "case"])
def test_what_is_nearly_a_token_opens_nothing(context: Flask, change: str) -> None:
    text = operations.create_token(make_user("Ben"), at=NOW)
    db.session.flush()
    changed = {"cut": text[:-1], "longer": f"{text}x", "case": text.swapcase()}.get(change, change)
    assert queries.token_by_text(changed) is None


def test_a_disabled_account_gets_no_token(context: Flask) -> None:
    ben = make_user("Ben", disabled_at=NOW)
    with pytest.raises(Refused, match="is disabled"):
        operations.create_token(ben, at=NOW)
    assert db.session.scalar(sa.select(sa.func.count(ApiToken.id))) == 0
