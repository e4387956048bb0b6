"""A document as an article: the parts in the order in which page, paper and Markdown show them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp import templating
from webapp.reports import canonical, curve
from webapp.reports.drafting import literal
from webapp.reports.models import ReportVersion


@dataclasses.dataclass(frozen=True, slots=True)
class Article:
    """A document with what a page says about it. ``content_hash`` is empty in a preview."""

    document: dict[str, Any]
    content_hash: str
    newest: int

    @property
    def text(self) -> dict[str, Any]:
        text: dict[str, Any] = self.document["text"]
        return text

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = self.document["event"]
        return event

    @property
    def version(self) -> int:
        return int(self.document["version"])

    @property
    def is_preview(self) -> bool:
        return not self.content_hash

    @property
    def fingerprint(self) -> str:
        return canonical.fingerprint(self.content_hash)

    @property
    def published_at(self) -> Any:
        return curve.read_moment(self.document["published_at"])

    @property
    def as_of(self) -> Any:
        return curve.read_moment(self.document["as_of"])

    @property
    def day(self) -> str:
        return templating.date(curve.read_moment(self.event["started_at"]), self.event["timezone"])

    @property
    def byline(self) -> str:
        return ", ".join(
            part for part in (self.text["byline_name"], self.text["byline_affiliation"]) if part
        )

    @property
    def opening_sections(self) -> list[dict[str, Any]]:
        return [part for part in self.text["sections"] if part["kind"] == "opening"]

    @property
    def sections(self) -> list[dict[str, Any]]:
        return [part for part in self.text["sections"] if part["kind"] != "opening"]

    @property
    def quote_after(self) -> str | None:
        """The key of the section the pull quote stands behind: its speaker's, otherwise the middle one.
        None if there is no quote or no section."""
        if not self.text["quote"] or not self.sections:
            return None
        for section in self.sections:
            if any(
                self.text["quote_who"].startswith(person["name"]) for person in section["people"]
            ):
                return str(section["key"])
        return str(self.sections[(len(self.sections) - 1) // 2]["key"])

    @property
    def agenda(self) -> list[dict[str, Any]]:
        """Rows of the table under the curve, with their times read."""
        return [
            mark
            | {"start": curve.read_moment(mark["start"]), "end": curve.read_moment(mark["end"])}
            for mark in self.document["agenda"]
        ]

    @property
    def minutes(self) -> list[tuple[Any, int]]:
        """The curve every five minutes, for those who want it as numbers."""
        points = self.document["curve"] or []
        return [(curve.read_moment(at), count) for at, count in points[::5]]

    @property
    def alt(self) -> str:
        return curve.summary(self.document)


def of(version: ReportVersion, newest: int) -> Article:
    """A published version as an article. Reads nothing but its frozen document."""
    return Article(json.loads(version.document), version.content_hash, newest)


def heading(section: dict[str, Any]) -> str:
    """What stands over a section: who speaks in it, or its title."""
    names = [person["name"] for person in section["people"]]
    return " & ".join(names) if names and section["kind"] != "questions" else section["title"]


def about(person: dict[str, Any]) -> str:
    return ", ".join(part for part in (person["title"], person["affiliation"]) if part)


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Our own words in the report's language, if the site speaks it; otherwise in the site's first."""
    known: list[str] = current_app.config["LANGUAGES"]
    with force_locale(language if language in known else known[0]):
        yield


def _cell(text: str) -> str:
    return literal(" ".join(text.split())).replace("|", "\\|")


def _prose(text: str) -> str:
    """An organiser's Markdown for a file: raw HTML in it shows as text in every program, as it does on
    our pages."""
    return re.sub(r"(?<!\\)<(?=[A-Za-z/!?])(?!https?:|mailto:)", r"\<", text)


def markdown(article: Article) -> str:
    """The article as a Markdown file. Names and titles in it are escaped: they show as they are."""
    text, event, number = article.text, article.event, article.document["headline"]
    lines = [f"# {literal(text['headline'])}", ""]
    lines += [
        _("Report from %(host)s, %(day)s.", host=literal(event["host"]["name"]), day=article.day)
    ]
    if article.byline:
        lines += ["", _("By %(name)s.", name=literal(article.byline))]
    correction = article.document["correction"]
    if correction:
        lines += ["", "> " + _("Correction: %(note)s", note=_cell(correction["note"]))]
    if number["figure"]:
        lines += ["", f"**{number['figure']}** {number['short']}. {number['definition']}"]
    lines += ["", _prose(text["opening"])]
    for section in text["sections"]:
        if section["kind"] != "opening":
            lines += ["", f"## {literal(heading(section))}"]
            who = "; ".join(about(person) for person in section["people"] if about(person))
            if who:
                lines += ["", f"*{literal(who)}*"]
        lines += ["", _prose(section["text"])]
        if section["key"] == article.quote_after:
            lines += ["", f"> “{_cell(text['quote'])}”", ">", f"> {_cell(text['quote_who'])}"]
    if text["closing"]:
        lines += ["", "## " + _("The closing"), "", _prose(text["closing"])]
    if text["thanks"]:
        lines += ["", _prose(text["thanks"])]
    for label, url in ((text["action_label"], text["action_url"]), (_("The recording"), text["recording"])):  # fmt: skip
        if url:
            lines += ["", f"[{literal(label or url)}](<{url}>)"]
    lines += ["", "## " + _("How we counted"), ""]
    lines += [f"| {_('Figure')} | {_('Value')} | {_('What it means')} |", "|---|---|---|"]
    lines += [f"| {_cell(row['label'])} | {_cell(row['value'])} | {_cell(row['definition'])} |" for row in article.document["counted"]]  # fmt: skip
    lines += ["", frozen_note(article), ""]
    return "\n".join(str(line) for line in lines)


def frozen_note(article: Article) -> str:
    """What a reader should know about the version in front of them."""
    zone = article.event["timezone"]
    as_of = templating.moment(article.as_of, zone)
    if article.is_preview:
        return str(_("A preview. Nothing is published. Figures as of %(at)s.", at=as_of))
    return str(
        _(
            "Version %(n)s, published %(published)s. Figures as of %(at)s, by method %(method)s. Fingerprint %(fingerprint)s. Text and figures are frozen: deleting personal data does not change them.",
            n=article.version,
            published=templating.moment(article.published_at, zone),
            at=as_of,
            method=article.document["method"],
            fingerprint=article.fingerprint,
        )
    )
