"""The shape of what is typed into the form builder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.errors import Refused
from webapp.signup.forms import shown
from webapp.signup.models import Question
from webapp.signup.questions import LONGEST_HELP, number, plain

TYPE_NAMES: dict[str, Any] = {
    "text": _l("One line"),
    "paragraph": _l("Several lines"),
    "choice": _l("One of a list"),
    "choices": _l("Any of a list"),
    "yes_no": _l("Yes or no"),
    "number": _l("A number"),
}
WITH_CHOICES = ("choice", "choices")


def answer_name(value: Any) -> str:
    """An answer as people read it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


def _condition(key: str, equals: Any) -> str:
    return json.dumps([key, equals])


def _trimmed(text: str | None) -> str:
    return shown(text or "").strip()


def _written(end: float | None) -> str:
    return "" if end is None else str(plain(end))


class QuestionForm(FlaskForm):
    label = StringField(
        _l("Question"),
        [DataRequired(_l("What do you want to ask?")), Length(max=500)],
        filters=[lambda text: shown(text or "")],
    )
    help = TextAreaField(
        _l("Help"), [Length(max=LONGEST_HELP)], filters=[lambda text: shown(text or "")]
    )
    type = SelectField(
        _l("How people answer"),
        choices=[SelectChoice(value=value, label=label) for value, label in TYPE_NAMES.items()],
        default="text",
    )
    choices = TextAreaField(_l("Choices"), filters=[lambda text: shown(text or "")])
    required = BooleanField(_l("Everybody must answer it"))
    min = StringField(_l("Smallest number"), [Length(max=30)], filters=[_trimmed])
    max = StringField(_l("Largest number"), [Length(max=30)], filters=[_trimmed])
    show_if = SelectField(_l("When it is asked"), choices=[], validate_choice=False, default="")
    # What the page showed, so that a colleague's change in between is noticed.
    seen = HiddenField()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("type", "show_if"):
            self[name].flags.hide_optional = True

    def show(self, row: Question) -> QuestionForm:
        """Fills the form with what is there."""
        self.label.data, self.help.data, self.type.data = row.label, row.help, row.type
        self.choices.data, self.required.data = "\n".join(row.choices or ()), row.required
        self.min.data, self.max.data = (_written(end) for end in (row.min, row.max))
        self.show_if.data = _condition(row.show_if["key"], row.show_if["equals"]) if row.show_if else ""  # fmt: skip
        return self

    def offer(self, earlier: Iterable[Question]) -> QuestionForm:
        """Lets the question hang on an answer to one of those before it. One that hangs on something else
        (an event file can say so) keeps that as a choice."""
        offered = [("", _("Always"))]
        for row in earlier:
            answers: list[Any] = list(row.choices or ()) if row.type in WITH_CHOICES else []
            if row.type == "yes_no":
                answers = [True, False]
            offered += [
                (_condition(row.key, answer), _("Only if “%(question)s” is “%(answer)s”", question=row.label, answer=answer_name(answer)))
                for answer in answers
            ]  # fmt: skip
        now = self.show_if.data or ""
        if now not in dict(offered):
            key, equals = self._hangs_on() or ("", "")
            if key:
                offered.append((now, _("Only if “%(question)s” is “%(answer)s”", question=key, answer=answer_name(equals))))  # fmt: skip
        self.show_if.choices = [SelectChoice(value=value, label=label) for value, label in offered]
        return self

    def _hangs_on(self) -> tuple[str, Any] | None:
        try:
            match json.loads(self.show_if.data or "null"):
                case [str(key), bool() | int() | float() | str() as equals]:
                    return key, equals
        except ValueError:
            pass
        return None

    def as_item(self) -> dict[str, Any]:
        """In the words of the event file. Choices of a type that has none are left away."""
        found = self._hangs_on()
        lines = [line.strip() for line in (self.choices.data or "").splitlines()]
        return {
            "label": self.label.data or "",
            "help": " ".join((self.help.data or "").split()),
            "type": self.type.data,
            "choices": [line for line in lines if line] if self.type.data in WITH_CHOICES else [],
            "required": bool(self.required.data),
            "show_if": None if found is None else {"key": found[0], "equals": found[1]},
            **self._ends(),
        }

    def _ends(self) -> dict[str, int | float | None]:
        """The smallest and the largest number; none for a type that has none. Raises ValueError."""
        texts = {name: self[name].data if self.type.data == "number" else "" for name in ("min", "max")}  # fmt: skip
        return {name: number(text) if text else None for name, text in texts.items()}

    def is_good(self) -> bool:
        """Whether all that can be said of the fields alone is in order; otherwise it stands beside them."""
        is_valid = self.validate()
        # Each has its say: nobody should mend one field to be told of the next.
        has_ends = self._check_ends()
        return has_ends and self._check_choices() and is_valid

    def _check_ends(self) -> bool:
        """What can be said about the smallest and the largest number beside the fields themselves."""
        if self.type.data != "number":
            return True
        ends = {}
        for field in (self.min, self.max):
            try:
                ends[field.name] = number(field.data) if field.data else None
            except ValueError as error:
                field.errors = (*field.errors, str(error))
        low, high = ends.get("min"), ends.get("max")
        if low is not None and high is not None and low > high:
            self.max.errors = (*self.max.errors, _("The largest number must not be below the smallest."))  # fmt: skip
        return not self.min.errors and not self.max.errors

    def _check_choices(self) -> bool:
        """What can be said about the list of choices beside the field itself."""
        item = self.as_item()
        if item["type"] in WITH_CHOICES:
            choices = item["choices"]
            problem = ""
            if not choices:
                problem = _("Write the choices here, one on each line.")
            elif len(set(choices)) != len(choices):
                problem = _("One of the choices stands there twice.")
            elif len(choices) > 100 or max(len(choice) for choice in choices) > 200:
                problem = _("At most 100 choices, each of at most 200 characters.")
            if problem:
                self.choices.errors = (*self.choices.errors, problem)
                return False
        return True

    def say(self, refusal: Refused) -> str:
        """Puts a refusal beside the field it is about; answers it if it is about none."""
        name = {"condition": "show_if"}.get(refusal.code, refusal.code)
        if name in ("label", "help", "type", "choices", "show_if"):
            self[name].errors = (*self[name].errors, str(refusal))
            return ""
        return str(refusal)


class DeleteForm(FlaskForm):
    answers = IntegerField(_l("Number of answers"), [InputRequired(_l("Type the number."))])
    seen = HiddenField()
