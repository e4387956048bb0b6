"""Checks a value against a schema of an OpenAPI 3.1 document: the part of JSON Schema that ours uses.

A keyword it does not know is an error, so that nothing in the document goes unchecked; and although
programs must expect more keys than are described, an answer of today may not have any.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum",
    "format", "anyOf", "$ref", "description",
}  # fmt: skip


def _is(value: Any, name: str) -> bool:
    # True is an int to Python; it is no number to anybody else.
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _moment_faults(value: str, path: str) -> Iterator[str]:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        yield f"{path}: {value!r} is no moment"
    else:
        if moment.tzinfo is None:
            yield f"{path}: {value!r} has no offset"


def _object_faults(value: dict[str, Any], schema: dict[str, Any], document: dict[str, Any], path: str) -> Iterator[str]:  # fmt: skip
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}: {name} is missing"
    for name, part in value.items():
        if name in known:
            yield from faults(part, known[name], document, f"{path}.{name}")
        else:
            yield f"{path}: {name} is not described"


def faults(value: Any, schema: dict[str, Any], document: dict[str, Any], path: str = "$") -> Iterator[str]:  # fmt: skip
    """One sentence for each way in which ``value`` is not what ``schema`` says."""
    if unknown := schema.keys() - _KEYWORDS:
        raise NotImplementedError(f"{path}: {sorted(unknown)}")
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from faults(value, document["components"]["schemas"][name], document, path)
    if "anyOf" in schema:
        tried = [list(faults(value, one, document, path)) for one in schema["anyOf"]]
        if all(tried):
            # What is nearest to right says best what is wrong.
            yield from min(tried, key=len)
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, name) for name in types):
            yield f"{path}: {value!r} is not of type {types}"
            return
    if value is None:
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{path}: {value!r} is below {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{path}: {value!r} is above {schema['maximum']}"
    if schema.get("format") == "date-time":
        yield from _moment_faults(value, path)
    if "properties" in schema and isinstance(value, dict):
        yield from _object_faults(value, schema, document, path)
    if "items" in schema and isinstance(value, list):
        for number, part in enumerate(value):
            yield from faults(part, schema["items"], document, f"{path}[{number}]")
