from __future__ import annotations

import json

import pytest

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp import clock
from webapp.attendance.figures import figures
from webapp.db import db


@pytest.fixture
def run(app, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lambda *args: app.test_cli_runner().invoke(args=["attendance", "figures", *args])


def test_the_figures_as_json(app, run):
    with app.app_context():
        event = make_event(slug="bolivia", title="Sucre, Bolivia")
        make_visit(event, NOW, signup=make_signup(event))
        db.session.commit()
        expected = figures(event, NOW)
    result = run("bolivia")
    assert result.exit_code == 0
    assert result.output.count("\n") == 1
    assert json.loads(result.output) == expected
    assert expected["attendance"]["registered_attended"] == 1
    assert run("bolivia", "--indent", "2").output == (
        json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
    )


def test_an_unknown_event_is_one_sentence(run):
    result = run("nowhere")
    assert result.exit_code == 1
    assert result.output == "Error: There is no event “nowhere”.\n"
