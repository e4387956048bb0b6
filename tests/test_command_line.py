"""Every command of ours: bad input ends with a sentence and a non-zero exit, never a traceback.

A new command with arguments or options must say here what it is given by mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from tests import rows
from tests.cast import Cast

# Belongs to Flask itself.
NOT_OURS = {"run", "shell", "routes"}

# command -> what somebody types by mistake, and a part of what they are told. "FOLDER" is a folder with
# the files below, "NOTHING" an empty one.
WRONG: dict[str, list[tuple[list[str], str]]] = {
    "accounts create": [
        (["not-an-address", "--role", "admin"], "@"),
        (["", "--role", "admin"], "address"),
        (["ada@example.org", "--role", "organiser"], "already an account"),
        (["new@example.org", "--role", "king"], "'king' is not one of"),
        (["new@example.org", "--role", "admin", "--password", "short"], "at least 8 characters"),
        (["new@example.org"], "Missing option '--role'"),
    ],
    "accounts token": [
        (["nobody@example.org"], "no account"),
        (["finn@example.org"], "disabled"),
        (["ada@example.org", "--event", "heron"], "may manage"),
    ],
    "attendance figures": [
        (["never-was"], "no event"),
        ([""], "no event"),
        (["quetzal", "--indent", "99"], "99 is not in the range"),
        (["quetzal", "--indent", "x"], "'x' is not a valid integer"),
    ],
    "database upgrade": [(["no-such-revision"], "no-such-revision")],
    "events load": [
        (["FOLDER/missing.json"], "There is no file"),
        (["FOLDER"], "cannot be read"),
        (["FOLDER/binary.json"], "cannot be read"),
        (["FOLDER/broken.json"], "Line 1"),
        (["FOLDER/list.json"], "must hold an object"),
        (["FOLDER/unknown.json"], "did you mean title"),
        (["FOLDER/good.json", "--owner", "nobody@example.org"], "no account"),
    ],
    "events export": [(["never-was"], "no event")],
    "signup import": [
        (["FOLDER/missing.csv", "--event", "quetzal"], "There is no file"),
        (["FOLDER", "--event", "quetzal"], "cannot be read"),
        (["FOLDER/people.csv"], "Missing option '--event'"),
        (["FOLDER/people.csv", "--event", "never-was"], "no event"),
        (["FOLDER/binary.json", "--event", "quetzal"], ""),
        (["FOLDER/people.csv", "--event", "quetzal"], "already registered, or are to be invited"),
        (["FOLDER/people.csv", "--event", "quetzal", "--kind", "registered"], "where these people agreed"),
        (["FOLDER/people.csv", "--event", "quetzal", "--kind", "registered", "--consent", "On our form"], "the day or the month comes first"),
        (["FOLDER/people.csv", "--event", "quetzal", "--kind", "all"], "'all' is not one of"),
        (["FOLDER/people.csv", "--event", "quetzal", "--timezone", "Nowhere"], "no time zone"),
    ],
    "reports publish": [
        (["never-was"], "no event"),
        (["quetzal-draft"], ""),
        (["quetzal", "--correction", ""], ""),
    ],
}  # fmt: skip

EVENT = {"slug": "late-night", "title": "Late night", "starts_at": "2027-05-01T19:00:00Z", "ends_at": "2027-05-01T20:00:00Z", "timezone": "Europe/London"}  # fmt: skip
FILES = {
    "people.csv": b"Name,Email,Registered at\nZora,zora@example.org,03/04/2025 10:00\nNobody,no address,03/04/2025 10:00\n",
    "binary.json": b"\xff\xfe\x00\x01",
    "broken.json": b'{"event": ',
    "list.json": b"[]",
    "unknown.json": json.dumps({"event": {**EVENT, "titel": "x"}}).encode(),
    "good.json": json.dumps({"event": EVENT}).encode(),
}


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if not path and name in NOT_OURS:
            continue
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def commands(app: Flask) -> dict[str, click.Command]:
    return dict(leaves(app.cli))


def said(app: Flask, command: str, arguments: list[str]) -> tuple[int, str]:
    """(exit, what was said). Fails on anything that is not a sentence at the end of the output."""
    result = app.test_cli_runner().invoke(args=[*command.split(), *arguments])
    what = f"flask {command} {' '.join(arguments)}: {result.output}"
    assert result.exception is None or isinstance(result.exception, SystemExit), what
    assert "Traceback" not in result.output, what
    if result.exit_code:
        told = re.findall(r"^Error: (.+)", result.output, re.MULTILINE | re.DOTALL)
        assert len(told) == 1, what
        sentence = told[0].strip()
        # click lists the choices of an option below one another.
        assert result.exit_code == 2 or re.fullmatch(r"[^\n]{10,}", sentence), what
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_there_are_mistakes_for_every_command(cast: Cast) -> None:
    found = commands(cast.app)
    with_arguments = {
        path
        for path, command in found.items()
        if any(isinstance(p, click.Argument) or not p.is_flag for p in command.params)
    }
    assert with_arguments == set(WRONG), "say in WRONG what a command is given by mistake"
    # Those that take nothing to be mistaken about.
    assert found.keys() - with_arguments == {
        "demo load", "jobs work", "mail bounce", "mail deliver", "privacy run", "reports verify",
    }  # fmt: skip


def test_mistakes_end_with_a_sentence_and_change_nothing(cast: Cast, folder: Path) -> None:
    for command, mistakes in WRONG.items():
        for arguments, part in mistakes:
            given = [text.replace("FOLDER", str(folder)) for text in arguments]
            code, output = said(cast.app, command, given)
            assert code != 0, f"flask {command} {' '.join(given)}"
            assert part in output, output
            assert rows.changes(cast.snapshot, rows.dump(cast.app)) == [], command


def test_what_no_command_has_is_refused_by_each(cast: Cast) -> None:
    """An unknown option, too many arguments, and a missing one."""
    for path, command in commands(cast.app).items():
        assert said(cast.app, path, ["--nonsense"])[0] == 2
        assert said(cast.app, path, ["one"] * 9)[0] == 2
        if any(parameter.required for parameter in command.params):
            assert said(cast.app, path, [])[0] == 2
    assert rows.changes(cast.snapshot, rows.dump(cast.app)) == []


def test_a_command_that_is_not_there_is_named(cast: Cast) -> None:
    result = cast.app.test_cli_runner().invoke(args=["events", "explode"])
    assert result.exit_code == 2
    assert "No such command 'explode'" in result.output


def test_every_command_says_what_it_does(cast: Cast) -> None:
    for path, command in commands(cast.app).items():
        assert command.help, path
        assert command.help[0].isupper(), path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path} {parameter.name}"


# Right in themselves, so that what is refused below is refused for the database's sake.
GOOD: dict[str, list[str]] = {
    "accounts create": ["new@example.org", "--role", "admin"],
    "accounts token": ["ada@example.org"],
    "attendance figures": ["quetzal"],
    "demo load": [],
    "events export": ["quetzal"],
    "events load": ["FOLDER/good.json"],
    "mail deliver": [],
    "privacy run": [],
    "reports publish": ["quetzal"],
    "reports verify": [],
    "signup import": ["FOLDER/people.csv", "--event", "quetzal", "--dry-run"],
}
# Works on whatever the database is like, or makes it; or speaks to a mail server, by its exit code.
NEEDS_NO_TABLES = {"database upgrade", "jobs work", "mail bounce"}


def test_without_tables_each_command_says_what_to_run(another_app: Any, folder: Path, tmp_path: Path) -> None:  # fmt: skip
    uri = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    empty = another_app(SQLALCHEMY_DATABASE_URI=uri, MAIL_SERVER="mail.example.org")
    assert GOOD.keys() | NEEDS_NO_TABLES == commands(empty).keys()
    for command, arguments in GOOD.items():
        given = [text.replace("FOLDER", str(folder)) for text in arguments]
        code, output = said(empty, command, given)
        assert code == 1, command
        assert "flask database upgrade" in output, f"{command}: {output}"


def test_without_a_database_each_command_says_so(another_app: Any, folder: Path, tmp_path: Path) -> None:  # fmt: skip
    uri = f"sqlite:///{tmp_path / 'no-such-folder' / 'turnout.sqlite3'}"
    lost = another_app(SQLALCHEMY_DATABASE_URI=uri, MAIL_SERVER="mail.example.org")
    for command, arguments in {**GOOD, "database upgrade": []}.items():
        given = [text.replace("FOLDER", str(folder)) for text in arguments]
        code, output = said(lost, command, given)
        assert code == 1, command
        assert "The database does not answer" in output, f"{command}: {output}"
