"""Templates of mails: compiled once, with the style of each tag written into the tag.

Mail programs differ in what they do with a style sheet: some drop it, so every tag carries its own
style; some show dark pages and honour a ``<style>`` block, so the rules for dark and narrow screens
stay in one. A sign-up renders its mail inside the request, and inlining a whole mail costs more than
rendering it. So css-inline works on the *templates*: when Jinja compiles one, each start tag in its
source gets the style that the sheet gives it, and the compiled template is kept. That holds because
the sheet (templates/mail/_inline.css) uses tags and classes only, never where a tag stands.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import css_inline
from flask import Flask, current_app
from flask_babel import force_locale, get_locale
from jinja2 import Environment, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from webapp import i18n
from webapp.mail.colours import colours
from webapp.mail.names import one_line, plain_name

SUBJECT_LENGTH = 250
TEXT_WIDTH = 76

_START_TAG = re.compile(r"<(?:p|a|h1|h2|h3|div|ul|ol|li|dl|dt|dd|hr|span|b|strong|blockquote|pre|code)(?=[\s>])[^<>]*>")  # fmt: skip
# Stand for the event's colours in compiled templates. Not guessable, so nobody can write one into a mail.
_MARK = secrets.token_hex(4)
_ACCENT, _ON_ACCENT, _DARK = (f"var(--{name}-{_MARK})" for name in ("accent", "on", "dark"))


def _marked(css: str) -> str:
    return (
        css.replace("var(--accent)", _ACCENT)
        .replace("var(--on-accent)", _ON_ACCENT)
        .replace("var(--dark-accent)", _DARK)
    )


class InlineStyles(Extension):
    """Writes the style of each tag into the HTML templates of mails, once, before they are compiled."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False)
        # By tag and class.
        self._styles: dict[str, str] = {}
        self.sheet = ""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not name or not name.startswith("mail/") or not name.endswith(".html"):
            return source
        return _START_TAG.sub(self._styled, source)

    def _styled(self, match: re.Match[str]) -> str:
        tag = match[0]
        word = re.match(r"<(\w+)", tag)[1]  # type: ignore[index]  # every tag has a name
        kind = re.search(r'class="([\w -]*)"', tag)
        bare = f'<{word} class="{kind[1]}">' if kind else f"<{word}>"
        if bare not in self._styles:
            style = re.search(r'style="([^"]*)"', self._inliner.inline_fragment(bare, self.sheet))
            self._styles[bare] = style[1] if style else ""
        return f'{tag[:-1]} style="{self._styles[bare]}">' if self._styles[bare] else tag

    def styled(self, html: Markup) -> Markup:
        """HTML of ours that comes from somewhere else than a template, styled in the same way."""
        return Markup(_START_TAG.sub(self._styled, html))  # noqa: S704 - Markup it was already


def init_app(app: Flask) -> None:
    """Makes the environment of mail templates: the app's own filters and globals, nothing undefined."""
    app.jinja_env.filters["name"] = plain_name
    environment = app.jinja_env.overlay(
        undefined=StrictUndefined, extensions=[*app.jinja_env.extensions, InlineStyles]
    )
    folder = Path(app.root_path, str(app.template_folder), "mail")
    inline: Any = environment.extensions[InlineStyles.identifier]
    inline.sheet = _marked((folder / "_inline.css").read_text())
    app.jinja_env.filters["styled"] = inline.styled
    app.extensions["mail_templates"] = environment
    app.extensions["mail_style_block"] = _marked((folder / "_screens.css").read_text()).strip()


def _wrapped(line: str) -> str:
    """One line of text folded at 76 characters between words. A link is never broken."""
    out: list[str] = []
    current = ""
    indent = line[: len(line) - len(line.lstrip())]
    for word in line.split():
        if current and len(current) + 1 + len(word) > TEXT_WIDTH:
            out.append(indent + current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    out.append(indent + current)
    return "\n".join(out)


def _folded(text: str) -> str:
    """Plain text as it is sent: folded lines, never two empty ones together."""
    text = re.sub(r"[ \t]+\n", "\n", text.strip())
    text = re.sub(r"\n{3,}", "\n\n", text)
    lines = (line if len(line) <= TEXT_WIDTH else _wrapped(line) for line in text.split("\n"))
    return "\n".join(lines) + "\n"


def _render(message: str, context: dict[str, Any], accent: str | None) -> tuple[str, str, str]:
    environment: Environment = current_app.extensions["mail_templates"]
    get = environment.get_template
    subject = one_line(get(f"mail/{message}/subject.txt").render(context))[:SUBJECT_LENGTH]
    text = _folded(get(f"mail/{message}/body.txt").render(context))
    context["subject"] = subject
    html = get(f"mail/{message}/body.html").render(context)
    found = colours(accent)
    html = (
        html.replace(_ACCENT, found.accent)
        .replace(_ON_ACCENT, found.on_accent)
        .replace(_DARK, found.dark)
    )
    return subject, text, html


def spoken(language: str | None) -> str:
    """``language``, if the site speaks it; otherwise that of the request, or the site's first."""
    return language if language and language in current_app.config["LANGUAGES"] else i18n.language()


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """What is said inside is said in ``language``."""
    if str(get_locale()) == language:
        yield
    else:
        with force_locale(language):
            yield


def render(message: str, context: Mapping[str, Any], language: str | None) -> tuple[str, str, str]:
    """Subject (one line), text and HTML of ``templates/mail/<message>``.

    ``language`` is the person's, if the site speaks it; otherwise that of the request, or the site's
    first. How the reader of a request writes dates is nothing to a mail. The accent is ``context["accent"]`` or that of ``context["event"]``. Raises
    jinja2.UndefinedError for a word of the template that the context lacks.
    """
    config = current_app.config
    event = context.get("event")
    accent = context.get("accent") or getattr(event, "accent", None)
    values = {
        "event": None,
        **context,
        "site": config["SITE_NAME"],
        "style_block": current_app.extensions["mail_style_block"],
    }
    values["language"] = language = spoken(language)
    with in_language(language):
        return _render(message, values, accent)
