from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask

from tests.mail.conftest import CANCEL, JOIN, put
from webapp.mail import masking

pytestmark = pytest.mark.usefixtures("context")

TOKEN = JOIN.rsplit("/", 1)[1]


def test_only_the_token_of_a_link_is_hidden() -> None:
    mail = put(secrets=[JOIN, CANCEL])
    seen = masking.readable(mail)
    assert "http://turnout.test/join/•••••" in seen.text
    assert "http://turnout.test/my/•••••" in seen.text
    assert 'href="http://turnout.test/join/•••••"' in seen.html
    for part in (seen.text, seen.html):
        assert TOKEN not in part
        assert CANCEL not in part
    assert seen.links == ()
    # The row itself still has them: they are to be sent.
    assert JOIN in mail.text


def test_a_token_is_found_where_a_calendar_folds_its_lines() -> None:
    line = f"DESCRIPTION:Your link is {JOIN} and it is yours alone"
    folded = line[:60] + "\r\n " + line[60:]
    assert TOKEN not in folded
    mail = put(secrets=[JOIN], calendar=f"BEGIN:VCALENDAR\r\n{folded}\r\nEND:VCALENDAR\r\n")
    shown = masking.readable(mail).calendar
    assert TOKEN[:12] not in shown
    assert "Your link is http://turnout.test/join/••••• and it is yours alone" in shown


def test_a_secret_is_hidden_however_it_is_escaped() -> None:
    secret = 'code a&b;c "d"'
    mask = masking.masker([secret])
    for form in (
        secret,
        "code a&amp;b;c &quot;d&quot;",
        quote(secret, safe=""),
        'code a&b\\;c "d"',
    ):
        assert mask(f"<{form}>") == "<•••••>"


def test_a_secret_that_begins_another_hides_no_less() -> None:
    mask = masking.masker(["abc", "abcdef", ""])
    assert mask("abcdef abc") == "••••• •••••"


@pytest.mark.parametrize(
    ("environment", "server", "shown"),
    [
        ("development", "", True),
        ("development", "mail.example.org", False),
        ("production", "", False),
        ("testing", "", False),
    ],
)
def test_links_are_shown_only_on_a_developers_machine_without_a_server(
    app: Flask, environment: str, server: str, shown: bool
) -> None:
    app.config.update(ENVIRONMENT=environment, MAIL_SERVER=server)
    seen = masking.readable(put(secrets=[JOIN]))
    assert (TOKEN in seen.text, seen.links) == (shown, (JOIN,) if shown else ())
