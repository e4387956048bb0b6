"""E-mail addresses: what is stored and shown, and the form in which two are compared."""

from __future__ import annotations

import dataclasses
import re

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


def parse(text: str, *, local: bool = False) -> Address:
    """Trims, puts the domain into lower case and IDNA. The local part is case-folded in the key only:
    dots and ``+tags`` stay, since without them different people would become one.

    Whether an address exists is the mail server's answer, not a guess from its name; only a domain
    without a dot is refused, unless ``local`` says that names of this network are meant.
    Raises ValueError with a sentence for the person who typed it.
    """
    try:
        found = validate_email(
            text.strip(),
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=False,
            strict=True,
        )
    except EmailNotValidError:
        raise ValueError(
            _("That is not an e-mail address. It should look like name@example.org.")
        ) from None
    domain = found.ascii_domain.lower()
    if "." not in domain and not local:
        raise ValueError(
            _(
                "The address ends after “%(domain)s”. It should look like name@example.org.",
                domain=domain,
            )
        )
    text = f"{found.local_part}@{domain}"
    if len(text) > LONGEST:
        raise ValueError(_("That address is too long."))
    return Address(text, f"{found.local_part.casefold()}@{domain}")


# What most local parts look like; whatever else there is, the library knows.
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


class Many:
    """``parse`` for a long list. The library takes long, and of what it finds out nearly all is about the
    domain, of which a list has few: each is asked about once."""

    def __init__(self) -> None:
        self._domains: dict[str, str | None] = {}

    def parse(self, text: str) -> Address | None:
        """As ``parse``, with None for what is no address."""
        local, at, domain = text.strip().rpartition("@")
        if not at or len(local) > 64 or not _PLAIN.fullmatch(local):
            return self._ask(text)
        if domain not in self._domains:
            found = self._ask(f"a@{domain}")
            self._domains[domain] = None if found is None else found.text[2:]
        kept = self._domains[domain]
        if kept is None:
            return None
        if len(local) + 1 + len(kept) > LONGEST or len(text) > LONGEST:
            return self._ask(text)
        return Address(f"{local}@{kept}", f"{local.casefold()}@{kept}")

    def _ask(self, text: str) -> Address | None:
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
