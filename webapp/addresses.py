"""E-mail addresses: what is stored and shown, and the form in which two are compared."""

from __future__ import annotations

import dataclasses

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


def key(text: str) -> str:
    """The form in which ``text`` is looked up; also for what is no address (it then finds nobody)."""
    try:
        return parse(text, local=True).key
    except ValueError:
        return text.replace("\0", "").strip().casefold()[:LONGEST]
