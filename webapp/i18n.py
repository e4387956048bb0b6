"""Languages: which one a reader gets, how it goes along from page to page, and the catalogues.

Attendees, speakers and guests read every page in a language of theirs; the organisers' tool speaks English.
No cookie says which one it is: a page of a person's own is in that person's language, ``?lang=es`` in an
address comes before that, and what a browser asks for comes last. Where the address says something else
than the browser, every link and form of the page says it too.
"""

from __future__ import annotations

import dataclasses
import io
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, Domain, get_locale, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

ARGUMENT = "lang"
# Beginnings of the addresses of the organisers' tool, and of what only programs read.
_TOOL = ("/manage", "/admin", "/account", "/sign-", "/api/", "/metrics", "/healthz", "/readyz")
_TRANSLATIONS = Path(__file__).parent / "translations"


@lru_cache(maxsize=8)
def _catalogue(path: Path, changed: float, language: str) -> Translations:
    """The texts of one language. Read from the file that translators write, once in each process: that
    takes twenty milliseconds, and nothing that was compiled can be older than it."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


class Catalogues(Domain):
    """Our texts in the reader's language; those that a language lacks stay English."""

    def get_translations(self) -> NullTranslations:
        language = str(get_locale() or "en").partition("_")[0]
        kept: NullTranslations | None = self.cache.get(language)
        if kept is None:
            path = _TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
            found = path.is_file()
            kept = _catalogue(path, path.stat().st_mtime, language) if found else Translations()
            self.cache[language] = kept
        return kept


babel = Babel()


def languages() -> list[str]:
    found: list[str] = current_app.config["LANGUAGES"]
    return found


def is_tool(path: str) -> bool:
    """Whether an address belongs to the organisers' tool, which speaks English to everybody: half a tool
    in another language helps nobody."""
    return path.startswith(_TOOL)


def _asked() -> str | None:
    """What the address says, if the site speaks it."""
    # Looked at many times for each request; most addresses say nothing.
    if b"lang=" not in request.query_string or g.get("language_settled"):
        return None
    asked = request.args.get(ARGUMENT)
    return asked if asked in languages() else None


@lru_cache(maxsize=512)
def _understood(header: str, known: tuple[str, ...]) -> str:
    """What a browser that sends this gets."""
    return parse_accept_header(header, LanguageAccept).best_match(known) or known[0]


def _of_browser() -> str:
    header: str = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return _understood(header[:500], tuple(languages()))


def language() -> str:
    """The reader's language among those the site speaks."""
    known = languages()
    if len(known) == 1 or not has_request_context():
        return known[0]
    pinned: str | None = g.get("language")
    if pinned is not None and pinned in known:
        return pinned
    if is_tool(request.path):
        return "en" if "en" in known else known[0]
    preferred: str | None = g.get("language_preferred")
    return _asked() or (preferred if preferred in known and preferred else _of_browser())


def pin(chosen: str) -> None:
    """This page is in that language, whoever reads it and whatever the address says."""
    g.language = chosen if chosen in languages() else languages()[0]
    refresh()


def prefer(chosen: str, *, settled: bool = False) -> None:
    """This page is about a person who reads that language; the address may still say another one.
    ``settled``: they have just chosen it, and what the address says is what they chose before."""
    g.language_preferred = chosen
    g.language_settled = settled
    refresh()


def dates() -> str:
    """How dates are written: the locale, with a region where the language alone would mean American. English
    is written one way for all, the day before the month and the month as a word: nobody can misread it, two
    people who compare a page with a mail see the same, and it goes with the clock of 24 hours."""
    found = str(get_locale() or "en")
    return "en_GB" if found == "en" else found


def html_language() -> str:
    """The reader's language in the words of HTML: "en"."""
    return str(get_locale() or "en").replace("_", "-")


@lru_cache(maxsize=64)
def name_of(code: str) -> str:
    """What speakers of a language call it: "Español"."""
    name = str(Locale.parse(code).language_name)
    return name[:1].upper() + name[1:]


# How a page offers the other languages


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    code: str
    name: str
    is_current: bool


def choices() -> list[Choice]:
    """The languages to switch between, the page's own among them; none where there is nothing to choose,
    or where a form has just been sent whose fields would be lost."""
    known = languages()
    if len(known) == 1 or request.method != "GET" or "language" in g or is_tool(request.path):
        return []
    now = language()
    return [Choice(code, name_of(code), code == now) for code in known]


def alternates() -> list[tuple[str, str]]:
    """(language, whole address) of the page in each language, for search engines: public pages only."""
    base = str(current_app.config["BASE_URL"]).rstrip("/") + quote(request.path)
    if not choices() or not (request.path in ("/", "/privacy") or request.path.startswith("/events/")):  # fmt: skip
        return []
    return [*((code, f"{base}?{ARGUMENT}={code}") for code in languages()), ("x-default", base)]


# How a language goes along


def carried() -> str | None:
    """The language that the links of this page must name, because a reader who follows one would get
    another otherwise."""
    if not has_request_context() or len(languages()) == 1 or is_tool(request.path) or "language" in g:  # fmt: skip
        return None
    asked = _asked()
    if asked is None and "language_preferred" not in g:
        return None
    now = language()
    return now if now != _of_browser() else None


_LINK = re.compile(
    r'(<(?:a|form)\s(?:[^>]*?\s)?(?:href|action)=")([^"]*)(")((?:\s+hreflang=)?)', re.IGNORECASE
)


def named(address: str, code: str) -> str:
    """An address of ours that says its language; any other one as it is. Nothing is said twice, and pages
    of a person's own know it unless the reader of this one asked for another."""
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    inside = address.removeprefix(base)
    if not inside.startswith("/") or inside.startswith("//"):
        return address
    path = urlsplit(inside).path
    if is_tool(path) or path.startswith("/static/") or re.search(rf"[?&;]{ARGUMENT}=", address):
        return address
    if path.startswith("/my/") and _asked() is None:
        return address
    whole, sharp, fragment = address.partition("#")
    mark = "&" if "?" in whole else "?"
    return f"{whole}{mark}{ARGUMENT}={code}{sharp}{fragment}"


def named_for(address: str, code: str) -> str:
    """An address for somebody who reads that language, as it stands in mails: it says so if that is not
    the site's first."""
    known = languages()
    return f"{address}?{ARGUMENT}={code}" if code in known[1:] else address


def with_language(html: str, code: str) -> str:
    """The page with every link and form naming the language. Texts of people cannot pass for a tag: in a
    page their angle brackets and quotes are written as entities."""

    def put(match: re.Match[str]) -> str:
        before, address, quote, other = match.groups()
        if other:
            return match[0]
        return before + named(address.replace("&amp;", "&"), code).replace("&", "&amp;") + quote

    return _LINK.sub(put, html)


_SWITCH = re.compile(rf'href="\?{ARGUMENT}=([\w-]+)" hreflang=')


def _with_the_rest(html: str) -> str:
    """The links to the other languages with what else the address says: where somebody found the event,
    and the word that opens its form, stay. A word that opens nothing makes no page of its own."""
    gone = {ARGUMENT} if 'name="key"' in html else {ARGUMENT, "key"}
    rest = [pair for pair in request.args.items(multi=True) if pair[0] not in gone]
    if not rest:
        return html
    before = urlencode(rest).replace("&", "&amp;")
    return _SWITCH.sub(rf'href="?{before}&amp;{ARGUMENT}=\1" hreflang=', html)


def _carry(response: Response) -> Response:
    code = carried()
    if code and response.location:
        response.location = named(response.location, code)
    is_page = response.mimetype == "text/html" and response.status_code != 304
    if not (code or request.query_string) or not is_page or response.direct_passthrough:
        return response
    html = made = response.get_data(as_text=True)
    if code and not response.headers.get("ETag"):
        # A kept page was made with its links as they are.
        html = with_language(html, code)
    if b"=" in request.query_string and request.method == "GET":
        html = _with_the_rest(html)
    if html is not made:
        response.set_data(html)
    return response


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=language, timezone_selector=lambda: "UTC")
    babel.domain_instance = Catalogues()
    app.jinja_env.globals.update(
        language_choices=choices, language_alternates=alternates, carried_language=carried
    )
    app.after_request(_carry)
