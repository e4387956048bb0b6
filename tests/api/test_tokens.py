"""Making, seeing and taking back tokens: on one's account page and on the command line."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import sqlalchemy as sa

from tests import rows
from tests.conftest import PageClient
from webapp import tokens
from webapp.accounts.models import ApiToken
from webapp.audit.models import AuditEntry
from webapp.db import db

PAGE = "/account/tokens"


def made(app: Any) -> list[ApiToken]:
    """The tokens made after the curtain rose, in order."""
    with app.app_context():
        return list(db.session.scalars(sa.select(ApiToken).where(ApiToken.label != "").order_by(ApiToken.id)))  # fmt: skip


def shown(page: str) -> str:
    found = re.search(r"turnout_[A-Za-z0-9_-]{43}", page)
    assert found, page
    return found[0]


def test_a_token_is_shown_once_and_kept_as_its_hash(cast: Any, program: Any) -> None:
    ada = cast.browser("Ada", PageClient)
    answer = ada.send(PAGE, {"label": "  Figures  for the year ", "event": ""})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = shown(answer.text)
    assert program(text).json("/events")["events"][0]["slug"] == "quetzal-draft"
    (row,) = made(cast.app)
    assert (row.label, row.scope, row.event_id) == ("Figures for the year", "read", None)
    assert (row.user_id, row.token_hash) == (cast.users["Ada"], tokens.digest(text))
    # Nowhere else: not on the page afterwards, not in any row, not in the cookie.
    page = ada.page(PAGE)
    assert "Figures for the year" in page.text
    assert "turnout_" not in page.text
    assert text not in str(rows.dump(cast.app))
    with ada.session_transaction() as cookie:
        assert text not in str(dict(cookie))


def test_a_token_can_be_limited_to_one_event_on_the_page(cast: Any, program: Any) -> None:
    ada = cast.browser("Ada", PageClient)
    assert "An evening about heron" not in ada.page(PAGE).text
    answer = ada.send(PAGE, {"label": "The board", "event": "quetzal"})
    limited = program(shown(answer.text))
    assert limited.get("/events/quetzal").status_code == 200
    assert limited.get("/events/quetzal-draft").status_code == 404
    assert "reads only An evening about quetzal" in ada.page(PAGE).text
    with cast.app.app_context():
        entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "account.token").order_by(AuditEntry.id.desc()))  # fmt: skip
        assert (entry.event_id, entry.details["label"]) == (cast.evening.event_id, "The board")


@pytest.mark.case("D31")
@pytest.mark.parametrize("event", ["heron", "never-was", "1"])
def test_a_token_for_a_foreign_event_is_not_made(cast: Any, event: str) -> None:
    ada = cast.browser("Ada", PageClient)
    answer = ada.send(PAGE, {"label": "Theirs", "event": event})
    assert answer.status_code == 400
    assert "Theirs" in answer.text
    assert made(cast.app) == []


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("", "Say what it is for"),
        ("   ", "Say what it is for"),
        ("x" * 101, "At most 100 characters, please."),
    ],
)
def test_a_token_needs_a_name_to_be_told_by(cast: Any, label: str, said: str) -> None:
    answer = cast.browser("Ada", PageClient).send(PAGE, {"label": label, "event": "quetzal"})
    assert answer.status_code == 400
    assert said in html.unescape(answer.text)
    # What was chosen is still chosen.
    assert re.search(r'<option selected value="quetzal">', answer.text)
    assert made(cast.app) == []


def test_taking_a_token_back_closes_it_at_once(cast: Any, program: Any) -> None:
    ada = cast.browser("Ada", PageClient)
    text = shown(ada.send(PAGE, {"label": "For a day", "event": ""}).text)
    (row,) = made(cast.app)
    answer = ada.send(f"{PAGE}/{row.id}/revoke", at=PAGE)
    assert (answer.status_code, answer.location) == (302, PAGE)
    assert program(text).get("/events").status_code == 401
    page = ada.page(PAGE)
    assert "The token opens nothing any longer." in page.text
    assert "For a day" not in page.text
    # Again, as by a second press: it is no longer there.
    assert ada.send(f"{PAGE}/{row.id}/revoke", at=PAGE).status_code == 404


@pytest.mark.case("D31")
def test_somebody_elses_token_is_not_there(cast: Any, watch: Any) -> None:
    cleo = cast.browser("Cleo", PageClient)
    theirs = cast.site["tokens.revoke token_id"][0]
    answer = cleo.send(f"{PAGE}/{theirs}/revoke", at=PAGE)
    watch.expect(answer.status_code == 404, "revoke", answer)
    watch.nothing_changed("revoke")
    watch.done()


def test_the_page_says_what_a_lost_event_means(cast: Any, change: Any) -> None:
    from webapp.events.models import Membership

    ben = cast.browser("Ben", PageClient)
    ben.send(PAGE, {"label": "While I helped", "event": "quetzal"})
    change(lambda: db.session.execute(sa.delete(Membership).where(Membership.user_id == cast.users["Ben"])))  # fmt: skip
    assert "reads only an event you no longer manage" in ben.page(PAGE).text


def test_the_account_page_leads_there(cast: Any) -> None:
    page = cast.browser("Ada", PageClient).page("/account")
    assert f'href="{PAGE}"' in page.text


def test_a_name_with_markup_stays_text(cast: Any) -> None:
    ada = cast.browser("Ada", PageClient)
    name = '<b>bold</b> "quoted" {{7*7}}'
    assert html.escape(name, quote=False)[:12] in ada.send(PAGE, {"label": name, "event": ""}).text
    page = ada.page(PAGE).text
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


# The command line


def run(app: Any, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["accounts", "token", *arguments])
    return result.exit_code, result.output


def test_the_command_prints_a_token_and_nothing_else(cast: Any, program: Any) -> None:
    code, output = run(cast.app, "ADA@example.org", "--label", "A script")
    assert code == 0
    assert output == f"{shown(output)}\n"
    assert len(program(output.strip()).json("/events")["events"]) == 2


def test_the_command_limits_a_token_to_an_event(cast: Any, program: Any) -> None:
    code, output = run(cast.app, "ada@example.org", "--event", "quetzal")
    assert code == 0
    limited = program(output.strip())
    assert limited.get("/events/quetzal/figures").status_code == 200
    assert limited.get("/events/quetzal-draft").status_code == 404


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody@example.org"], "There is no account for nobody@example.org."),
        (["ada@example.org", "--event", "heron"], "There is no event “heron” that ada@example.org may manage."),
        (["ada@example.org", "--event", "never"], "There is no event “never” that ada@example.org may manage."),
        (["finn@example.org"], "finn@example.org is disabled."),
        (["finn@example.org", "--event", "quetzal"], "There is no event “quetzal” that finn@example.org may manage."),
    ],
)  # fmt: skip
def test_the_command_refuses_in_one_sentence(cast: Any, arguments: list[str], said: str) -> None:
    code, output = run(cast.app, *arguments)
    assert code == 1
    assert output.startswith(f"Error: {said}")
    assert output.count("\n") == 1
    assert rows.changes(cast.snapshot, rows.dump(cast.app)) == []
