"""Short ways to say what a key holds. Every key is there unless it is said to be left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate


def _said(about: str) -> dict[str, Any]:
    return {"description": about} if about else {}


def string(about: str = "", *, unknown: bool = False, left_out: bool = False) -> fields.String:
    """``unknown``: may be null. ``left_out``: is missing where there is nothing to say."""
    return fields.String(required=not left_out, allow_none=unknown, metadata=_said(about))


def word(among: Sequence[str], about: str = "", *, left_out: bool = False) -> fields.String:
    return fields.String(
        required=not left_out, validate=validate.OneOf(list(among)), metadata=_said(about)
    )


def whole(about: str = "", *, unknown: bool = False, left_out: bool = False) -> fields.Integer:
    """A whole number from 0 on."""
    return fields.Integer(
        required=not left_out, allow_none=unknown, validate=validate.Range(min=0), metadata=_said(about)
    )  # fmt: skip


def decimal(about: str = "", *, unknown: bool = False, most: float | None = None) -> fields.Float:
    return fields.Float(
        required=True, allow_none=unknown, validate=validate.Range(min=0, max=most), metadata=_said(about)
    )  # fmt: skip


def yes_no(about: str = "") -> fields.Boolean:
    return fields.Boolean(required=True, metadata=_said(about))


def moment(about: str = "", *, unknown: bool = False, left_out: bool = False) -> fields.DateTime:
    """ISO 8601 with an offset, or with Z where it is UTC."""
    return fields.DateTime(required=not left_out, allow_none=unknown, metadata=_said(about))


def one(schema: type[Schema], about: str = "", *, unknown: bool = False) -> fields.Nested:
    return fields.Nested(schema, required=True, allow_none=unknown, metadata=_said(about))


def many(of: type[Schema] | fields.Field[Any], about: str = "", *, left_out: bool = False) -> fields.List[Any]:  # fmt: skip
    inner = of if isinstance(of, fields.Field) else fields.Nested(of)
    return fields.List(inner, required=not left_out, metadata=_said(about))


class Answer(Schema):
    """What every part of an answer is. Programs must expect keys beyond those described: a later Turnout
    may add some, but takes none away and changes what none means."""

    class Meta:
        unknown = INCLUDE


class Fault(Answer):
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    title = string("What kind of fault, in a few words.")
    message = string("One sentence for the person behind the program.")


class Error(Answer):
    """Every answer that is not what was asked for."""

    error = one(Fault)
