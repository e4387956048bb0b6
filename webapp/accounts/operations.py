"""The verbs of accounts: make, change, disable; begin and end a session; give and take a token.

``by`` is the signed-in person who does it, None on the command line.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import addresses, tokens
from webapp.accounts import passwords, queries
from webapp.accounts.models import ROLES, ApiToken, User, UserSession
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused


def _record(
    action: str, at: dt.datetime, by: User | None, about: User, summary: str, **details: Any
) -> None:
    audit.record(
        action,
        at=at,
        actor=by.label if by else _("Command line"),
        actor_user_id=by.id if by else None,
        summary=summary,
        account=about.email,
        **details,
    )


def _checked(password: str) -> str:
    if len(password) < passwords.SHORTEST:
        raise Refused(
            _("A password needs at least %(count)s characters.", count=passwords.SHORTEST),
            "password",
        )
    if len(password) > passwords.LONGEST:
        raise Refused(
            _("A password may have %(count)s characters at most.", count=passwords.LONGEST),
            "password",
        )
    return password


def create(
    email: str,
    *,
    role: str,
    at: dt.datetime,
    password: str | None = None,
    name: str = "",
    by: User | None = None,
) -> tuple[User, str]:
    """A new account; answers it with its password, which is made up if none is given.

    Refused for what is no address ("email"), an unknown role ("role"), a password that is too short or
    long ("password"), and an address that has an account ("exists").
    """
    try:
        address = addresses.parse(email, local=True)
    except ValueError as error:
        raise Refused(str(error), "email") from None
    if role not in ROLES:
        raise Refused(_("The role must be organiser or admin."), "role")
    password = passwords.generate() if password is None else _checked(password)
    if queries.by_email(address.text):
        raise Refused(_("There is already an account for %(email)s.", email=address.text), "exists")
    user = User(
        email=address.text,
        email_key=address.key,
        name=" ".join(name.split())[:200],
        role=role,
        password_hash=passwords.make_hash(password),
        created_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except sa.exc.IntegrityError:
        raise Refused(
            _("There is already an account for %(email)s.", email=address.text), "exists"
        ) from None
    _record(
        "account.created", at, by, user, _("Account for %(email)s", email=user.email), role=role
    )
    return user, password


def _keep_an_admin(user: User) -> None:
    """Refuses what would leave nobody who can manage accounts. Locks the admins: two of them who take
    each other's rights at the same moment come one after the other."""
    admins = db.session.scalars(
        lock_row(
            sa.select(User)
            .where(User.role == "admin", User.disabled_at.is_(None))
            .order_by(User.id)
        ).execution_options(populate_existing=True)
    ).all()
    if [admin.id for admin in admins] == [user.id]:
        raise Refused(
            _("%(name)s is the only admin. Make somebody else admin first.", name=user.label),
            "last_admin",
        )


def set_role(user: User, role: str, *, at: dt.datetime, by: User | None = None) -> None:
    """Refused for an unknown role ("role") and for the last admin ("last_admin")."""
    if role not in ROLES:
        raise Refused(_("The role must be organiser or admin."), "role")
    if role != "admin":
        _keep_an_admin(user)
    if role == user.role:
        return
    user.role = role
    _record(
        "account.role", at, by, user,
        _("%(email)s is now %(role)s", email=user.email, role=role), role=role,
    )  # fmt: skip


def disable(user: User, *, at: dt.datetime, by: User | None = None) -> None:
    """Signs the person out everywhere and lets nobody in with this account, tokens included.

    Refused for the last admin ("last_admin").
    """
    _keep_an_admin(user)
    if user.disabled_at:
        return
    user.disabled_at = at
    end_sessions(user, at=at)
    _record(
        "account.disabled", at, by, user, _("%(email)s may no longer sign in", email=user.email)
    )


def enable(user: User, *, at: dt.datetime, by: User | None = None) -> None:
    if user.disabled_at is None:
        return
    user.disabled_at = None
    _record("account.enabled", at, by, user, _("%(email)s may sign in again", email=user.email))


def set_password(
    user: User,
    password: str | None,
    *,
    at: dt.datetime,
    by: User | None = None,
    keep: UserSession | None = None,
) -> str:
    """A new password (made up if None); answers it. Every session but ``keep`` ends with the old one."""
    password = passwords.generate() if password is None else _checked(password)
    user.password_hash = passwords.make_hash(password)
    end_sessions(user, at=at, keep=keep)
    _record("account.password", at, by, user, _("New password for %(email)s", email=user.email))
    return password


def start_session(user: User, *, at: dt.datetime, hours: float, browser: str = "") -> str:
    """Signs ``user`` in; answers the secret for the cookie, of which only the hash is kept."""
    secret = tokens.secret()
    db.session.add(
        UserSession(
            user_id=user.id,
            token_hash=tokens.digest(secret),
            browser=browser[:200],
            created_at=at,
            last_seen_at=at,
            expires_at=at + dt.timedelta(hours=hours),
        )
    )
    return secret


def end_session(secret: str, *, at: dt.datetime) -> None:
    """Ends the one session behind ``secret``, if there is one and it is still open."""
    db.session.execute(
        sa.update(UserSession)
        .where(UserSession.token_hash == tokens.digest(secret), UserSession.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )


def end_sessions(user: User, *, at: dt.datetime, keep: UserSession | None = None) -> None:
    statement = sa.update(UserSession).where(
        UserSession.user_id == user.id, UserSession.ended_at.is_(None)
    )
    if keep is not None:
        statement = statement.where(UserSession.id != keep.id)
    db.session.execute(statement.values(ended_at=at).execution_options(synchronize_session=False))


def create_token(
    user: User,
    *,
    at: dt.datetime,
    label: str = "",
    scope: str = "read",
    event_id: int | None = None,
    by: User | None = None,
) -> str:
    """A new API token; answers its text, of which only the hash is kept. ``event_id`` limits it to that
    event, which the user must be able to manage: the caller has asked.

    Refused if the account is disabled ("disabled").
    """
    if user.disabled_at:
        raise Refused(_("%(email)s is disabled.", email=user.email), "disabled")
    text = f"turnout_{tokens.secret()}"
    db.session.add(
        ApiToken(
            user_id=user.id,
            token_hash=tokens.digest(text),
            label=" ".join(label.split())[:100],
            scope=scope,
            event_id=event_id,
            created_at=at,
        )
    )
    _record(
        "account.token",
        at,
        by,
        user,
        _("API token for %(email)s", email=user.email),
        label=label[:100],
        event_id=event_id,
    )
    return text


def revoke_token(token: ApiToken, *, at: dt.datetime, by: User | None = None) -> None:
    if token.revoked_at:
        return
    token.revoked_at = at
    _record(
        "account.token_revoked", at, by, token.user,
        _("API token of %(email)s taken back", email=token.user.email), label=token.label,
    )  # fmt: skip
