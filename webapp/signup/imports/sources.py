"""What a list of people is and what its columns mean, told from its headings, never from its name.

Systems rename and add columns, so each is known by a few headings that only it has; the meaning of a column
is looked up under its heading, first among those of its system and then among those that lists everywhere
have, in the languages that occur. What is found here is a proposal: people may change every column.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from flask_babel import gettext as _

from webapp.errors import Refused
from webapp.spreadsheets import Cells, Line, Table

# The meanings a column may have once; beside them "question:<key>" and "contact:<host key>".
EMAIL, EMAIL_ELSE, NAME, FIRST, LAST = "email", "email_else", "name", "first", "last"
TIME, CLOCK, STATUS, NO_MAIL = "time", "clock", "status", "no_mail"
SOURCE, LANGUAGE, CREW, COMPANIONS, ACCESS, TAGS = (
    "source",
    "language",
    "crew",
    "companions",
    "access",
    "tags",
)
MEANINGS = (
    EMAIL, EMAIL_ELSE, NAME, FIRST, LAST, TIME, CLOCK, STATUS, NO_MAIL, SOURCE, LANGUAGE, CREW, COMPANIONS,
    ACCESS, TAGS,
)  # fmt: skip
IGNORED = ""
_LOOK_AT = 60
_LIKE_AN_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]{2,}")


@dataclasses.dataclass(frozen=True, slots=True)
class System:
    """A system that writes such lists: known by any of ``known_by`` (each a set of headings that must all be
    there), with the meaning of its own headings."""

    name: str
    known_by: tuple[frozenset[str], ...]
    columns: Mapping[str, str]


def _known_by(*groups: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(group.split("|")) for group in groups)


SYSTEMS = {
    "turnout": System(
        "Turnout", _known_by("e-mail address|status|signed up (utc)"),
        {
            "name": NAME, "e-mail address": EMAIL, "status": STATUS, "signed up (utc)": TIME, "source": SOURCE,
            "language": LANGUAGE, "crew": CREW, "what would help them": ACCESS, "coming with them": COMPANIONS,
        },
    ),
    "eventbrite": System(
        "Eventbrite",
        _known_by("order #|attendee #", "order #|attendee status", "order id|attendee status", "order #|order date|ticket type"),
        {
            "order date": TIME, "first name": FIRST, "last name": LAST, "surname": LAST, "email": EMAIL,
            "attendee status": STATUS, "order status": STATUS,
        },
    ),
    "luma": System(
        "Luma", _known_by("api_id|approval_status", "guest_id|approval_status"),
        {
            "name": NAME, "first_name": FIRST, "last_name": LAST, "email": EMAIL, "created_at": TIME,
            "approval_status": STATUS, "custom_source": SOURCE, "utm_source": SOURCE,
        },
    ),
    "pretix": System(
        "pretix", _known_by("order code|position id", "order code|pseudonymization id", "bestellnummer|positionsnummer"),
        {
            "status": STATUS, "email": EMAIL_ELSE, "order date": TIME, "order time": CLOCK, "attendee name": NAME,
            "attendee name: given name": FIRST, "attendee name: family name": LAST, "attendee email": EMAIL,
            "order locale": LANGUAGE,
        },
    ),
    "indico": System(
        "Indico", _known_by("id|name|registration state", "registration date|registration state"),
        {"name": NAME, "email address": EMAIL, "registration date": TIME, "registration state": STATUS},
    ),
    "hi-events": System(
        "Hi.Events", _known_by("public id|short id|product id", "public id|check ins|product id"),
        {
            "first name": FIRST, "last name": LAST, "email": EMAIL, "status": STATUS, "created date": TIME,
        },
    ),
    "action-network": System(
        "Action Network", _known_by("can2_user_tags", "can2_subscription_status"),
        {"first_name": FIRST, "last_name": LAST, "email": EMAIL, "can2_subscription_status": NO_MAIL},
    ),
    "zoom": System(
        "Zoom", _known_by("registration time|approval status"),
        {
            "first name": FIRST, "last name": LAST, "user name (original name)": NAME, "email": EMAIL,
            "registration time": TIME, "approval status": STATUS, "source name": SOURCE,
        },
    ),
    "alf.io": System(
        "alf.io", _known_by("reservationid|e-mail"),
        {"full name": NAME, "first name": FIRST, "last name": LAST, "e-mail": EMAIL, "status": STATUS, "language": LANGUAGE},
    ),
    "eventyay": System(
        "eventyay", _known_by("order#|ticket id"),
        {"first name": FIRST, "last name": LAST, "email": EMAIL, "order date": TIME, "status": STATUS},
    ),
}  # fmt: skip
SPREADSHEET = "spreadsheet"

_EVERYWHERE = {
    EMAIL: (
        "email|e-mail|e mail|mail|email address|e-mail address|mail address|email addresses|e-mail-adresse|"
        "e-mailadresse|emailadresse|email-adresse|mailadresse|correo|correo electrónico|correo electronico|"
        "dirección de correo electrónico|dirección de correo|courriel|adresse e-mail|adresse email|adresse mail|"
        "adresse électronique|adresse de courriel|indirizzo email|indirizzo e-mail|e-mailadres|e-mail adres|"
        "endereço de e-mail|endereço de email|adres e-mail|e-posta|e-post|e-postadress|sähköposti|attendee email|"
        "guest email|invitee email|participant email|user email|primary email|email 1|your email|your e-mail|"
        "your email address|work email|contact email"
    ),
    NAME: (
        "name|full name|fullname|attendee name|attendee|display name|guest name|invitee name|participant name|"
        "participant|your name|nombre|nombre completo|nombre y apellidos|nom complet|nome completo|nome|naam|"
        "vollständiger name|name (original name)|user name (original name)|teilnehmer|teilnehmername|imię i nazwisko|namn"
    ),
    FIRST: (
        "first name|firstname|first_name|given name|given names|forename|vorname|prénom|prenom|nombres|"
        "nombre de pila|voornaam|imię|förnamn|attendee name: given name|first"
    ),
    LAST: (
        "last name|lastname|last_name|surname|family name|nachname|familienname|zuname|nom|nom de famille|"
        "apellido|apellidos|cognome|achternaam|nazwisko|efternamn|sobrenome|attendee name: family name|last"
    ),
    TIME: (
        "signed up|signed up at|sign-up date|signup date|signup time|order date|created_at|created at|created|created date|registration date|"
        "registration time|registered|registered at|registered on|date registered|submitted at|submission date|"
        "submission time|timestamp|zeitstempel|marca temporal|horodateur|anmeldedatum|date"
    ),
    STATUS: "status|state|attendee status|approval status|approval_status|order status|registration state|rsvp|rsvp status|estado|statut",
    NO_MAIL: "subscription status|subscription_status|email subscription status|email status",
    SOURCE: "source|custom_source|utm_source|source name|quelle|origen",
    LANGUAGE: "language|locale|sprache|idioma|langue|lingua|taal",
    TAGS: "tags|tag|labels|label|can2_user_tags|etiquetas|étiquettes|schlagwörter",
    COMPANIONS: "number of guests|plus ones|additional guests",
}  # fmt: skip
_MEANING = {
    heading: meaning for meaning, text in _EVERYWHERE.items() for heading in text.split("|")
}


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """A list of people as it was recognised. ``headings`` are the words over the columns ("" where there
    are none), ``lines`` the rows below them, ``mapping`` what each column seems to mean."""

    system: str
    headings: tuple[str, ...]
    lines: Sequence[Line]
    mapping: tuple[str, ...]
    broken: Sequence[tuple[int, str]] = ()


def normal(heading: str) -> str:
    """A heading as it is compared."""
    text = unicodedata.normalize("NFC", heading).casefold()
    return " ".join(text.replace("\u00a0", " ").split()).rstrip(" :*")


def system_name(key: str) -> str:
    """What people call the system."""
    return SYSTEMS[key].name if key in SYSTEMS else _("A spreadsheet")


def recognise(tables: Sequence[Table], own: Mapping[str, str] | None = None) -> Listed:
    """The list of people among the tables of a file. ``own`` are headings that this event gives a meaning
    (its questions, its hosts), by their normal form. Raises Refused if no column holds addresses."""
    best: tuple[tuple[int, int], Listed] | None = None
    for table in tables:
        found = _in_table(table, own or {})
        if found is not None:
            rank = (int(found.system != SPREADSHEET), len(found.lines))
            if best is None or rank > best[0]:
                best = (rank, found)
    if best is None:
        raise Refused(_("There is no column with e-mail addresses in this file."), "no_addresses")
    return best[1]


def _in_table(table: Table, own: Mapping[str, str]) -> Listed | None:
    """Under the first early line that has a heading for addresses; else by where addresses stand."""
    lines = table.lines
    for place, line in enumerate(lines[:_LOOK_AT]):
        headings = [normal(cell) for cell in line.cells]
        system = _system(headings)
        known = SYSTEMS[system].columns if system in SYSTEMS else {}
        if any((known.get(h) or _MEANING.get(h)) in (EMAIL, EMAIL_ELSE) for h in headings):
            mapping = _mapping(headings, system, own)
            # What stands above is a title or figures; a heading alone is no list.
            return Listed(system, tuple(line.cells), lines[place + 1 :], mapping, _below(table, line.number))  # fmt: skip
    return _without_headings(table)


def _below(table: Table, number: int) -> list[tuple[int, str]]:
    return [(line, text) for line, text in table.broken if line > number]


def _system(headings: Iterable[str]) -> str:
    there = set(headings)
    for key, system in SYSTEMS.items():
        if any(group <= there for group in system.known_by):
            return key
    return SPREADSHEET


def _mapping(headings: Sequence[str], system: str, own: Mapping[str, str]) -> tuple[str, ...]:
    """A meaning for each column. Headings may stand twice: the first counts."""
    found = [own.get(heading, IGNORED) for heading in headings]
    taken = set(found) - {IGNORED}
    for heading, meaning in (SYSTEMS[system].columns if system in SYSTEMS else {}).items():
        if heading in headings and meaning not in taken:
            found[headings.index(heading)] = meaning
            taken.add(meaning)
    for place, heading in enumerate(headings):
        meaning = _MEANING.get(heading, "")
        if meaning and not found[place] and meaning not in taken:
            found[place] = meaning
            taken.add(meaning)
    if NAME in found and FIRST in found and LAST not in found and system == SPREADSHEET:
        # "Name, Vorname"
        found[found.index(NAME)] = LAST
    if NAME in found and LAST in found and FIRST not in found:
        # "Nombre, Apellidos"
        found[found.index(NAME)] = FIRST
    return once(found)


def once(mapping: Sequence[str]) -> tuple[str, ...]:
    """The mapping with each meaning only where it stands first."""
    seen: set[str] = set()
    result = []
    for meaning in mapping:
        result.append(IGNORED if meaning in seen else meaning)
        if meaning:
            seen.add(meaning)
    return tuple(result)


def _addresses_at(cells: Cells) -> list[int]:
    return [place for place, cell in enumerate(cells) if _LIKE_AN_ADDRESS.search(cell)]


def _without_headings(table: Table) -> Listed | None:
    """A bare list of addresses, or one whose headings say nothing to us."""
    counts: dict[int, int] = {}
    first: int | None = None
    for place, line in enumerate(table.lines[: 4 * _LOOK_AT]):
        for column in _addresses_at(line.cells):
            counts[column] = counts.get(column, 0) + 1
            first = place if first is None else first
    if first is None:
        return None
    column = max(counts, key=lambda place: (counts[place], -place))
    above = table.lines[first - 1] if first else None
    headed = above is not None and len(above.cells) > column
    width = max(len(line.cells) for line in table.lines[first : first + 4 * _LOOK_AT])
    headings = above.cells if headed and above is not None else [""] * width
    mapping = list(_mapping([normal(cell) for cell in headings], SPREADSHEET, {}))
    mapping += [""] * (width - len(mapping))
    mapping = [IGNORED if meaning == EMAIL else meaning for meaning in mapping]
    mapping[column] = EMAIL
    number = table.lines[first].number
    return Listed(SPREADSHEET, tuple(headings), table.lines[first:], tuple(mapping), _below(table, number - 1))  # fmt: skip


# What stands in a status column: who is registered, who waits, who is not (any more). In the words of the
# systems above and of their translations.
LIVE, WAITING, WAITLIST, GONE = "live", "waiting", "waitlist", "gone"
_STATUSES = {
    LIVE: (
        "attending|attended|checked in|checked-in|approved|accepted|completed|complete|paid|active|confirmed|"
        "registered|going|yes|valid|free|ok|bezahlt|bestätigt|angemeldet|teilnehmend|genehmigt|aktiv|pagado|"
        "pagada|confirmado|confirmada|aprobado|aprobada|registrado|registrada|payé|payée|confirmé|confirmée|"
        "inscrit|inscrite|betaald|bevestigd|to_be_paid|acquired"
    ),
    WAITING: (
        "pending|pending approval|pending_approval|unpaid|awaiting payment|waiting|in review|under review|"
        "to be approved|address not confirmed|looked like a robot|unpaid order|offered|ausstehend|wartend|pendiente|en attente|in afwachting|invited|maybe"
    ),
    WAITLIST: "waitlist|waitlisted|waiting list|on waitlist|wait list|warteliste|lista de espera|liste d'attente",
    GONE: (
        "not attending|refunded|declined|cancelled|canceled|withdrawn|rejected|denied|deleted|expired|not going|"
        "no|inactive|transferred|storniert|abgelehnt|abgemeldet|erstattet|cancelado|cancelada|rechazado|"
        "rechazada|reembolsado|annulé|annulée|refusé|refusée|geannuleerd|canceled (paid)|released"
    ),
}  # fmt: skip
_STATUS = {word: state for state, text in _STATUSES.items() for word in text.split("|")}
# Values of a subscription column with which no mail may be sent.
_MAIL_WELCOME = frozenset({"", "subscribed", "active", "yes", "true", "1", "confirmed", "opted in", "opt-in"})  # fmt: skip

# A box that was ticked, or not.
YES = frozenset({
    "yes", "y", "true", "1", "x", "✓", "✔", "on", "agreed", "accepted", "subscribed", "opted in", "opt-in", "ja",
    "sí", "si", "oui", "sim", "wahr", "verdadero", "vrai", "checked",
})  # fmt: skip
NO = frozenset({"no", "n", "false", "0", "off", "nein", "non", "não", "falsch", "falso", "faux", "unchecked", "declined"})  # fmt: skip
# The heading of our own file, in its first language.
CONTACT_HEADING = "May be contacted by "


def state_of(word: str) -> str | None:
    """What a status says, or None if it is not known. An empty one says nothing against it."""
    text = normal(word)
    return LIVE if not text else _STATUS.get(text)


def bars_mail(word: str) -> bool:
    """Whether somebody with this in a subscription column must get no mail from us."""
    return normal(word) not in _MAIL_WELCOME
