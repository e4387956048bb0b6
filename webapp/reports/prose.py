"""Markdown as a tree of plain data, for the paper edition: text goes to typst as data, never as markup.

A block is {"t": "p"|"h"|"ul"|"ol"|"quote"|"code"|"rule", ...}, an inline piece is {"t": "text"|"em"|
"strong"|"code"|"link"|"break", ...}. Anything else Markdown knows becomes its text.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
Node = dict[str, Any]


def is_web_address(url: str) -> bool:
    """Whether a link may be one: http, https or mailto."""
    try:
        return urlsplit(url).scheme in ("http", "https", "mailto")
    except ValueError:
        return False


def _inline(node: SyntaxTreeNode) -> list[Node]:
    match node.type:
        case "text":
            return [{"t": "text", "text": node.content}] if node.content else []
        case "softbreak":
            return [{"t": "text", "text": " "}]
        case "hardbreak":
            return [{"t": "break"}]
        case "code_inline":
            return [{"t": "code", "text": node.content}]
        case "image":
            return [{"t": "text", "text": node.content}]
        case "em" | "strong":
            return [{"t": node.type, "c": _all(node)}]
        case "link":
            href = str(node.attrs.get("href", ""))
            return [{"t": "link", "href": href, "c": _all(node)}] if is_web_address(href) else _all(node)  # fmt: skip
        case _:
            return _all(node)


def _all(node: SyntaxTreeNode) -> list[Node]:
    return [piece for child in node.children for piece in _inline(child)]


def _block(node: SyntaxTreeNode) -> list[Node]:
    match node.type:
        case "paragraph":
            return [{"t": "p", "c": _all(node.children[0])}]
        case "heading":
            return [{"t": "h", "c": _all(node.children[0])}]
        case "bullet_list":
            return [{"t": "ul", "items": [_blocks(item) for item in node.children]}]
        case "ordered_list":
            return [{"t": "ol", "items": [_blocks(item) for item in node.children]}]
        case "blockquote":
            return [{"t": "quote", "c": _blocks(node)}]
        case "fence" | "code_block":
            return [{"t": "code", "text": node.content}]
        case "hr":
            return [{"t": "rule"}]
        case "tr":
            cells = [_all(cell) for cell in node.children]
            row = [piece for cell in cells for piece in (*cell, {"t": "text", "text": "   "})]
            return [{"t": "p", "c": row}]
        case "inline":
            return [{"t": "p", "c": _all(node)}]
        case _:
            return _blocks(node)


def _blocks(node: SyntaxTreeNode) -> list[Node]:
    return [block for child in node.children for block in _block(child)]


def blocks(text: str) -> list[Node]:
    """The Markdown's blocks in order."""
    return _blocks(SyntaxTreeNode(_markdown.parse(text)))
