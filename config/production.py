"""A server that others reach. It refuses to start half configured."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from config.base import Base


class Production(Base):
    SESSION_COOKIE_SECURE: bool = True
    PREFERRED_URL_SCHEME: str = "https"

    @classmethod
    def refusals(cls, values: dict[str, Any]) -> list[str]:
        problems = super().refusals(values)
        if not values["SECRET_KEY"]:
            problems.append(
                "TURNOUT_SECRET_KEY is missing: a long random text that signs links and sessions."
            )
        url = urlsplit(values["BASE_URL"])
        if not values["BASE_URL"]:
            problems.append(
                "TURNOUT_BASE_URL is missing: the address people use, like https://events.example.org."
            )
        elif url.scheme not in ("http", "https") or not url.hostname:
            problems.append(
                f"TURNOUT_BASE_URL is {values['BASE_URL']!r}: it must begin with https:// and name a host."
            )
        if not values["MAIL_SERVER"]:
            problems.append(
                "TURNOUT_MAIL_SERVER is missing: the SMTP server that takes the confirmation mails."
            )
        return problems
