"""The test suite: fixed secret, no limits, no mail server."""

from __future__ import annotations

from config.base import Base


class Testing(Base):
    TESTING: bool = True
    SECRET_KEY: str = "a-secret-that-only-the-test-suite-knows"  # noqa: S105 - it protects nothing
    BASE_URL: str = "http://turnout.test"
    DEMO: bool | None = False
    RATELIMIT_ENABLED: bool = False
    SIGNUP_MIN_SECONDS: float = 0.0
    PUZZLE_BITS: int = 4
    # Flask-Mail follows app.testing otherwise, and the tests talk to a real SMTP receiver.
    MAIL_SUPPRESS_SEND: bool = False
