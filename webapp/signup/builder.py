"""The form builder: the questions of an event, one page for all of them and one for each."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock, i18n
from webapp.accounts.access import signed_in
from webapp.db import LARGEST_ID, db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.signup import facts, forms, operations, questions
from webapp.signup.builder_forms import TYPE_NAMES, DeleteForm, QuestionForm, answer_name
from webapp.signup.models import Question

blueprint = Blueprint("builder", __name__, url_prefix="/manage/events/<slug>/form")
asking = operations.asking


def _index(status: int = 200, problem: str = "") -> ResponseReturnValue:
    event = access.current()
    found = asking.rows(event.id)
    page = render_template(
        "signup/builder.html",
        event=event,
        tab="form",
        asked=[row for row in found if row.retired_at is None],
        retired=[row for row in found if row.retired_at is not None],
        labels={row.key: row.label for row in found},
        answers=asking.answer_counts(event.id),
        seen=asking.fingerprint(found),
        can_undo=asking.can_undo(event.id, found),
        types=TYPE_NAMES,
        ends=questions.said_range,
        answer_name=answer_name,
        problem=problem,
    )
    return page, status


@blueprint.get("")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    return _index()


@blueprint.get("/preview")
@permission("event")
def preview(slug: str) -> ResponseReturnValue:
    """The form as people see it, from the same template; nothing can be sent."""
    event = access.current()
    # In the language that most of them read; its own texts are those of that one.
    i18n.pin(request.args.get(i18n.ARGUMENT) or event.language)
    found = facts.for_event(event, clock.now())
    return render_template(
        "signup/form.html", facts=found, event=event, entry=forms.empty(None), preview=True
    )


def _question(question_id: int) -> Question | None:
    if question_id > LARGEST_ID:
        return None
    return next((q for q in asking.rows(access.current().id) if q.id == question_id), None)


def _page(form: QuestionForm, row: Question | None, status: int = 200, **more: Any) -> ResponseReturnValue:  # fmt: skip
    found = asking.rows(access.current().id)
    earlier = found[: found.index(row)] if row in found else found
    page = render_template(
        "signup/builder_question.html",
        event=access.current(),
        tab="form",
        form=form.offer(q for q in earlier if q.retired_at is None),
        row=row,
        answers=asking.answer_counts(access.current().id).get(row.id, 0) if row else 0,
        types=TYPE_NAMES,
        ends=questions.said_range,
        answer_name=answer_name,
        labels={q.key: q.label for q in found},
        **more,
    )
    return page, status


def _to_question(slug: str, question_id: int) -> ResponseReturnValue:
    return redirect(url_for("builder.index", slug=slug, _anchor=f"question-{question_id}"), 303)


@blueprint.route("/new", methods=["GET", "POST"])
@permission("event", csrf="form")
def add(slug: str) -> ResponseReturnValue:
    """A new question; with ``?like=`` filled in like one that is there."""
    form = QuestionForm()
    if request.method != "POST":
        like = _question(request.args.get("like", 0, type=int))
        if like is not None:
            form.show(like)
        return _page(form, None)
    if not form.is_good():
        return _page(form, None, 400)
    try:
        row = asking.add(access.current(), form.as_item(), clock.now(), signed_in())
    except Refused as refusal:
        db.session.rollback()
        return _page(form, None, 400, refused=form.say(refusal))
    question_id = row.id
    flash(_("The question stands at the end of the form."), "good")
    db.session.commit()
    return _to_question(slug, question_id)


@blueprint.route("/questions/<int:question_id>", methods=["GET", "POST"])
@permission("event", csrf="form")
def edit(slug: str, question_id: int) -> ResponseReturnValue:
    row = _question(question_id)
    form = QuestionForm()
    if request.method != "POST":
        if row is None:
            abort(404)
        form.show(row).seen.data = asking.fingerprint_of(row)
        return _page(form, row)
    if row is None:
        # What was typed is not lost: it can go onto the form as a new question.
        return _page(form, None, 409, refused=_("Somebody deleted this question in the meantime."))
    if not form.is_good():
        return _page(form, row, 400)
    try:
        seen = form.seen.data or ""
        item = form.as_item()
        outside = asking.change(access.current(), question_id, item, seen, clock.now(), signed_in())
    except Refused as refusal:
        db.session.rollback()
        row = _question(question_id)
        if refusal.code != asking.CHANGED or row is None:
            return _page(form, row, 400 if row else 409, refused=form.say(refusal))
        # Saving once more from this page means: I have seen theirs, and want mine.
        form.seen.data = asking.fingerprint_of(row)
        return _page(form, row, 409, theirs=row)
    said = _("Saved.")
    if outside:
        said += " " + ngettext("%(num)s answer that was given lies outside of these numbers. It stays as it is.", "%(num)s answers that were given lie outside of these numbers. They stay as they are.", outside)  # fmt: skip
    flash(said, "good")
    db.session.commit()
    return _to_question(slug, question_id)


def _act(slug: str, done: str, verb: Any, *about: Any) -> ResponseReturnValue:
    """One of the buttons of the list. If a colleague was quicker, nothing happens and the page says so."""
    try:
        verb(access.current(), *about, request.form.get("seen", ""), clock.now(), signed_in())
    except Refused as refusal:
        db.session.rollback()
        return _index(409, _("%(why)s Nothing was changed; this is how the form is now.", why=str(refusal)))  # fmt: skip
    if done:
        flash(done, "good")
    db.session.commit()
    return redirect(url_for("builder.index", slug=slug), 303)


def _or_404(question_id: int) -> Question:
    return _question(question_id) or abort(404)


@blueprint.post("/questions/<int:question_id>/move")
@permission("event")
def move(slug: str, question_id: int) -> ResponseReturnValue:
    _or_404(question_id)
    step = -1 if request.form.get("to") == "up" else 1
    answer = make_response(_act(slug, "", asking.move, question_id, step))
    if answer.location:
        answer.location = url_for("builder.index", slug=slug, _anchor=f"question-{question_id}")
    return answer


@blueprint.post("/questions/<int:question_id>/retire")
@permission("event")
def retire(slug: str, question_id: int) -> ResponseReturnValue:
    label = _or_404(question_id).label
    return _act(slug, _("“%(label)s” is off the form. Its answers stay.", label=label), asking.retire, question_id)  # fmt: skip


@blueprint.post("/questions/<int:question_id>/bring-back")
@permission("event")
def bring_back(slug: str, question_id: int) -> ResponseReturnValue:
    label = _or_404(question_id).label
    return _act(slug, _("“%(label)s” is asked again, at the end of the form.", label=label), asking.bring_back, question_id)  # fmt: skip


@blueprint.post("/order")
@permission("event")
def arrange(slug: str) -> ResponseReturnValue:
    """The whole order at once, as somebody has dragged it."""
    ids = [int(text) for text in request.form.getlist("order") if text.isascii() and text.isdigit()]
    return _act(slug, "", asking.arrange, ids)


@blueprint.post("/undo")
@permission("event")
def undo(slug: str) -> ResponseReturnValue:
    return _act(slug, _("The last change is undone."), asking.undo)


@blueprint.route("/questions/<int:question_id>/delete", methods=["GET", "POST"])
@permission("event", csrf="form")
def delete(slug: str, question_id: int) -> ResponseReturnValue:
    """Deletes for good. With answers, only for somebody who types how many go with it."""
    row = _or_404(question_id)
    form = DeleteForm()
    given = asking.answer_counts(access.current().id).get(row.id, 0)
    if request.method != "POST":
        form.seen.data = asking.fingerprint_of(row)
        return _delete_page(form, row, given)
    if not form.validate():
        return _delete_page(form, row, given, 400)
    try:
        asking.delete(
            access.current(), question_id, form.answers.data or 0, form.seen.data or "",
            clock.now(), signed_in(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        left = _question(question_id)
        if left is None or refusal.code == asking.CHANGED:
            return _index(409, _("%(why)s Nothing was changed; this is how the form is now.", why=str(refusal)))  # fmt: skip
        if refusal.code == "answers":
            form.answers.errors = (str(refusal),)
            return _delete_page(form, left, asking.answer_counts(access.current().id).get(left.id, 0), 400)  # fmt: skip
        return _delete_page(form, left, given, 400, str(refusal))
    flash(_("The question is deleted."), "good")
    db.session.commit()
    return redirect(url_for("builder.index", slug=slug), 303)


def _delete_page(form: DeleteForm, row: Question, given: int, status: int = 200, problem: str = "") -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "signup/builder_delete.html",
        event=access.current(), tab="form", form=form, row=row, given=given, problem=problem,
    )  # fmt: skip
    return page, status
