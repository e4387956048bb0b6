from __future__ import annotations

import pytest

from webapp.mail import outbox
from webapp.mail.names import one_line

ORDINARY = [
    "Ana", "Tomás Ó Súilleabháin", "J.R. Smith", "Dr. No", "Ollie Vargas (Kawsachun News)", "王小明",
    "محمد", "Łukasz \"Żó\" O'Neill", "{{7*7}}", "Chair: Kate Hudson", "A/B", "",
]  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert outbox.plain_name(name) == name


@pytest.mark.case("D43")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Click http://evil.example now", "Click http: //evil.\u200bexample now"),
        ("[Click](http://evil.example)", "[Click](http: //evil.\u200bexample)"),
        ("HTTPS://EVIL.EXAMPLE/x?y", "HTTPS: //EVIL.\u200bEXAMPLE/x?y"),
        ("www.evil.example", "www.\u200bevil.\u200bexample"),
        ("me@evil.example", "me@evil.\u200bexample"),
        ("javascript:alert(1)", "javascript: alert(1)"),
        ("mailto:x", "mailto: x"),
        ("evil。example", "evil。\u200bexample"),
        ("http:\n//evil", "http: //evil"),
    ],
)
def test_nothing_in_a_name_becomes_a_link(name: str, shown: str) -> None:
    assert outbox.plain_name(name) == shown


@pytest.mark.case("D19")
def test_a_line_break_in_a_name_is_a_space() -> None:
    assert outbox.plain_name("Ana\r\nBcc: x@y") == "Ana Bcc: x@y"
    assert one_line("a\u202eb\x00c\u2028d") == "a b c d"
