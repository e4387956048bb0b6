"""The organiser's pages of the report: write, look, publish."""

from __future__ import annotations

import typing
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.reports import article as articles
from webapp.reports import curve, document, drafting, operations, pdf, queries, saying
from webapp.reports.evidence import Evidence, gather
from webapp.reports.forms import PublishForm, ReportForm, choices, form_for, values
from webapp.reports.models import Report

blueprint = Blueprint("manage_report", __name__, url_prefix="/manage/events/<slug>/report")

if typing.TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse


def _by() -> str:
    return signed_in().label


def _back(event: Event, view: str = "edit") -> AnyResponse:
    return redirect(url_for(f"manage_report.{view}", slug=event.slug))


def _draft(event: Event) -> Report:
    """The event's draft; 404 where nobody has begun one."""
    report = queries.report(event.id)
    if report is None:
        abort(404)
    return report


def _numbers(evidence: Evidence) -> list[dict[str, Any]]:
    """Each headline number with its value, what it would say, and its definition."""
    return [document.headline(evidence.figures, choice) for choice in saying.CHOICES]


def _filled(form: ReportForm, evidence: Evidence) -> dict[str, str]:
    """What the placeholders in use stand for now, to be read beside the fields."""
    chosen = form.number.data if form.number.data in saying.CHOICES else "people"
    words = saying.words(evidence.figures, chosen)
    return {name: words[name] for name in saying.PLACEHOLDERS}


def _rooms(evidence: Evidence) -> dict[str, str]:
    return {
        item.key: saying.in_the_room(
            evidence.session(item.key), [who.name for who in drafting.voices(item)]
        )
        for item in drafting.sections(evidence)
    }


def _edit_page(
    event: Event,
    report: Report,
    evidence: Evidence,
    form: ReportForm,
    status: int = 200,
    **more: Any,
) -> tuple[str, int]:
    blocks = report.content["blocks"]
    current = {drafting.SECTION + item.key for item in drafting.sections(evidence)}
    orphans = {
        name.removeprefix(drafting.SECTION): text
        for name, text in blocks.items()
        if name.startswith(drafting.SECTION) and name not in current and text
    }
    page = render_template(
        "reports/edit.html", tab="report", event=event, report=report, form=form,
        numbers=_numbers(evidence), filled=_filled(form, evidence), rooms=_rooms(evidence),
        published=queries.latest(event), measured=saying.is_measured(evidence.figures),
        orphans=orphans, as_of=evidence.at, phase=event.phase(evidence.at), **more,
    )  # fmt: skip
    return page, status


@blueprint.get("")
@permission("event")
def edit(slug: str) -> Any:
    event, at = access.current(), clock.now()
    report = queries.report(event.id)
    if report is None:
        return render_template(
            "reports/empty.html", tab="report", event=event, phase=event.phase(at)
        )
    evidence = gather(event, at)
    form = form_for(evidence)(data=values(report, evidence))
    form.number.choices = choices()
    return _edit_page(event, report, evidence, form)


@blueprint.post("")
@permission("event", csrf="form")
def save(slug: str) -> Any:
    event, at = access.current(), clock.now()
    report = _draft(event)
    evidence = gather(event, at)
    form = form_for(evidence)()
    form.number.choices = choices()
    if not form.validate_on_submit():
        return _edit_page(event, report, evidence, form, 400)
    try:
        operations.save(
            event, form.blocks, headline=form.number.data, left_out=form.left_out,
            revision=int(form.revision.data) if form.revision.data.isdecimal() else -1,
            at=at, by=_by(),
        )  # fmt: skip
    except operations.SavedMeanwhile as refused:
        db.session.rollback()
        return _both(event, evidence, form, str(refused))
    except Refused as refused:
        db.session.rollback()
        form.headline.errors = (*form.headline.errors, str(refused))
        return _edit_page(event, report, evidence, form, 400)
    db.session.commit()
    flash(_("Saved."), "good")
    return _back(event, "preview" if "preview" in request.form else "edit")


def _both(event: Event, evidence: Evidence, form: ReportForm, message: str) -> tuple[str, int]:
    """Two people wrote at once: the page with my texts in the fields and theirs beside them."""
    report = _draft(event)
    theirs = {
        name: text
        for name, text in report.content["blocks"].items()
        if name in form.blocks and text != form.blocks[name]
    }
    # The next save knows of theirs: it is made over it with open eyes.
    form.revision.data = str(report.revision)
    return _edit_page(event, report, evidence, form, 409, theirs=theirs, conflict=message)


@blueprint.post("/draft")
@permission("event")
def draft(slug: str) -> Any:
    """Writes the draft, or asks first where somebody's own words would be replaced."""
    event, at = access.current(), clock.now()
    try:
        done = operations.draft(event, at=at, by=_by(), replace=request.form.getlist("replace"))
    except Refused as refused:
        db.session.rollback()
        flash(str(refused))
        return _back(event)
    if done.kept and "asked" not in request.form:
        kept = [
            {
                "name": name,
                "now": done.report.content["blocks"][name],
                "fresh": done.report.content["drafted"][name],
            }
            for name in done.kept
        ]
        db.session.rollback()
        return render_template("reports/redraft.html", tab="report", event=event, kept=kept)
    db.session.commit()
    flash(_("Written from the data. Now make it yours."), "good")
    return _back(event)


@blueprint.get("/preview")
@permission("event")
def preview(slug: str) -> Any:
    event = access.current()
    article = operations.preview(event, _draft(event), at=clock.now())
    with articles.in_language(event.language):
        return render_template(
            "reports/article.html", article=article, page_language=event.language,
            curve_url=url_for("manage_report.preview_curve", slug=slug),
            curve_wide_url=url_for("manage_report.preview_curve", slug=slug, shape="wide"),
        )  # fmt: skip


@blueprint.get("/preview/curve.svg")
@permission("event")
def preview_curve(slug: str) -> Response:
    event = access.current()
    article = operations.preview(event, _draft(event), at=clock.now())
    with articles.in_language(event.language):
        svg = curve.draw(article.document, wide=request.args.get("shape") == "wide")
    if svg is None:
        abort(404)
    return Response(
        svg,
        mimetype="image/svg+xml",
        headers={"Content-Security-Policy": curve.policy(article.document)},
    )


@blueprint.get("/preview.pdf")
@permission("event")
def preview_pdf(slug: str) -> Response:
    event = access.current()
    paper = pdf.render(operations.preview(event, _draft(event), at=clock.now()))
    return Response(paper, mimetype="application/pdf")


@blueprint.route("/publish", methods=["GET", "POST"])
@permission("event", csrf="form")
def publish(slug: str) -> Any:
    event, at = access.current(), clock.now()
    report = _draft(event)
    form = PublishForm(data={"revision": str(report.revision)})
    if form.validate_on_submit():
        seen = int(form.revision.data) if form.revision.data.isdecimal() else -1
        try:
            version = operations.publish(
                event, at=at, by=_by(), correction=form.correction.data or "", revision=seen
            )
        except Refused as refused:
            db.session.rollback()
            form.correction.errors = (str(refused),)
        else:
            number = version.version
            db.session.commit()
            flash(_("Version %(n)d is published.", n=number), "good")
            return _back(event)
    status = 400 if request.method == "POST" else 200
    report = _draft(event)
    # Whoever comes back to this page sees what stands now, and publishes that.
    form.revision.data = str(report.revision)
    page = render_template(
        "reports/publish.html", tab="report", event=event, report=report, form=form,
        article=operations.preview(event, report, at=at), published=queries.latest(event),
        phase=event.phase(at),
    )  # fmt: skip
    return page, status
