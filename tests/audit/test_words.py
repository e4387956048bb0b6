"""Every act that is recorded anywhere has a sentence."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_user
from webapp.accounts import operations as accounts
from webapp.audit import queries, words
from webapp.audit.models import AuditEntry
from webapp.db import db

CODE = Path(words.__file__).parents[1]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_word(node: ast.AST) -> bool:
    """A text like "event.created"."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    group, dot, act = node.value.partition(".")
    return bool(dot) and group.islower() and act.replace("_", "").isalpha() and act.islower()


def _doors(trees: dict[Path, ast.Module]) -> set[str]:
    """``record``, and the functions that pass an ``action`` of their callers on to it."""
    doors, known = {"record"}, 0
    while len(doors) > known:
        known = len(doors)
        for tree in trees.values():
            for function in ast.walk(tree):
                if not isinstance(function, ast.FunctionDef):
                    continue
                if "action" not in {argument.arg for argument in function.args.args}:
                    continue
                if any(isinstance(call, ast.Call) and _name(call) in doors for call in ast.walk(function)):  # fmt: skip
                    doors.add(function.name)
    return doors


def recorded() -> dict[str, str]:
    """Every word given to the log in ``webapp``, with the place; fails on a call that names none."""
    trees = {path: ast.parse(path.read_text()) for path in CODE.rglob("*.py")}
    doors = _doors(trees)
    found = {}
    for path, tree in trees.items():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or _name(call) not in doors:
                continue
            place = f"{path.relative_to(CODE)}:{call.lineno}"
            given = [*call.args, *(k.value for k in call.keywords if k.arg == "action")]
            names = [node.value for part in given for node in ast.walk(part) if _is_word(node)]
            handed_on = any(isinstance(part, ast.Name) and part.id == "action" for part in given)
            assert names or handed_on, f"{place} records something without a word for it"
            found |= dict.fromkeys(names, place)
    return found


def test_every_recorded_act_has_a_sentence() -> None:
    found = recorded()
    assert len(found) > 30, "the search finds what verbs record"
    without = {word: place for word, place in found.items() if word not in words.SENTENCES}
    assert not without, f"no sentence in webapp/audit/words.py for {without}"
    never = set(words.SENTENCES) - set(found)
    assert not never, f"sentences for what nothing records: {never}"


def test_every_act_stands_in_a_named_group(context: Flask) -> None:
    assert {word.partition(".")[0] for word in words.SENTENCES} == set(words.GROUPS)
    offered = [action for _, _, acts in words.grouped() for action, _ in acts]
    assert sorted(offered) == sorted(words.SENTENCES)
    assert words.group("report.published") == "Reports"


@pytest.mark.parametrize(
    ("action", "summary", "details", "said"),
    [
        ("event.published", "An evening", {}, ""),
        ("event.announced", "We begin at ten past.", {}, "We begin at ten past."),
        ("event.changed", "An evening", {"fields": ["starts_at", "host_key", "host_name"]}, "start, host"),
        ("event.people_erased", "", {"people": 1}, "1 person"),
        ("event.people_erased", "", {"people": 1204}, "1,204 people"),
        ("mail.resent", "link_again", {}, "link again"),
        ("mail.retried", "", {"count": 3}, "3 mails"),
        ("attendance.head_count", "Head-count 12", {"count": 12, "source": "Hall"}, "12 people, Hall"),
        ("report.corrected", "whatever", {"version": 2}, "Version 2"),
        ("account.role", "whatever", {"account": "ben@example.org", "role": "admin"}, "ben@example.org: admin"),
        ("account.token", "whatever", {"account": "ben@example.org", "label": "stats"}, "ben@example.org: stats"),
        ("account.token", "whatever", {"account": "ben@example.org", "label": ""}, "ben@example.org"),
        ("account.disabled", "whatever", {"account": "ben@example.org"}, "ben@example.org"),
        ("something.old", "As it was.", {}, "As it was."),
    ],
)  # fmt: skip
def test_what_an_entry_adds_to_its_sentence(
    context: Flask, action: str, summary: str, details: dict[str, Any], said: str
) -> None:
    entry = AuditEntry(at=NOW, actor="Ada", action=action, summary=summary, details=details)
    assert words.addition(entry) == said


def test_a_word_without_a_sentence_stays_readable(context: Flask) -> None:
    assert words.sentence("something.old") == "something.old"
    assert words.group("something.old") == "something"


def test_verbs_record_what_the_words_need(context: Flask) -> None:
    dora = make_user("Dora", role="admin")
    ben = make_user("Ben")
    accounts.set_role(ben, "admin", at=NOW, by=dora)
    db.session.flush()
    [entry] = queries.page(queries.Filter()).entries
    assert words.sentence(entry.action) == "The role of an account was changed."
    assert words.addition(entry) == "ben@example.org: admin"
