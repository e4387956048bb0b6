"""Every text that code says to a person goes through gettext."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.texts import GETTEXT, ROOT, is_phrase, is_text

# Where texts are not for the reader of a page, or not in the reader's language.
ENGLISH = {
    "webapp/api/description.py": "the description of the API is a document of its own",
    "webapp/api/schemas": "the description of the API is a document of its own",
    "webapp/demo": "the sample events are in English, as the real one was",
    "webapp/front/service.py": "health and metrics are read by programs",
    "webapp/mail/mailbox.py": "kept beside what mail servers say, which is in English",
    "webapp/mail/signing.py": "said when the server starts",
    "webapp/mail/verdicts.py": "kept beside what mail servers say, which is in English",
    "webapp/migrate.py": "the command line speaks English, as Flask's own does",
    "webapp/signup/imports/sources.py": "headings and words of other systems, in their languages",
    "webapp/serve.py": "said when the server starts",
}
COMMANDS = {"commands.py", "jobs_command.py"}
# Reads like words, but is a rule, a name, or what another program says.
NOT_WORDS = {
    "all, delete-orphan", "private, no-cache", "noopener nofollow", "with source", "Mac OS",
    "10 per 10 minutes", "3 per hour", "10 per hour", "30 per hour", "60 per hour", "10 per day",
    "database is locked", "no such table", "does not exist", "could not be displayed",
    # Who did it, as the log keeps it; what its page says instead stands in webapp/audit/words.py.
    "the person", "the chair's link",
}  # fmt: skip
# Said to a person wherever they are called or raised.
SAID = {
    "flash", "Refused", "ValidationError", "abort", "InputRequired", "DataRequired", "Length", "NumberRange",
    "Email", "Optional", "Regexp", "AnyOf", "EqualTo", "URL",
}  # fmt: skip
# The arguments of a call that are shown, whatever is called.
ARGUMENTS = {"label", "message", "description", "title", "help", "heading", "placeholder"}
# What reads like words and is none: columns, SQL, formats, types. What is logged is for whoever runs this.
SILENT = {
    "debug", "info", "warning", "error", "exception", "critical", "text", "CheckConstraint", "Prepared", "Index",
    "ConfigError", "ClickException", "option", "command", "AppGroup", "Gauge", "Counter", "Blueprint",
}  # fmt: skip


# With a small letter they are for developers, with a large one for a person: forms show them.
FAULTS = {"ValueError", "RuntimeError", "TypeError", "KeyError"}


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", None) or getattr(node.func, "attr", "")


def pieces_of(node: ast.AST) -> list[str]:
    """The text of a constant, or those of an f-string between what is put into it."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) and node.value else []
    if isinstance(node, ast.JoinedStr):
        return [text for part in node.values for text in pieces_of(part)]
    return []


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """Texts that stand alone: of modules, classes and functions, and below what they describe."""
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {value for value in alone if isinstance(value, ast.Constant)}


def reads_like_words(text: str) -> bool:
    """Two words or more, with nothing in them that only machines write."""
    machine = re.search(r"[A-Z]{2,} [A-Z]{2,}|[<>=/_;{}\\]|sans-serif", text)
    return (
        not machine and text not in NOT_WORDS and bool(re.search(r"[^\W\d_]{2,},? [^\W\d_]+", text))
    )


def unsaid(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of what is shown and does not go through gettext: words in the places that show
    them, and whole sentences wherever they are."""
    skipped = docstrings(tree)

    def walk(node: ast.AST, *, shown: bool) -> Iterator[tuple[int, str]]:
        if node in skipped:
            return
        text = " ".join(piece.strip() for piece in pieces_of(node))
        if text:
            # Between braces a key may stand in front of a text that went through gettext.
            reads = is_text if isinstance(node, ast.Constant) else is_phrase
            if any(map(reads, pieces_of(node))) if shown else reads_like_words(text):
                yield node.lineno, text
            return
        if isinstance(node, ast.Call):
            name = called(node)
            if name in GETTEXT | SILENT:
                return
            if name in FAULTS:
                said = [text for part in node.args for text in pieces_of(part)][:1]
                if not (said and said[0][0].isupper()):
                    return
            is_field = name.endswith("Field")
            for number, argument in enumerate(node.args):
                first = number == 0 and (name in SAID or is_field)
                yield from walk(argument, shown=first)
            for keyword in node.keywords:
                is_shown = keyword.arg in ARGUMENTS and (name in SAID or is_field)
                yield from walk(keyword.value, shown=is_shown)
            yield from walk(node.func, shown=False)
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child, shown=shown and isinstance(node, ast.IfExp | ast.BoolOp))

    yield from walk(tree, shown=False)


def test_code_has_no_bare_text() -> None:
    found = {}
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if path.name in COMMANDS or any(name.startswith(place) for place in ENGLISH):
            continue
        for line, text in unsaid(ast.parse(path.read_text(encoding="utf-8"))):
            found[f"{name}:{line}"] = text
    assert found == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('flash(_("Saved."), "good")', []),
        ('flash("Saved.", "good")', ["Saved."]),
        ('raise Refused(f"Only {n} places")', ["Only places"]),
        ('raise Refused(_("All places are taken."), "full")', []),
        ('flash("Back" if undone else _("Gone"))', ["Back"]),
        ('StringField("Name", [Length(max=3, message="Too long")])', ["Name", "Too long"]),
        ('StringField(_l("Name"), name="name")', []),
        ('words = {"a": "This is said to a person."}', ["This is said to a person."]),
        ('log.warning("This is said to whoever runs it.")', []),
        ('def f():\n    """This is a docstring, of course."""', []),
    ],
)
def test_what_counts_as_unsaid(code: str, found: list[str]) -> None:
    assert [text for _line, text in unsaid(ast.parse(code))] == found
