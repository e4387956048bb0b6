"""Every text of a page or a mail goes through gettext, so that a second language changes no template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, nodes

from tests.texts import GETTEXT, ROOT, is_phrase, is_text

# Read aloud or shown, unlike every other attribute.
SHOWN = {"alt", "title", "placeholder", "aria-label", "aria-description", "label", "summary"}
# The value of a button is its text; what was typed into a field is not ours.
BUTTONS = {"submit", "button", "reset"}
# What is shown of a page where it is shared.
CARDS = {"description", "author", "og:title", "og:description", "og:image:alt", "twitter:title"}
UNSEEN = {"script", "style", "svg", "code", "pre", "kbd"}
# What macros are handed to show.
HANDED_ON = SHOWN | {"help", "text", "note", "heading", "legend"}
# The functions and filters of a template whose words are not shown as they are: addresses, formats, keys.
NOT_SHOWN = {
    "url_for", "static_url", "absolute_url", "date", "time", "moment", "period", "attr", "get", "attribute",
    "startswith", "endswith", "replace", "split", "strftime", "format_date", "join", "default", "selectattr",
    "rejectattr", "map", "field", "count", "index", "css", "flashed", "get_flashed_messages", "sort", "items",
}  # fmt: skip


class Place(HTMLParser):
    """Where each piece of a page stands. Expressions come in as \\ue000 and their number and \\ue001."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.unseen = 0
        self.texts: list[str] = []
        # Attributes from which a script or a stylesheet may take what it shows.
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self.unseen += 1
        values = dict(attrs)
        for name, value in attrs:
            is_button = name == "value" and tag == "input" and values.get("type") in BUTTONS
            if value and (name in SHOWN or is_button):
                self.texts.append(value)
            is_card = name == "content" and {values.get("name"), values.get("property")} & CARDS
            if value and (name.startswith("data-") or is_card):
                self.data.append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN and self.unseen:
            self.unseen -= 1

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.texts.append(data)


def pieces(environment: Environment, source: str) -> tuple[str, list[str]]:
    """(the template with every expression as a mark, the expressions). Statements leave a blank."""
    text, expressions = "", []
    inside: list[str] | None = None
    block = False
    for _line, kind, value in environment.lex(source):
        if kind == "data" and not block:
            text += value
        elif kind == "variable_begin":
            inside = []
        elif kind == "variable_end" and inside is not None:
            text += f"\ue000{len(expressions)}\ue001"
            expressions.append("".join(inside))
            inside = None
        elif kind == "block_begin":
            block = True
        elif kind == "block_end":
            block = False
            text += " "
        elif kind == "raw_begin":
            block = False
        elif inside is not None:
            inside.append(value)
    return text, expressions


def words(node: nodes.Node, *, handed_on: bool = False) -> Iterator[str]:
    """The texts in a piece of a template that are shown. What is ``handed_on`` to a macro may be a key or
    a class: these are small and without a space."""
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str) and (not handed_on or is_phrase(node.value)):
            yield node.value
    elif isinstance(node, nodes.Compare | nodes.Test):
        return
    elif isinstance(node, nodes.CondExpr):
        for part in filter(None, (node.expr1, node.expr2)):
            yield from words(part, handed_on=handed_on)
    elif isinstance(node, nodes.Getitem | nodes.Getattr):
        yield from words(node.node, handed_on=True)
    elif isinstance(node, nodes.Filter):
        if node.name not in NOT_SHOWN and node.node is not None:
            yield from words(node.node, handed_on=handed_on)
        if node.name == "default":
            for argument in node.args:
                yield from words(argument, handed_on=handed_on)
    elif isinstance(node, nodes.Call):
        called = node.node
        name = getattr(called, "name", None) or getattr(called, "attr", "")
        if isinstance(called, nodes.Getattr):
            yield from words(called.node, handed_on=True)
        for keyword in node.kwargs:
            # What is put into a text is shown with it.
            if name in GETTEXT or keyword.key in HANDED_ON:
                yield from words(keyword.value, handed_on=name not in GETTEXT)
        if name not in GETTEXT | NOT_SHOWN:
            for argument in node.args:
                yield from words(argument, handed_on=True)
    else:
        for child in node.iter_child_nodes():
            yield from words(child, handed_on=handed_on)


def statements(tree: nodes.Template) -> Iterator[nodes.Node]:
    """What statements hand on to be shown: values that are set, lists that are gone through."""
    for node in tree.find_all((nodes.Assign, nodes.For, nodes.CallBlock, nodes.With)):
        if isinstance(node, nodes.Assign):
            yield node.node
        elif isinstance(node, nodes.For):
            yield node.iter
        elif isinstance(node, nodes.CallBlock):
            yield node.call
        else:
            yield from node.values


def parts(piece: str) -> Iterator[tuple[str, int | None, bool]]:
    """(text, the number of the expression behind it, whether that is an attribute's value): a block or a
    macro may hold attributes of a tag that stands elsewhere."""
    is_value = False
    for text, number in re.findall("([^\ue000]*)(?:\ue000(\\d+)\ue001)?", piece):
        if is_value or '="' in text:
            is_value ^= text.count('"') % 2 == 1
        yield ("" if '="' in text or re.fullmatch(r'[\w-]*"', text) else text), int(number) if number else None, is_value  # fmt: skip


def bare(environment: Environment, source: str, *, is_html: bool) -> list[str]:
    """The texts of a template that are shown and do not go through gettext."""
    text, expressions = pieces(environment, source)

    def expression(number: int, *, handed_on: bool = False) -> Iterator[str]:
        yield from words(environment.parse("{{" + expressions[number] + "}}"), handed_on=handed_on)

    place = Place()
    if is_html:
        place.feed(text)
        place.close()
    else:
        place.texts.append(text)
    found: list[str] = []
    for piece in place.texts:
        for part, number, is_value in parts(piece):
            found.append(part)
            if number is not None and not is_value:
                found += expression(number)
    for piece in place.data:
        for part, number, _is_value in parts(piece):
            found += [part] if is_phrase(part) else []
            if number is not None:
                found += expression(number, handed_on=True)
    for statement in statements(environment.parse(source)):
        found += words(statement, handed_on=True)
    return [" ".join(text.split()) for text in found if is_text(text)]


def templates() -> list[Path]:
    return sorted(p for p in (ROOT / "templates").rglob("*") if p.suffix in (".html", ".txt"))


def test_templates_have_no_bare_text(app: Flask) -> None:
    environments = {"mail": app.extensions["mail_templates"]}
    found = {}
    for path in templates():
        name = path.relative_to(ROOT / "templates")
        environment = environments.get(name.parts[0], app.jinja_env)
        texts = bare(environment, path.read_text(encoding="utf-8"), is_html=path.suffix == ".html")
        if texts:
            found[str(name)] = texts
    assert found == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{{ _('Hello') }}, {{ name }}</p>", []),
        ("<p>Hello, {{ name }}</p>", ["Hello,"]),
        ("<p>{{ 'unknown' if count is none else count }}</p>", ["unknown"]),
        ("<p>{{ _('By %(who)s', who=name or 'nobody') }}</p>", ["nobody"]),
        ("<a class='button quiet' href='/events/{{ slug }}'>{{ title }}</a>", []),
        ("<button aria-label='Close'>×</button>", ["Close"]),
        ("<input type='submit' value='Send'><input name='a' value='typed in'>", ["Send"]),
        ("<td data-label='When' data-key='now'>{{ at|moment(zone) }}</td>", ["When"]),
        ("{{ forms.field(form.name, help='As on your passport', class='wide one') }}", ["As on your passport"]),
        ("{{ figure('Came', came, 'good') }}", ["Came"]),
        ("{% set states = {'good': 'It runs'} %}{% if state == 'Not it' %}{% endif %}", ["It runs"]),
        ("{% for key, label in [('a', 'First'), ('b', _('Second'))] %}{{ label }}{% endfor %}", ["First"]),
        ("<script>Not for people</script><code>GET /figures</code>", []),
        ("<option value='x'{% if y %} selected{% endif %}>{{ _('Yes') }}</option>", []),
    ],
)  # fmt: skip
def test_what_counts_as_bare_text(app: Flask, source: str, found: list[str]) -> None:
    assert bare(app.jinja_env, source, is_html=True) == found
