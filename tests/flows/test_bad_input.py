"""What people get wrong: broken files, a server that is not configured, a database that is not there."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import FILES
from tests.flows.story import Story
from webapp import create_app
from webapp.events import queries as events

ROOT = Path(__file__).parent.parent.parent
TEXT = (FILES / "bolivia.json").read_text(encoding="utf-8")


def _changed(change: Callable[[dict[str, Any]], object]) -> str:
    data = copy.deepcopy(json.loads(TEXT))
    change(data)
    return json.dumps(data, ensure_ascii=False)


def _twice(line: str) -> str:
    """The file with one of its lines pasted twice."""
    return "\n".join(x for row in TEXT.split("\n") for x in ([row, row] if line in row else [row]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT[: TEXT.index('"timezone"')], "Line 10, column 5"),
        (TEXT.replace('"mode": "online",', '"mode": "online"'), "Line 12, column 5: Expecting ',' delimiter"),
        (_twice('"title": "Bolivia'), "The key “title” stands twice"),
        (_changed(lambda d: d["event"].update(titel="x")), "event.titel is not a key of the event file; did you mean title?"),
        (_changed(lambda d: d.update(atendees=[])), "atendees is not a key"),
        (_changed(lambda d: d["event"].pop("timezone")), "event.timezone is missing"),
        (_changed(lambda d: d["event"].update(capacity="20")), "event.capacity must be a whole number or null"),
        (_changed(lambda d: d["event"].update(timezone="Europe/Lodnon")), "“Europe/Lodnon” is not a time zone; did you mean Europe/London?"),
        (_changed(lambda d: d["event"].update(ends_at="2027-04-06T18:00:00+01:00")), "event.ends_at: The end must be after the start."),
        (_changed(lambda d: d["event"].update(starts_at="2027-04-06T19:00:00")), "event.starts_at has no offset"),
        (_changed(lambda d: d["event"]["targets"][0].update(url="javascript:alert(1)")), "event.targets.0.url"),
        (_changed(lambda d: d["questions"].append(d["questions"][0])), "Question 2 (heard): this key stands twice."),
        (_changed(lambda d: d["agenda"][3].update(key="opening")), "Agenda item 4 (“What an election observer saw”): the key “opening” is used twice."),
        (_changed(lambda d: d["agenda"][1].update(minutes="twenty")), "Agenda item 2 (“A year of Arce”): “minutes” must be a whole number"),
        (_changed(lambda d: d["agenda"][2].update(kind="speech")), "“kind” must be one of opening, talk"),
        (_changed(lambda d: d["agenda"][4]["speakers"][0].update(roll="speaker")), "unknown key “roll”"),
        (_changed(lambda d: d.update(agenda={})), "agenda must be a list"),
        ("", "Line 1, column 1"),
    ],
)  # fmt: skip
def test_a_broken_event_file_is_named_where_it_is_broken(
    story: Story, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "evening.json"
    file.write_text(text, encoding="utf-8")
    output = story.flask("events", "load", str(file), code=1)
    assert said in output
    assert str(file) in output
    (sentence,) = output.strip().splitlines()
    assert sentence.startswith("Error: ")
    with story.app.app_context():
        assert events.by_slug("bolivia") is None


def test_a_broken_file_leaves_the_event_of_the_good_one_as_it_is(
    story: Story, tmp_path: Path
) -> None:
    assert "bolivia: created" in story.flask("events", "load", str(FILES / "bolivia.json"))
    before = story.flask("events", "export", "bolivia")
    file = tmp_path / "evening.json"
    # The first half is good and new; the second half is not.
    file.write_text(_changed(lambda d: (d["event"].update(title="Another"), d["agenda"][7].update(minutes=0))), encoding="utf-8")  # fmt: skip
    story.flask("events", "load", str(file), code=1)
    assert story.flask("events", "export", "bolivia") == before
    assert json.loads(before)["event"]["title"].startswith("Bolivia Shows")


@pytest.mark.parametrize(
    "command", [["app.py"], ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--no-control-socket", "app:app"]]
)  # fmt: skip
@pytest.mark.case("D70")
def test_a_production_server_names_everything_it_misses_at_once(command: list[str]) -> None:
    """And stops: a server that started its worker anew each time would fill the log for ever."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TURNOUT_", "FLASK_"))}
    result = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environ | {"TURNOUT_ENV": "production"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 4
    for key in ("TURNOUT_SECRET_KEY", "TURNOUT_BASE_URL", "TURNOUT_MAIL_SERVER"):
        assert result.stderr.count(f"{key} is missing") == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["events", "load", str(FILES / "bolivia.json")], ["events", "export", "bolivia"],
        ["attendance", "figures", "bolivia"], ["reports", "publish", "bolivia"], ["reports", "verify"],
        ["accounts", "create", "ada@example.org", "--role", "organiser"],
        ["accounts", "token", "ada@example.org"], ["privacy", "run"], ["demo", "load"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_database_that_nobody_has_made_is_one_sentence(
    command: list[str], tmp_path: Path
) -> None:
    app = create_app("testing", environ={}, instance=tmp_path)
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 1, result.output
    assert "run “flask database upgrade” first" in result.output
    assert len(result.output.strip().splitlines()) == 1
