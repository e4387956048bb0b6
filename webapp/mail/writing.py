"""Organisers' Markdown in a mail: once as HTML that carries its own style, once as plain text with the
same facts.

What stands in for a placeholder never passes through Markdown: the text is read first, with marks in those
places, and the values go into what came out of it, escaped.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup, escape

# No pictures: a mail loads nothing. No raw HTML, and nothing becomes a link that is not written as one.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["image", "html_inline", "html_block"])  # fmt: skip
_TAGS = {
    "p", "br", "em", "strong", "ul", "ol", "li", "a", "blockquote", "code", "pre", "hr", "h2", "h3", "div",
}  # fmt: skip

# Not guessable, so nobody can write one; letters and digits only, so it passes through Markdown as it is.
_MARK = f"qz{secrets.token_hex(6)}"
_MARKS = re.compile(rf"{_MARK}(\w+?)zq")
# What looks like a placeholder of some other system stays letter for letter: "*" and "__" in it are no
# Markdown.
_VERBATIM = re.compile(r"\$?\{{1,2}[^{}\n]{1,200}\}{1,2}|%\([^()\n]{1,200}\)[sd]")


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the source: either the name of a block or some Markdown."""

    block: str
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """The same, made: a block that the template draws, or HTML and text."""

    block: str
    html: Markup
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """Where a link leads: ``first`` is the placeholder it begins with, or empty; ``rest`` what is
    written after it, ``inside`` the placeholders in that."""

    first: str
    rest: str
    inside: tuple[str, ...]


def split(text: str, blocks: Collection[str]) -> list[Piece]:
    """``text`` cut at the lines that hold nothing but a block's placeholder."""
    if not blocks:
        return [Piece("", text)]
    names = "|".join(sorted(map(re.escape, blocks), key=len, reverse=True))
    cut = re.split(rf"(?m)^ {{0,3}}\{{({names})\}}[ \t]*$", text)
    found = [Piece(part, "") if place % 2 else Piece("", part) for place, part in enumerate(cut)]
    return [piece for piece in found if piece.block or piece.source.strip()]


def _marked(text: str, placeholder: re.Pattern[str], names: Collection[str] | None) -> str:
    return placeholder.sub(
        lambda m: f"{_MARK}{m[1]}zq" if names is None or m[1] in names else m[0], text
    )


def _walk(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or ())


def addresses(text: str, placeholder: re.Pattern[str]) -> list[Address]:
    """Where the links in ``text`` lead. Everything in the shape of a placeholder counts as one."""
    found = []
    for token in _walk(_markdown.parse(_marked(text, placeholder, None))):
        if token.type == "link_open":
            first, rest = _address(str(token.attrGet("href") or ""))
            found.append(Address(first, _MARKS.sub(r"{\1}", rest), tuple(_MARKS.findall(rest))))
    return found


def _address(href: str) -> tuple[str, str]:
    match = _MARKS.match(href)
    return (match[1], href[match.end() :]) if match else ("", href)


def parts(
    body: str,
    blocks: Collection[str],
    placeholder: re.Pattern[str],
    *,
    words: Mapping[str, str],
    links: Mapping[str, str],
) -> tuple[Part, ...]:
    """``body`` made. Placeholders without a value stay as they are written."""
    values = _Values(words, links)
    made = []
    for piece in split(body, blocks):
        if piece.block:
            made.append(Part(piece.block, Markup(), ""))
            continue
        source = values.verbatim(_marked(piece.source, placeholder, {*words, *links}))
        tokens = values.without_empty(_markdown.parse(source))
        if tokens:
            made.append(Part("", _html(tokens, values), _text(tokens, values)))
    return tuple(made)


class _Values:
    def __init__(self, words: Mapping[str, str], links: Mapping[str, str]) -> None:
        self.words, self.links = dict(words), links

    def verbatim(self, text: str) -> str:
        """``text`` with marks for what must stay as it is written, which become words of their own."""

        def keep(match: re.Match[str]) -> str:
            # No placeholder's name begins with a digit.
            name = f"0{len(self.words)}"
            self.words[name] = match[0]
            return f"{_MARK}{name}zq"

        return _VERBATIM.sub(keep, text)

    def plain(self, text: str) -> str:
        return _MARKS.sub(lambda m: self.links.get(m[1]) or self.words.get(m[1], ""), text)

    def href(self, href: str) -> str:
        """Where a link leads, or nothing: a word that somebody chose is never part of an address."""
        first, rest = _address(href)
        if _MARKS.search(rest) or (first and not self.links.get(first)):
            return ""
        return self.links[first] + rest if first else href

    def marked_up(self, text: str, *, in_link: bool) -> str:
        out = []
        for place, part in enumerate(_MARKS.split(text)):
            if place % 2 == 0:
                out.append(str(escape(part)))
            elif part in self.links and not in_link:
                url = escape(self.links[part])
                out.append(f'<a href="{url}">{url}</a>')
            else:
                out.append(str(escape(self.links.get(part) or self.words.get(part, ""))))
        return "".join(out)

    def _lacks(self, token: Token) -> bool:
        """Whether it shows a link that this person does not have."""
        for inner in _walk([token]):
            text = str(inner.attrGet("href") or "") + inner.content
            if any(name in self.links and not self.links[name] for name in _MARKS.findall(text)):
                return True
        return False

    def without_empty(self, tokens: list[Token]) -> list[Token]:
        """Without the paragraphs, headings and items that are about a link which is not there."""
        kept: list[Token] = []
        for token in tokens:
            kept.append(token)
            if token.type == "inline" and self._lacks(token):
                token.children, token.content = [], ""
        return _without_hollow(kept)


def _without_hollow(tokens: list[Token]) -> list[Token]:
    """Without the tags that hold nothing any more."""
    kept: list[Token] = []
    for token in tokens:
        if token.type == "inline" and not token.children:
            continue
        if token.nesting == -1 and kept and kept[-1].nesting == 1 and kept[-1].tag == token.tag:
            kept.pop()
            continue
        kept.append(token)
    return kept


def _html(tokens: list[Token], values: _Values) -> Markup:
    env: dict[str, Any] = {"values": values, "links": []}
    clean = nh3.clean(
        _renderer.render(tokens, _markdown.options, env),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def _make_renderer() -> Any:
    def text(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        found: str = env["values"].marked_up(tokens[at].content, in_link=any(env["links"]))
        return found

    def code(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        inside = env["values"].marked_up(tokens[at].content, in_link=True)
        return f"<code>{inside}</code>"

    def block(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        inside = env["values"].marked_up(tokens[at].content, in_link=True)
        return f"<pre><code>{inside}</code></pre>\n"

    def link_open(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        href = env["values"].href(str(tokens[at].attrGet("href") or ""))
        env["links"].append(href)
        return f'<a href="{escape(href)}">' if href else ""

    def link_close(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        return "</a>" if env["links"].pop() else ""

    def heading(self: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
        # The mail's own heading is the only one of the first rank.
        tag = "h3" if tokens[at].tag in ("h3", "h4", "h5", "h6") else "h2"
        return f"<{tag}>" if tokens[at].nesting == 1 else f"</{tag}>\n"

    md = MarkdownIt("commonmark")
    for name, rule in {
        "text": text, "code_inline": code, "code_block": block, "fence": block, "link_open": link_open,
        "link_close": link_close, "heading_open": heading, "heading_close": heading,
    }.items():  # fmt: skip
        md.add_render_rule(name, rule)
    return md.renderer


_renderer = _make_renderer()


def _text(tokens: list[Token], values: _Values) -> str:
    return "\n\n".join(_blocks(SyntaxTreeNode(tokens).children, values))


def _blocks(nodes: Sequence[SyntaxTreeNode], values: _Values) -> list[str]:
    return [made for node in nodes if (made := _block(node, values))]


def _indented(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(others + line if line else "" for line in lines[1:])])


def _block(node: SyntaxTreeNode, values: _Values) -> str:
    match node.type:
        case "paragraph" | "heading":
            return _paragraph(node, values)
        case "bullet_list" | "ordered_list":
            start = int(node.attrs.get("start", 1))
            return "\n".join(
                _indented(
                    "\n".join(_blocks(item.children, values)),
                    "- " if node.type == "bullet_list" else f"{number}. ",
                    "  " if node.type == "bullet_list" else "   ",
                )
                for number, item in enumerate(node.children, start)
            )
        case "blockquote":
            return _indented("\n\n".join(_blocks(node.children, values)), "> ", "> ")
        case "hr":
            return "-" * 20
        case "fence" | "code_block":
            return values.plain(node.content.rstrip("\n"))
    return ""


def _paragraph(node: SyntaxTreeNode, values: _Values) -> str:
    """The words, and below them where they lead: an address in the middle of a sentence is hard to read
    and easily broken."""
    links: list[tuple[str, str]] = []
    words = "".join(_inline(child, values, links) for child in node.children[0].children)
    lines = [line.strip() for line in words.split("\n")]
    if len(links) == 1:
        label, url = links[0]
        return "\n".join(lines if url in (label, f"mailto:{label}") else [*lines, url])
    return "\n".join([*lines, *(f"{label}: {url}" for label, url in links if label != url)])


def _inline(node: SyntaxTreeNode, values: _Values, links: list[tuple[str, str]]) -> str:
    match node.type:
        case "text" | "code_inline":
            return values.plain(node.content)
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "link":
            label = "".join(_inline(child, values, links) for child in node.children)
            url = values.href(str(node.attrs.get("href", "")))
            if url:
                links.append((" ".join(label.split()), url))
            return label
    return "".join(_inline(child, values, links) for child in node.children)
