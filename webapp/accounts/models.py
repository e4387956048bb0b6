"""People who sign in, their sessions, and their API tokens."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.db import Base

ROLES = ("organiser", "admin")


class User(Base):
    """An organiser or admin. Attendees have no account."""

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("role IN ('organiser', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # Trimmed, domain in lower case; ``email_key`` is what is compared.
    email: Mapped[str] = mapped_column(sa.String(254))
    email_key: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    role: Mapped[str] = mapped_column(sa.String(20), default="organiser")
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[dt.datetime]
    disabled_at: Mapped[dt.datetime | None]

    # What Flask-Login asks. The secret of this browser's session stands in for an id: the cookie never
    # holds the user's own, and a session ended on the server opens nothing.
    is_authenticated = True
    is_anonymous = False
    session_secret = ""

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    def get_id(self) -> str:
        return self.session_secret

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def label(self) -> str:
        return self.name or self.email


class UserSession(Base):
    """One signed-in browser. The cookie holds a secret, the row its hash; ending the row signs out."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    browser: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]

    user: Mapped[User] = relationship()

    def is_live(self, at: dt.datetime) -> bool:
        return self.ended_at is None and at < self.expires_at


class ApiToken(Base):
    """A bearer token for the API. It may what its user may, or less: only read (``scope``), only one event
    (``event_id``). The text is shown once, the hash kept. When it was last used is not known: the API only
    reads, and what reads does not write."""

    __tablename__ = "api_tokens"
    __table_args__ = (sa.CheckConstraint("scope IN ('read', 'write')", name="scope"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    label: Mapped[str] = mapped_column(sa.String(100), default="")
    scope: Mapped[str] = mapped_column(sa.String(5), default="read")
    # Null for all that its user may.
    event_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]

    user: Mapped[User] = relationship()
