"""The organiser's list of sign-ups: finding people, and taking the list away."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock, i18n
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.signup import export, finding, queries
from webapp.signup.queries import Choice

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("signup_manage", __name__, url_prefix="/manage/events/<slug>/signups")


@blueprint.get("")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event = access.current()
    if request.args.get("said"):
        # A question and an answer to it are chosen as one.
        args = request.args.to_dict()
        args["question"], _colon, args["answer"] = args.pop("said").partition(":")
        return redirect(finding.address(slug, Choice.from_args(args)))
    choice = Choice.from_args(request.args)
    page = max(1, min(request.args.get("page", 1, type=int), 1_000_000))
    counts = queries.counts_listed(event.id)
    # Behind nobody may lie a hundred thousand rows without a person.
    rows, has_more = queries.page(event.id, choice, page) if counts.people else ([], False)
    is_more = False
    if not choice.as_args():
        found = counts.people
    elif choice == Choice(status=choice.status):
        found = counts.statuses[choice.status or ""]
    elif page == 1 and not has_more:
        found = len(rows)
    else:
        found = queries.number_to_show(event.id, choice)
        is_more = found > queries.MOST_COUNTED
    return render_template(
        "signup/manage_list.html",
        event=event, tab="signups", at=clock.now(), finding=finding, choice=choice, rows=rows, page=page,
        has_more=has_more, counts=counts, hosts=finding.hosts(event),
        said=finding.said(event, choice), offers=finding.offers(event), tags=queries.tags(event.id),
        sources=queries.sources(event.id), languages=i18n.languages(), running=queries.unfinished_batches(event.id),
        found=found, is_more=is_more, most=queries.MOST_COUNTED, tabs=finding.tabs(event, choice, counts),
    )  # fmt: skip


@blueprint.post("/export")
@permission("event")
def export_file(slug: str) -> ResponseReturnValue:
    """What the filter finds as one file. A POST, since who took the list away is written down first."""
    event = access.current()
    choice = finding.unpacked(request.form.get("choice", ""))
    kind = "xlsx" if request.form.get("kind") == "xlsx" else "csv"
    people = queries.number(event.id, choice)
    if kind == "xlsx":
        try:
            export.check_fits(people)
        except Refused as refusal:
            flash(str(refusal))
            return redirect(finding.address(slug, choice), 303)
    table = export.Table(event, finding.hosts(event), choice)
    audit.record(
        "signups.exported", at=clock.now(), actor=cast(User, current_user), event_id=event.id,
        kind=kind, people=people,
    )  # fmt: skip
    db.session.commit()
    if kind == "xlsx":
        file = table.workbook()
        response = Response(export.pieces(file), mimetype=XLSX)
        response.call_on_close(file.close)
    else:
        response = Response(table.stream(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-signups.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response
