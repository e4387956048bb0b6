"""DKIM: every mail is signed when a key is configured, so that receivers know it is the domain's own.

Keys are RSA or Ed25519, as PEM (what openssl writes) or, for Ed25519, as the bare 32 bytes in base64.
The libraries are imported where they are used: most installations start without a key, and every process
would carry them.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from config import ConfigError

# Receivers take no shorter RSA key (RFC 8301).
SHORTEST_RSA = 1024
# Protected against a second one being added on the way.
_SINGLE = (b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post")  # fmt: skip
# Signed besides what the standard recommends; RFC 8058 demands the first of them.
_ALSO = {b"list-unsubscribe-post", b"auto-submitted"}
_NO_KEY = "holds no private key: an RSA key as PEM, or an Ed25519 key as PEM or base64, is needed"
# Before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410).
_ED25519 = bytes.fromhex("302e020100300506032b657004220420")


@dataclasses.dataclass(frozen=True, slots=True)
class Signer:
    """One key and where its public half is published. ``bits`` is the length of an RSA key."""

    domain: str
    selector: str
    algorithm: str
    bits: int
    key: bytes = dataclasses.field(repr=False)
    public: str

    @property
    def name(self) -> str:
        """Where the public half must stand in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text that must stand there."""
        kind = "ed25519" if self.algorithm == "ed25519-sha256" else "rsa"
        return f"v=DKIM1; k={kind}; p={self.public}"

    def header(self, message: bytes) -> bytes:
        """The line of the signature, to be put before ``message`` (whole, with CRLF)."""
        import dkim

        signed: Any = dkim.DKIM(message, signature_algorithm=self.algorithm.encode())
        signed.should_sign |= _ALSO
        signed.add_frozen(_SINGLE)
        line: bytes = signed.sign(
            self.selector.encode(),
            self.domain.encode(),
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
        )
        return line


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _rsa_public(modulus: int, exponent: int) -> bytes:
    """SubjectPublicKeyInfo, as the DNS wants it."""
    numbers = _der(0x30, _integer(modulus), _integer(exponent))
    kind = _der(0x30, bytes.fromhex("06092a864886f70d010101"), _der(0x05))
    return _der(0x30, kind, _der(0x03, b"\0" + numbers))


def _pem(text: str) -> bytes | None:
    """The bytes within a PEM block, or None where there is none."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("-----BEGIN") or not lines[-1].startswith("-----END"):
        return None
    return base64.b64decode("".join(lines[1:-1]), validate=True)


@lru_cache(maxsize=8)
def made(domain: str, selector: str, text: str) -> Signer:
    """The signer with the private key ``text``. Raises ValueError with a sentence."""
    # One line of an environment file holds no line breaks.
    text = text.strip().replace("\\n", "\n").replace("\r\n", "\n")
    if not text.isascii():
        raise ValueError(_NO_KEY)
    try:
        found = _pem(text)
        if found is None:
            seed: bytes | None = base64.b64decode(text, validate=True)
        else:
            seed = found.removeprefix(_ED25519) if found.startswith(_ED25519) else None
        if seed is not None:
            return _ed25519(domain, selector, seed)
        return _rsa(domain, selector, text.encode())
    except binascii.Error:
        raise ValueError(_NO_KEY) from None


def _ed25519(domain: str, selector: str, seed: bytes) -> Signer:
    import nacl.signing

    if len(seed) != 32:
        raise ValueError(_NO_KEY)
    public = bytes(nacl.signing.SigningKey(seed).verify_key)
    return Signer(
        domain, selector, "ed25519-sha256", 0, base64.b64encode(seed), base64.b64encode(public).decode()
    )  # fmt: skip


def _rsa(domain: str, selector: str, pem: bytes) -> Signer:
    from dkim.crypto import UnparsableKeyError, parse_pem_private_key

    try:
        numbers: dict[str, int] = parse_pem_private_key(pem)
    except UnparsableKeyError:
        raise ValueError(_NO_KEY) from None
    bits = numbers["modulus"].bit_length()
    if bits < SHORTEST_RSA:
        raise ValueError(f"is an RSA key of {bits} bits; receivers take none below {SHORTEST_RSA}")
    public = _rsa_public(numbers["modulus"], numbers["publicExponent"])
    return Signer(domain, selector, "rsa-sha256", bits, pem, base64.b64encode(public).decode())


def _key_text(config: dict[str, Any]) -> str:
    if config["DKIM_KEY_FILE"]:
        return _file(config["DKIM_KEY_FILE"])
    text: str = config["DKIM_KEY"]
    return text


@lru_cache(maxsize=8)
def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read: {error}") from None


def signer() -> Signer | None:
    """The key that mails are signed with, or None if none is configured."""
    config = current_app.config
    if not config["DKIM_DOMAIN"]:
        return None
    return made(config["DKIM_DOMAIN"], config["DKIM_SELECTOR"], _key_text(config))


def init_app(app: Flask) -> None:
    """A key that cannot sign is found out at the start, not by the first mail."""
    try:
        with app.app_context():
            found = signer()
        if found is not None:
            found.header(b"From: a@example.org\r\n\r\nTrial\r\n")
    except ValueError as error:
        which = "TURNOUT_DKIM_KEY_FILE" if app.config["DKIM_KEY_FILE"] else "TURNOUT_DKIM_KEY"
        raise ConfigError([f"{which} {error}."]) from None
