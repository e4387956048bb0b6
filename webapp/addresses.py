"""E-mail addresses: what is stored and shown, and the form in which two are compared."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from flask_babel import gettext as _

LONGEST = 254

# Names that mean something inside one network, where Turnout may well run; the library's own
# documentation says to take them off its list.
for name in ("local", "localhost", "test"):
    if name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(name)


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """``text`` is what mail is sent to; ``key`` is for comparing and never shown."""

    text: str
    key: str


def _ask(text: str) -> tuple[str, str]:
    """(local part, domain in small letters and IDNA). Raises EmailNotValidError."""
    found = validate_email(
        text,
        allow_smtputf8=False,
        check_deliverability=False,
        globally_deliverable=False,
        strict=True,
    )
    return found.local_part, found.ascii_domain.lower()


# What most local parts look like; whatever else there is, the library knows.
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    """As ``_ask`` says. Nearly all that the library finds out, slowly, is about the domain, of which the
    world's mailboxes have few: each is asked about once."""
    return _ask(f"a@{domain}")[1]


def _parts(text: str) -> tuple[str, str]:
    name, at, domain = text.rpartition("@")
    if at and len(name) <= 64 and len(text) <= LONGEST and _PLAIN.fullmatch(name):
        return name, _domain(domain)
    return _ask(text)


def parse(text: str, *, local: bool = False) -> Address:
    """Trims, puts the domain into lower case and IDNA. The local part is case-folded in the key only:
    dots and ``+tags`` stay, since without them different people would become one.

    Whether an address exists is the mail server's answer, not a guess from its name; only a domain
    without a dot is refused, unless ``local`` says that names of this network are meant.
    Raises ValueError with a sentence for the person who typed it.
    """
    try:
        name, domain = _parts(text.strip())
    except EmailNotValidError:
        raise ValueError(
            _("That is not an e-mail address. It should look like name@example.org.")
        ) from None
    if "." not in domain and not local:
        raise ValueError(
            _(
                "The address ends after “%(domain)s”. It should look like name@example.org.",
                domain=domain,
            )
        )
    text = f"{name}@{domain}"
    if len(text) > LONGEST:
        raise ValueError(_("That address is too long."))
    return Address(text, f"{name.casefold()}@{domain}")


def find(text: str) -> Address | None:
    """As ``parse``, with None for what is no address."""
    try:
        return parse(text)
    except ValueError:
        return None


def key(text: str) -> str:
    """The form in which ``text`` is looked up; also for what is no address (it then finds nobody)."""
    try:
        return parse(text, local=True).key
    except ValueError:
        return text.replace("\0", "").strip().casefold()[:LONGEST]
