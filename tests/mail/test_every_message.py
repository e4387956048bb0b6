"""What is true of every message: how it reads, letter for letter, and that nothing in a name or a title
becomes more than text. Each goes over the wire and is read by a strict program.

``pytest tests/mail/test_every_message.py --new-snapshots`` writes how they read anew.
"""

from __future__ import annotations

import email
import re
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
import sqlalchemy as sa

from tests.conftest import TESTS
from tests.flows.letters import Letter
from tests.mail import messages
from tests.mail.conftest import deliver
from tests.receiver import Receiver
from webapp.db import db
from webapp.mail.models import OutgoingMail

pytestmark = pytest.mark.usefixtures("context")
SNAPSHOTS = TESTS / "snapshots"
# The links that open a door differ from site to site.
_TOKEN = re.compile(r"(/(?:my|join|confirm|remove|erase|unsubscribe|invitation)/)[\w.~-]+")
EVERY = pytest.mark.parametrize("message", sorted(messages.MESSAGES))
# About what comes after the evening, or about something else.
WITHOUT_A_TIME = {
    "erase_link", "report_published", "thank_you", "missed_you", "blast", "trial", "cohost_removals",
    "handover_waiting",
}  # fmt: skip
ODD = {
    "header": "Ana\r\nBcc: x@example.org",
    "link": "Click http://evil.example now",
    "markdown": "[Click](http://evil.example)",
    "markup": '"><img src=http://evil.example/x onerror=alert(1)> <a href="http://evil.example">x</a>',
    "script": "</title><script>alert(1)</script>",
    "accents": 'Łukasz "Żó" O\'Neill 🎉',
    "arabic": "محمد علي",
    "template": "{{7*7}} {name} %(x)s ${7*7} {0.__class__}",
    "long": "Ł" * 200,
}


def mail() -> OutgoingMail:
    return db.session.scalars(sa.select(OutgoingMail)).one()


def letter(receiver: Receiver) -> Letter:
    assert deliver().sent == 1
    return Letter(receiver.messages[0], site="http://turnout.test")


def as_read(found: OutgoingMail) -> str:
    calendar = re.sub(r"\r?\n[ \t]", "", found.calendar or "").replace("\r\n", "\n")
    parts = [
        f"To: {found.to_name} <{found.to_address}>\nSubject: {found.subject}", found.text, found.html,
        f"method={found.calendar_method}\n{calendar}" if calendar else "no calendar entry",
    ]  # fmt: skip
    text = f"\n{'=' * 20}\n".join(part.strip() for part in parts) + "\n"
    return "\n".join(line.rstrip() for line in _TOKEN.sub(r"\1TOKEN", text).split("\n"))


def test_every_message_is_here() -> None:
    assert messages.folders() == set(messages.MESSAGES)
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(messages.MESSAGES)


@EVERY
def test_it_reads_as_it_did(message: str, request: pytest.FixtureRequest) -> None:
    messages.queue(message)
    path = SNAPSHOTS / f"{message}.txt"
    now = as_read(mail())
    if request.config.getoption("--new-snapshots"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == now


@pytest.mark.case("D21")
@EVERY
def test_text_and_html_say_the_same(message: str, receiver: Receiver) -> None:
    event = messages.queue(message)
    found = letter(receiver)
    found.says("Ana Álvarez", *([] if message in ("trial", "blast") else [event.title]))
    if message not in WITHOUT_A_TIME:
        found.says("Tuesday, 6 April 2027, 19:00 to 20:45", "London time")
    if found.has_entry:
        assert found.entry.uid == f"{'a' * 22}@turnout.test"


@pytest.mark.case("D19")
@pytest.mark.case("D20")
@pytest.mark.case("D43")
@pytest.mark.case("D45")
@pytest.mark.parametrize("kind", ODD)
@EVERY
def test_a_name_is_a_name_whatever_stands_in_it(
    message: str, kind: str, receiver: Receiver
) -> None:
    messages.queue(message, ODD[kind])
    row = mail()
    found = letter(receiver)
    assert found.received.recipients == ("ana@example.org",)
    assert not found.received.message.get_all("Bcc")
    assert not [link for link in found.links if "evil" in link]
    assert "<img" not in found.received.html
    assert "49" not in found.subject
    header = email.message_from_bytes(found.received.raw)["To"].replace("\r\n", "")
    name, _address = parseaddr(header)
    assert str(make_header(decode_header(name))) == row.to_name
    if kind in ("accents", "arabic", "template"):
        assert ODD[kind] in found.received.text
        assert ODD[kind].replace('"', "&#34;").replace("'", "&#39;") in found.received.html


@pytest.mark.case("D19")
@pytest.mark.case("D20")
@pytest.mark.parametrize("kind", ["accents", "arabic", "template", "script", "long"])
@pytest.mark.parametrize("message", sorted(set(messages.MESSAGES) - {"trial"}))
def test_a_title_is_a_title(message: str, kind: str, receiver: Receiver) -> None:
    event = messages.queue(message, title=ODD[kind][:200])
    found = letter(receiver)
    assert found.subject == mail().subject
    # A blast has the subject that its writer gave it.
    assert event.title in found.subject or kind == "long" or message == "blast"
    assert "<script" not in found.received.html
