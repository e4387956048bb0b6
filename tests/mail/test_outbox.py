from __future__ import annotations

import html
import re

import jinja2
import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event
from tests.mail.conftest import CANCEL, FACTS, JOIN, put
from webapp.db import db
from webapp.mail import outbox
from webapp.mail.models import OutgoingMail

pytestmark = pytest.mark.usefixtures("context")


def test_a_mail_is_a_row_of_the_transaction_that_asked_for_it() -> None:
    event = make_event()
    db.session.commit()
    outbox.queue("sample", to_address="ana@example.org", context=FACTS, at=NOW, event_id=event.id)
    db.session.rollback()
    assert db.session.query(OutgoingMail).count() == 0

    put(" ana@example.org ", event_id=event.id, person="abc", lane="reminder", secrets=[JOIN])
    mail = db.session.query(OutgoingMail).one()
    assert (mail.event_id, mail.person, mail.message) == (event.id, "abc", "sample")
    assert (mail.to_address, mail.to_name) == ("ana@example.org", "Ana")
    assert (mail.lane, mail.lane_rank, mail.state, mail.tries) == ("reminder", 1, "queued", 0)
    assert (mail.created_at, mail.next_try_at, mail.expires_at) == (NOW, NOW, None)
    assert mail.secrets == [JOIN]
    assert mail.subject == "You are in: Bolivia Shows There Is An Alternative"
    assert re.fullmatch(r"<[\w-]{22}@turnout\.test>", mail.message_id)


def test_the_text_is_folded_between_words_and_links_stay_whole() -> None:
    mail = put()
    assert mail.text == (
        "Hello Ana,\n"
        "\n"
        "your place at Bolivia Shows There Is An Alternative is kept. Come a few\n"
        "minutes early, and bring somebody along.\n"
        "\n"
        "When: Thursday 11 November 2021, 19:00 to 20:45 (London time)\n"
        "\n"
        f"Join:\n{JOIN}\n"
        "\n"
        f"Cancel:\n{CANCEL}\n"
    )


@pytest.mark.case("D21")
def test_both_parts_have_the_same_facts() -> None:
    mail = put()
    shown = html.unescape(mail.html)
    for fact in (FACTS["title"], FACTS["when"], JOIN, CANCEL):
        assert fact in mail.text
        assert fact in shown


def test_every_tag_carries_its_style_and_the_block_has_dark_and_narrow_screens() -> None:
    mail = put(context={"accent": "#1b6b4a"})
    button = re.search(r'<a class="button"[^>]*style="([^"]*)"', mail.html)
    assert button
    assert "background: #1b6b4a" in button[1]
    assert "color: #ffffff" in button[1]
    assert not re.findall(r"<(?:p|a|h1)(?:\s(?![^>]*style=)[^>]*)?>", mail.html)
    assert "prefers-color-scheme: dark" in mail.html
    assert "var(" not in mail.html
    assert "http" not in mail.html.split("<body>")[0]


def test_an_event_gives_its_colour_and_its_host() -> None:
    event = make_event(accent="#1b6b4a", host_name="Friends of <Bolivia>")
    mail = put(context={"event": event})
    assert "color: #1b6b4a" in mail.html
    assert "Friends of &lt;Bolivia&gt;" in mail.html


def test_mail_to_sample_people_is_held() -> None:
    assert put(is_sample=True).state == "held"


@pytest.mark.case("D43")
@pytest.mark.parametrize("name", ["Click http://evil.example now", "[Click](http://evil.example)"])
def test_a_link_in_a_name_is_no_link_in_the_mail(name: str) -> None:
    mail = put(to_name=name)
    addresses = re.findall(r'(?:href|src)="([^"]*)"', mail.html)
    assert set(addresses) == {JOIN, CANCEL}
    for part in (mail.text, mail.html, mail.to_name, mail.subject):
        assert "evil.example" not in part
        assert "http://evil" not in part
    assert "Click" in mail.text


@pytest.mark.case("D45")
@pytest.mark.parametrize("words", ["{{7*7}}", "{0.__class__}", "%(x)s", "${7*7}", "{% raw %}"])
def test_template_words_from_outside_stay_text(words: str) -> None:
    mail = put(to_name=words, context={"title": words, "when": words})
    assert mail.text.count(words) == 3
    assert html.unescape(mail.html).count(words) >= 3
    assert mail.subject == f"You are in: {words}"


def test_markup_from_outside_stays_text() -> None:
    mail = put(to_name="<b>Ana</b>", context={"title": "<script>alert(1)</script>"})
    assert "<script" not in mail.html
    assert "<b>" not in mail.html
    assert "Hello <b>Ana</b>," in mail.text


@pytest.mark.case("D19")
def test_line_breaks_never_reach_subject_or_name() -> None:
    mail = put(to_name="Ana\r\nBcc: x@example.org", context={"title": "A\r\nBcc: x@example.org"})
    assert mail.to_name == "Ana Bcc: x@example.\u200borg"
    assert mail.subject == "You are in: A Bcc: x@example.org"


def test_a_word_that_the_context_lacks_is_an_error_and_no_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        outbox.queue("sample", to_address="a@example.org", context={"title": "x"}, at=NOW)


def test_the_language_is_the_persons_if_the_site_speaks_it(app: Flask) -> None:
    app.config["LANGUAGES"] = ["en", "es"]
    assert '<html lang="es">' in put(language="es").html
    assert '<html lang="en">' in put(language="xx").html
    assert '<html lang="en">' in put().html


@pytest.mark.parametrize(
    ("base", "domain"),
    [
        ("https://events.example.org", "events.example.org"),
        ("http://127.0.0.1:5000", "[127.0.0.1]"),
        ("http://[::1]:5000", "[IPv6:::1]"),
        ("https://müller.example", "xn--mller-kva.example"),
        ("https://" + "a." * 60 + "example", "a." * 43 + "a.example"),
    ],
)
def test_the_message_id_is_under_our_own_name(base: str, domain: str) -> None:
    assert outbox.mail_domain(base) == domain
    assert len(domain) <= 95
