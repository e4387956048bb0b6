"""The bytes of a mail, as a receiver reads them."""

from __future__ import annotations

import email.policy
import re
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from icalendar import Calendar

from tests.mail.conftest import CANCEL, FACTS, JOIN, deliver, put
from tests.receiver import Received, Receiver
from webapp.mail.delivery import Tally

pytestmark = pytest.mark.usefixtures("context")

ENTRY = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Turnout//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:abc@turnout.test\r\nSEQUENCE:2\r\nDTSTAMP:20270406T170000Z\r\nDTSTART:20270406T180000Z\r\n"
    "SUMMARY:Łukasz spricht mit Áñez über eine sehr lange Überschrift die gefal\r\n tet wird\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
NASTY = [
    'Łukasz "Żó" O\'Neill',
    "Kate 🎉 Hudson",
    "محمد علي",
    "Smith, John (Dr.)",
    'a "quoted" name',
    "Ł" * 200,
    "A long English name " * 9,
    "=?utf-8?q?x?=",
]


def sent(receiver: Receiver) -> Received:
    assert deliver() == Tally(sent=1)
    assert len(receiver.messages) == 1
    return receiver.messages[0]


@pytest.mark.case("D20")
@pytest.mark.parametrize("name", NASTY)
def test_names_and_titles_arrive_letter_for_letter(receiver: Receiver, name: str) -> None:
    mail = put(to_name=name, context={"title": name})
    got = sent(receiver)
    name_shown, address = parseaddr(email.message_from_bytes(got.raw)["To"].replace("\r\n", ""))
    assert address == "ana@example.org"
    if not name.startswith("=?"):
        assert str(make_header(decode_header(name_shown))) == mail.to_name
        assert got.subject == mail.subject
    assert got.recipients == ("ana@example.org",)
    assert max(len(line) for line in got.raw.split(b"\r\n")) <= 998
    assert got.raw.isascii()
    assert got.text == mail.text
    assert got.html == mail.html


@pytest.mark.case("D19")
def test_a_second_header_cannot_be_smuggled_in(receiver: Receiver) -> None:
    mail = put(to_name="Ana\r\nBcc: x@example.org")
    # Even if somebody else wrote the row.
    mail.to_name, mail.subject = "Ana\r\nBcc: x@example.org", "Hi\r\nBcc: x@example.org\r\n\r\nText"
    got = sent(receiver)
    assert got.recipients == ("ana@example.org",)
    assert sorted(key.lower() for key in got.message) == [
        "auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to",
    ]  # fmt: skip
    assert got.subject == "Hi Bcc: x@example.org Text"
    assert got.text == mail.text


def test_long_lines_of_a_text_are_encoded(receiver: Receiver) -> None:
    mail = put(context={"title": "x" * 3000})
    got = sent(receiver)
    assert max(len(line) for line in got.raw.split(b"\r\n")) <= 998
    assert got.text == mail.text


def test_a_dot_alone_on_a_line_survives(receiver: Receiver) -> None:
    mail = put()
    mail.text = "one\n.\n..two\nFrom me\n"
    assert sent(receiver).text == "one\n.\n..two\nFrom me\n"


@pytest.mark.case("D21")
def test_text_html_and_calendar_in_the_order_mail_programs_want(receiver: Receiver) -> None:
    put(calendar=ENTRY, calendar_method="REQUEST")
    got = sent(receiver)
    message = got.message
    assert message.get_content_type() == "multipart/mixed"
    alternative, attached = message.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip
    assert got.part("text/calendar").get_param("method") == "REQUEST"
    assert (attached.get_content_type(), attached.get_filename()) == (
        "application/ics",
        "invite.ics",
    )
    for content in (got.calendar, attached.get_payload(decode=True).decode()):
        assert content == ENTRY
        [event] = Calendar.from_ical(content).walk("VEVENT")
        assert event["UID"] == "abc@turnout.test"
    for fact in (FACTS["when"], JOIN, CANCEL):
        assert fact in got.text


@pytest.mark.case("D22")
def test_a_cancelled_entry_says_so_in_its_part(receiver: Receiver) -> None:
    entry = ENTRY.replace("METHOD:REQUEST", "METHOD:CANCEL")
    put(calendar=entry, calendar_method="CANCEL")
    got = sent(receiver)
    assert got.part("text/calendar").get_param("method") == "CANCEL"
    assert got.calendar == entry


def test_headers_say_who_when_and_that_a_machine_wrote_it(receiver: Receiver) -> None:
    mail = put()
    got = sent(receiver)
    assert got.sender == "turnout@localhost"
    assert str(got.message["From"]) == "Turnout <turnout@localhost>"
    assert str(got.message["Date"]) == "Tue, 06 Apr 2027 17:00:00 +0000"
    assert got.message_id == mail.message_id
    assert got.message["Auto-Submitted"] == "auto-generated"
    assert got.message.get_content_type() == "multipart/alternative"
    head = got.raw.split(b"\r\n\r\n")[0].decode()
    assert not re.search(r"turnout\.test/(join|my)/", head)
    assert email.message_from_bytes(got.raw, policy=email.policy.strict).defects == []
