"""Which texts are said to attendees, and the catalogues that say them in another language.

``make texts`` runs this file: it puts every text that attendees, speakers and guests see into each
``webapp/translations/<language>/LC_MESSAGES/messages.po``, empty if it is new, and drops what nothing says
any more. The organisers' own pages speak English and are left out. Lines are sorted by their text and name
no places in the code, so that two people who add some do not get into each other's way.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from tests.texts import ROOT

KEYWORDS = dict.fromkeys(("_", "_l", "gettext", "lazy_gettext")) | dict.fromkeys(
    ("ngettext", "lazy_ngettext"), (1, 2)
)
TRANSLATIONS = ROOT / "webapp" / "translations"

# Parts of pages, used by the organisers' pages only.
TOOL_TEMPLATES = {
    "templates/manage.html", "templates/front/_log.html", "templates/front/_checklist.html", "templates/outbox/_state.html",
    "templates/outbox/_tabs.html", "templates/signup/_import_parts.html", "templates/front/mail_text_example.html",
    "templates/mail/trial/subject.txt", "templates/mail/trial/body.txt", "templates/mail/trial/body.html",
    "templates/agenda/_publish.html", "templates/agenda/_changelog.html",
    "templates/mailing/_preview.html", "templates/macros/placeholders.html", "templates/macros/qr.html", "templates/events/_waiting.html", "templates/accounts/sign_in.html",
}  # fmt: skip
# Code that speaks to attendees, beside every module with a public page or a page behind a link, and every
# mails.py: whole folders end with a slash.
SAID_TO_ATTENDEES = (
    "webapp/addresses.py", "webapp/errors.py", "webapp/templating.py", "webapp/agenda/ical.py",
    "webapp/front/running.py", "webapp/front/share_card.py", "webapp/front/words.py", "webapp/reports/article.py",
    "webapp/reports/counted.py", "webapp/reports/curve.py", "webapp/reports/drafting.py",
    "webapp/privacy/own_data.py", "webapp/privacy/own_words.py", "webapp/privacy/queries.py", "webapp/reports/pdf.py", "webapp/reports/saying.py", "webapp/signup/calendar.py",
    "webapp/signup/extras.py", "webapp/signup/local_times.py", "webapp/signup/forms.py", "webapp/signup/operations/entering.py",
    "webapp/signup/operations/leaving.py", "webapp/signup/operations/queueing.py",
    "webapp/signup/operations/seats.py", "webapp/signup/operations/proving.py",
    "webapp/signup/lettering.py", "webapp/signup/people.py", "webapp/signup/questions.py", "webapp/signup/slips.py",
    "webapp/signup/wording.py", "webapp/attendance/operations.py",
)  # fmt: skip
# Declare messages: what they say at once goes into mails, and what is lazy describes them to organisers.
MESSAGES = (
    "webapp/mail/vocabulary.py", "webapp/mailing/invitation_texts.py", "webapp/mailing/mail_texts.py",
    "webapp/signup/mail_texts.py",
)  # fmt: skip
# What looks so and is the organisers' after all: a module, or a function in it.
SAID_TO_ORGANISERS = {
    "webapp/accounts/views.py", "webapp/api/views.py", "webapp/front/service.py",
    "webapp/errors.py _said_to_programs",
    "webapp/signup/forms.py read_added",
    "webapp/signup/questions.py checked", "webapp/signup/questions.py replace",
    "webapp/attendance/operations.py add_head_count",
}  # fmt: skip
_PUBLIC = re.compile(r'@permission\("(?:public|link)"')


def _is_said_to_attendees(name: str, source: str) -> bool:
    if name.startswith("templates/"):
        return name not in TOOL_TEMPLATES and 'extends "manage.html"' not in source
    if name in SAID_TO_ORGANISERS:
        return False
    return (
        name in MESSAGES or name.endswith("/mails.py") or bool(_PUBLIC.search(source)) or any(
            name == place or (place.endswith("/") and name.startswith(place)) for place in SAID_TO_ATTENDEES
        )
    )  # fmt: skip


def _left_out(name: str, source: str) -> set[int]:
    """The lines of functions that speak to organisers in a module that speaks to attendees."""
    functions = {place.partition(" ")[2] for place in SAID_TO_ORGANISERS if place.startswith(f"{name} ")}  # fmt: skip
    if not functions:
        return set()
    found = {n.name: n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)}
    missing = functions - set(found)
    assert not missing, f"{name} has no function {sorted(missing)}: see tests/catalogue.py"
    return {
        line for f in functions for line in range(found[f].lineno, (found[f].end_lineno or 0) + 1)
    }


def _files() -> Iterator[tuple[Path, str]]:
    """Every file with texts, and how Babel reads it: as pyproject.toml has it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for mapping in settings["tool"]["babel"]["mappings"]:
        folder, _stars, ending = mapping["pattern"].partition("/**")
        for path in sorted((ROOT / folder).rglob(f"*{ending}")):
            yield path, mapping["method"]


@lru_cache(maxsize=1)
def said_to_attendees() -> dict[str | tuple[str, str], str]:
    """Every text (or pair of texts, for one and for many) with the file it was found in first."""
    found: dict[str | tuple[str, str], str] = {}
    for path, method in _files():
        name = path.relative_to(ROOT).as_posix()
        source = path.read_text(encoding="utf-8")
        if not _is_said_to_attendees(name, source):
            continue
        left_out = _left_out(name, source)
        words = {
            word: how for word, how in KEYWORDS.items() if name not in MESSAGES or word != "_l"
        }
        for line, text, _comments, _context in extract_from_file(method, path, keywords=words):
            if line not in left_out:
                found.setdefault(text, name)
    return found


def file_of(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language)


def languages() -> list[str]:
    return sorted(path.parts[-3] for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def update(language: str) -> list[str]:
    """Writes the catalogue of a language anew; answers the texts that nobody has translated yet."""
    old = read(language)
    new = Catalog(
        locale=language, project="Turnout", header_comment=old.header_comment, fuzzy=False
    )
    new.revision_date = new.creation_date = old.revision_date
    new.last_translator, new.language_team = "Turnout", f"{language} <turnout@localhost>"
    untranslated = []
    for text in said_to_attendees():
        known: Message | None = old.get(text)
        string = known.string if known and not known.fuzzy else None
        flags = {"python-format"} if known and "python-format" in known.flags else set()
        new.add(text, string, flags=flags)
        if not string or (isinstance(string, tuple) and not all(string)):
            untranslated.append(str(text))
    with file_of(language).open("wb") as file:
        write_po(file, new, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return untranslated


if __name__ == "__main__":
    for code in languages():
        empty = update(code)
        said = f" ({len(empty)} without a text)" if empty else ""
        sys.stdout.write(f"{file_of(code).relative_to(ROOT)}{said}\n")
