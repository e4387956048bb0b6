"""The paper edition, set by typst: tagged, PDF/UA-1, the same bytes every time.

Whatever people wrote goes in as data (one JSON text); the template is ours and constant, so nothing
anybody types is ever read as markup. Nothing is fetched, and only the fonts beside this file are used.
"""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import typst
from flask_babel import gettext as _

from webapp import templating
from webapp.reports import article as articles
from webapp.reports import curve, prose, typefaces
from webapp.reports.article import Article

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
STANDARD: Literal["ua-1"] = "ua-1"
# A glyph that no font has shows as a box only if the standard is left away.
_MISSING = "could not be displayed"


@lru_cache(maxsize=1)
def _template() -> bytes:
    return (HERE / "report.typ").read_bytes()


def _sections(article: Article) -> list[dict[str, Any]]:
    return [
        {
            "heading": None if section["kind"] == "opening" else articles.heading(section),
            "about": [
                articles.about(person) for person in section["people"] if articles.about(person)
            ]
            if section["kind"] != "opening"
            else [],
            "blocks": prose.blocks(section["text"]),
            "quote": section["key"] == article.quote_after,
        }
        for section in (*article.opening_sections, *article.sections)
    ]


def _agenda(article: Article) -> dict[str, Any]:
    zone = article.event["timezone"]
    return {
        "head": [_("No."), _("Who"), _("Time"), _("There"), _("At the start"), _("Most")],
        "rows": [
            [
                str(n), ", ".join(mark["names"]) or mark["title"],
                f"{templating.time(mark['start'], zone)}–{templating.time(mark['end'], zone)}",
                templating.number(mark["people"]), templating.number(mark["at_start"]), templating.number(mark["peak"]),
            ]
            for n, mark in enumerate(article.agenda, 1)
        ],
    }  # fmt: skip


def content(article: Article) -> dict[str, Any]:
    """What the template is given: plain texts and trees, no markup."""
    document, text, event = article.document, article.text, article.event
    links = [(text["action_label"] or text["action_url"], text["action_url"]), (_("The recording"), text["recording"])]  # fmt: skip
    sample = _("Sample data: the attendance in this report is simulated.")
    correction = document["correction"]
    by = _("By %(name)s", name=article.byline) + ". " if article.byline else ""
    return {
        "language": event["language"].split("-")[0].lower(),
        "accent": event["accent"] or curve.ACCENT,
        "title": text["headline"],
        "author": text["byline_name"] or event["host"]["name"],
        "kicker": _("Report from %(host)s", host=event["host"]["name"]),
        "byline": f"{by}{article.day}",
        "event_title": event["title"],
        "sample": sample if event["is_sample"] else None,
        "correction": _("Correction: %(note)s", note=correction["note"]) if correction else None,
        "figure": document["headline"]["figure"],
        "short": document["headline"]["short"],
        "definition": document["headline"]["definition"],
        "as_of": _("As of %(at)s.", at=templating.moment(article.as_of, event["timezone"])),
        "opening": prose.blocks(text["opening"]),
        "sections": _sections(article),
        "quote": text["quote"],
        "quote_who": text["quote_who"],
        "quote_at_end": bool(text["quote"]) and article.quote_after is None,
        "closing_heading": _("The closing"),
        "closing": prose.blocks(text["closing"]),
        "thanks": prose.blocks(text["thanks"]),
        "links": [
            {"label": label, "url": url} for label, url in links if prose.is_web_address(url)
        ],
        "curve": curve.draw(document, wide=True, themed=False),
        "curve_heading": _("Who was there when"),
        "curve_alt": article.alt if document["curve"] else None,
        "curve_caption": _(
            "People in the room, minute by minute. Times are %(zone)s.",
            zone=templating.zone_name(event["timezone"]),
        ),
        "agenda": _agenda(article) if document["presence_known"] else None,
        "counted_heading": _("How we counted"),
        "counted_head": [_("Figure"), _("Value"), _("What it means")],
        "counted": [[row["label"], row["value"], row["definition"]] for row in document["counted"]],
        "foot": articles.frozen_note(article),
        "page": _("Page"),
        "untagged": None,
    }


def _compile(data: dict[str, Any], made_at: int, standard: Literal["ua-1"] | None) -> bytes:
    return bytes(
        typst.compile(
            _template(),
            font_paths=typefaces.fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=standard,
            timestamp=made_at,
        )
    )


def render(article: Article) -> bytes:
    """The PDF's bytes. What the standard refuses (a character that has no font here, above all) is set
    without it, and the document and the log say so: a report on paper is worth more than its seal.

    Raises typst.TypstError if typst cannot set it at all.
    """
    made_at = int(article.published_at.timestamp())
    with articles.in_language(article.event["language"]):
        data = content(article)
        try:
            return _compile(data, made_at, STANDARD)
        except typst.TypstError as error:
            log.warning("report %s: set without PDF/UA: %r", article.event["slug"], str(error))
            data["untagged"] = (
                _(
                    "This file does not meet the accessibility standard PDF/UA: it holds characters for which there is no font here. The web page has them all."
                )
                if _MISSING in str(error)
                else _(
                    "This file does not meet the accessibility standard PDF/UA. The web page is the accessible edition."
                )
            )
            return _compile(data, made_at, None)
