"""The published report: page, older versions, curve, JSON, Markdown and PDF. All from the frozen version."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from flask import Blueprint, Response, abort, render_template, request, url_for

from webapp import i18n
from webapp.permissions import permission
from webapp.reports import article as articles
from webapp.reports import curve, queries
from webapp.reports.article import Article
from webapp.reports.models import ReportVersion

blueprint = Blueprint("report", __name__)
BASE = "/events/<slug>/report"

# A correction should be seen within a minute; a given version never changes.
_FRESH = "public, max-age=60"
_FOREVER = "public, max-age=86400"


def _found(slug: str, version: int | None = None) -> tuple[ReportVersion, Article, bool]:
    """A published version of a public event, and whether that is listed; 404 for everything else."""
    found = queries.published(slug, version)
    if found is None:
        abort(404)
    row, newest, is_listed = found
    article = articles.of(row, newest)
    # Our own words on the page are in the report's language, whoever reads it.
    i18n.pin(article.event["language"])
    return row, article, is_listed


def _answer(body: str | bytes, mimetype: str, *, etag: str | None, cache: str) -> Response:
    response = Response(body, mimetype=mimetype)
    if etag:
        response.set_etag(etag)
    else:
        response.add_etag()
    response.headers["Cache-Control"] = cache
    return response.make_conditional(request)  # type: ignore[return-value]  # answers itself


def file_name(article: Article, extension: str) -> str:
    """A Content-Disposition for any title: a safe ASCII name, and the real one beside it."""
    title = " ".join(article.event["title"].split())
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "report"
    full = (
        " ".join(re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|]+', " ", title).split()).strip(" .")[:120]
        or "report"
    )
    return (
        f'inline; filename="{stem}-report.{extension}"; '
        f"filename*=UTF-8''{quote(f'{full}, report.{extension}', safe='')}"
    )


def _page(slug: str, version: int | None) -> Response:
    _row, article, is_listed = _found(slug, version)
    html = render_template(
        "reports/article.html",
        article=article,
        page_language=article.event["language"],
        noindex=not is_listed,
        curve_url=url_for("report.curve_svg", slug=slug, version=article.version),
        curve_wide_url=url_for("report.curve_wide_svg", slug=slug, version=article.version),
    )
    return _answer(html, "text/html", etag=None, cache=_FRESH)


@blueprint.get(BASE)
@permission("public")
def show(slug: str) -> Response:
    return _page(slug, None)


@blueprint.get(f"{BASE}/v/<int:version>")
@permission("public")
def show_version(slug: str, version: int) -> Response:
    return _page(slug, version)


def _curve(slug: str, version: int, *, wide: bool) -> Response:
    row, article, _listed = _found(slug, version)
    svg = curve.draw(article.document, wide=wide)
    if svg is None:
        abort(404)
    etag = f"{row.content_hash[:24]}-{'wide' if wide else 'narrow'}"
    response = _answer(svg, "image/svg+xml", etag=etag, cache=_FOREVER)
    response.headers["Content-Security-Policy"] = curve.policy(article.document)
    return response


@blueprint.get(f"{BASE}/curve-<int:version>.svg")
@permission("public")
def curve_svg(slug: str, version: int) -> Response:
    return _curve(slug, version, wide=False)


@blueprint.get(f"{BASE}/curve-<int:version>-wide.svg")
@permission("public")
def curve_wide_svg(slug: str, version: int) -> Response:
    return _curve(slug, version, wide=True)


def _json(row: ReportVersion, cache: str) -> Response:
    """Exactly the bytes that were hashed."""
    response = _answer(
        row.document.encode(), "application/json", etag=row.content_hash, cache=cache
    )
    response.headers["Turnout-Content-SHA256"] = row.content_hash
    return response


def _markdown(row: ReportVersion, article: Article, cache: str) -> Response:
    response = _answer(articles.markdown(article), "text/markdown", etag=None, cache=cache)
    response.headers["Content-Disposition"] = file_name(article, "md")
    return response


def _pdf(row: ReportVersion, article: Article, cache: str) -> Response:
    response = _answer(row.pdf, "application/pdf", etag=row.pdf_hash, cache=cache)
    response.headers["Content-Disposition"] = file_name(article, "pdf")
    return response


def _file(slug: str, version: int | None, extension: str) -> Response:
    row, article, _listed = _found(slug, version)
    cache = _FRESH if version is None else _FOREVER
    if extension == "json":
        return _json(row, cache)
    return (_pdf if extension == "pdf" else _markdown)(row, article, cache)


@blueprint.get(f"{BASE}.json")
@permission("public")
def as_json(slug: str) -> Response:
    return _file(slug, None, "json")


@blueprint.get(f"{BASE}.md")
@permission("public")
def as_markdown(slug: str) -> Response:
    return _file(slug, None, "md")


@blueprint.get(f"{BASE}.pdf")
@permission("public")
def as_pdf(slug: str) -> Response:
    return _file(slug, None, "pdf")


@blueprint.get(f"{BASE}/v/<int:version>.<any(json, md, pdf):extension>")
@permission("public")
def version_file(slug: str, version: int, extension: str) -> Response:
    return _file(slug, version, extension)
