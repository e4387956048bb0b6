"""DKIM: what we sign, a receiver can verify with what we say must stand in the DNS."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import dkim
import pytest
from flask import Flask

import config
from tests.conftest import NOW
from tests.mail.conftest import deliver, put
from tests.mail.test_message import ENTRY, NASTY
from tests.receiver import Receiver
from webapp import create_app
from webapp.db import db
from webapp.mail import signing

pytestmark = pytest.mark.usefixtures("context")

FILES = Path(__file__).parent / "files"
RSA, ED25519 = FILES / "dkim-rsa.pem", FILES / "dkim-ed25519.pem"
KEYS = pytest.mark.parametrize("key", [RSA, FILES / "dkim-rsa-pkcs8.pem", ED25519])
NEWS = "https://turnout.test/unsubscribe/WzEsMl0.c2lnbmF0dXJl"


def use(app: Flask, key: Path = RSA) -> signing.Signer:
    app.config.update(DKIM_DOMAIN="example.org", DKIM_SELECTOR="turnout", DKIM_KEY_FILE=str(key))
    signer = signing.signer()
    assert signer is not None
    return signer


def holds(raw: bytes, signer: signing.Signer) -> bool:
    """Whether a receiver believes the signature, given what stands in the DNS."""

    def text_record(name: bytes | str, timeout: int = 5) -> bytes | None:
        wanted = name.decode() if isinstance(name, bytes) else name
        return signer.record.encode() if wanted.rstrip(".") == signer.name else None

    return bool(dkim.verify(raw, dnsfunc=text_record))


def signed_headers(raw: bytes) -> list[str]:
    head = raw.split(b"\r\n\r\n")[0].decode()
    line = re.search(r"DKIM-Signature:.*?\sh=([^;]*);", head, re.DOTALL)
    assert line
    return [name.strip() for name in line[1].split(":")]


@KEYS
@pytest.mark.parametrize("name", NASTY)
def test_a_receiver_can_verify_every_mail(
    app: Flask, receiver: Receiver, key: Path, name: str
) -> None:
    signer = use(app, key)
    assert signer.name == "turnout._domainkey.example.org"
    put(to_name=name, context={"title": name}, calendar=ENTRY, calendar_method="REQUEST")
    deliver()
    [got] = receiver.messages
    assert holds(got.raw, signer)
    assert not holds(got.raw.replace(b"\r\n\r\n", b"\r\n\r\nMore", 1), signer)
    assert not holds(got.raw.replace(b"To: ", b"To: x@example.org, ", 1), signer)
    assert not holds(b"Subject: Another\r\n" + got.raw, signer)


def test_what_is_signed(app: Flask, receiver: Receiver) -> None:
    use(app)
    put()
    put("ben@example.org", unsubscribe_url=NEWS)
    deliver()
    own, news = (signed_headers(got.raw) for got in receiver.messages)
    assert set(own) == {
        "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "auto-submitted",
    }  # fmt: skip
    assert set(news) - set(own) == {"list-unsubscribe", "list-unsubscribe-post"}
    # Once more than they are there: nobody can add a second one.
    assert [news.count(name) for name in ("from", "list-unsubscribe", "date")] == [2, 2, 2]


@pytest.mark.case("D18")
@pytest.mark.parametrize(
    ("is_signed", "url", "one_click"),
    [
        (True, NEWS, True),
        (False, NEWS, False),
        (True, NEWS.replace("https:", "http:"), False),
        (True, None, False),
    ],
)
def test_one_press_only_where_the_signature_covers_it_and_nobody_listens(
    app: Flask, receiver: Receiver, is_signed: bool, url: str | None, one_click: bool
) -> None:
    if is_signed:
        signer = use(app)
    put(unsubscribe_url=url)
    deliver()
    [got] = receiver.messages
    post = got.message["List-Unsubscribe-Post"]
    assert post == ("List-Unsubscribe=One-Click" if one_click else None)
    assert got.message["List-Unsubscribe"] == (f"<{url}>" if url else None)
    # On one line each: not every program unfolds.
    head = got.raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    if url:
        assert f"List-Unsubscribe: <{url}>".encode() in head
    if one_click:
        assert holds(got.raw, signer)
        assert not holds(got.raw.replace(NEWS[-9:].encode(), b"something", 1), signer)


def test_without_a_key_nothing_is_signed(receiver: Receiver) -> None:
    put()
    deliver()
    assert receiver.messages[0].message["DKIM-Signature"] is None


def test_a_mail_sent_twice_is_the_same_to_the_letter(app: Flask, receiver: Receiver) -> None:
    """As after a crash before the commit. The signature may be of another second; what it covers is not."""
    use(app)
    mail = put(calendar=ENTRY, calendar_method="REQUEST")
    deliver()
    mail.state = "queued"
    mail.next_try_at = NOW
    db.session.commit()
    deliver()
    one, other = (
        re.sub(rb"^DKIM-Signature:.*?\r\n(?=\S)", b"", got.raw, flags=re.DOTALL)
        for got in receiver.messages
    )
    assert b"DKIM-Signature" not in one
    assert one == other


def test_an_rsa_record_is_what_openssl_would_print() -> None:
    """Byte for byte the SubjectPublicKeyInfo: DER sequence, rsaEncryption, bit string."""
    signer = signing.made("example.org", "s", RSA.read_text())
    der = base64.b64decode(signer.public)
    assert signer.bits == 2048
    assert len(der) == 294
    assert der.startswith(bytes.fromhex("30820122300d06092a864886f70d01010105000382010f00"))


@pytest.mark.parametrize("spelling", ["one line", "CRLF", "bare"])
def test_a_key_from_the_environment(spelling: str) -> None:
    pem = ED25519.read_text()
    wanted = signing.made("example.org", "s", pem).public
    text = {
        "one line": pem.replace("\n", "\\n"),
        "CRLF": pem.replace("\n", "\r\n"),
        "bare": base64.b64encode(base64.b64decode(pem.splitlines()[1])[-32:]).decode(),
    }[spelling]
    assert signing.made("example.org", "s", text).public == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ((FILES / "dkim-short.pem").read_text(), "is an RSA key of 512 bits"),
        ((FILES / "mail-test.pem").read_text(), "holds no private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "holds no private key"),
        ("c2hvcnQ=", "holds no private key"),
        ("żó", "holds no private key"),
    ],
)
def test_a_key_that_cannot_sign_stops_the_app(tmp_path: Any, text: str, sentence: str) -> None:
    values = {"TURNOUT_DKIM_DOMAIN": "example.org", "TURNOUT_DKIM_SELECTOR": "s"}
    with pytest.raises(config.ConfigError, match=f"TURNOUT_DKIM_KEY {sentence}"):
        create_app("testing", values | {"TURNOUT_DKIM_KEY": text}, tmp_path)
    path = tmp_path / "missing.pem"
    with pytest.raises(config.ConfigError, match="TURNOUT_DKIM_KEY_FILE cannot be read"):
        create_app("testing", values | {"TURNOUT_DKIM_KEY_FILE": str(path)}, tmp_path)


@pytest.mark.parametrize("missing", ["DKIM_DOMAIN", "DKIM_SELECTOR", "DKIM_KEY"])
def test_half_a_configuration_is_refused_by_name(tmp_path: Any, missing: str) -> None:
    given = {"TURNOUT_DKIM_DOMAIN": "a", "TURNOUT_DKIM_SELECTOR": "b", "TURNOUT_DKIM_KEY": "c"}
    del given[f"TURNOUT_{missing}"]
    with pytest.raises(config.ConfigError, match=f"TURNOUT_{missing}.* is missing") as caught:
        config.load("testing", given, tmp_path)
    assert len(caught.value.problems) == 1


def test_the_key_is_told_nobody(app: Flask) -> None:
    assert "PRIVATE" not in repr(use(app))
