"""Links that carry a right. A token has a purpose, an age, and is bound to a person and an event.

Purpose and salt are the same word, so a token of one purpose never opens another. Three named ways
to fail; pages answer all of them alike.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import secrets
import string
from typing import Any, Literal

from flask import Flask, current_app
from itsdangerous import (
    BadSignature,
    HMACAlgorithm,
    SignatureExpired,
    Signer,
    TimestampSigner,
    URLSafeSerializer,
    URLSafeTimedSerializer,
)
from itsdangerous.encoding import base64_encode
from itsdangerous.url_safe import URLSafeSerializerMixin

from webapp.clock import UTC

Purpose = Literal[
    "my", "join", "confirm", "erase", "remove", "chair", "guest", "cohost", "door-cookie", "form", "unsubscribe",
    "invitation",
    "puzzle", "puzzle-wait",
]  # fmt: skip

_URL_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
MAX_AGE = dt.timedelta(days=800)


class TokenError(Exception):
    """A token that opens nothing."""


class TokenInvalid(TokenError):
    """Changed, cut, or signed for another purpose."""


class TokenExpired(TokenError):
    """Signed by us, but too long ago."""


class TokenForeign(TokenError):
    """Good in itself, but for a person or event that is not (or no longer) there."""


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """What a token says: its payload and when it was made (aware, UTC)."""

    payload: Any
    made_at: dt.datetime


class _AtOnce(HMACAlgorithm):
    """The library's, in one call instead of three objects: the same signature."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, self.digest_method)


class _KeepsKeys(Signer):
    """The library's, with the keys it derives from our secrets kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.algorithm = _AtOnce(self.digest_method)
        self._derived: dict[Any, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        derived = self._derived.get(secret_key)
        if derived is None:
            derived = self._derived[secret_key] = super().derive_key(secret_key)
        return derived


class _KeepsKeysTimed(_KeepsKeys, TimestampSigner):
    pass


class _Compact:
    """The library's compact JSON, by an encoder that is made once and not for each text."""

    _encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
    loads = staticmethod(json.loads)

    @classmethod
    def dumps(cls, obj: Any, **_kwargs: Any) -> str:
        return cls._encoder.encode(obj)


class _Short(URLSafeSerializerMixin):
    """The library's serializers, without their try to compress each payload: ours are too short to gain
    by it, and it takes longer than everything else together."""

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        if salt is not None:
            return super().make_signer(salt)
        kept: Signer | None = self.__dict__.get("_kept")
        if kept is None:
            kept = self.__dict__["_kept"] = super().make_signer()
        return kept

    def dump_payload(self, obj: Any) -> bytes:
        # Past the class that compresses, to the one that makes the JSON.
        return base64_encode(super(URLSafeSerializerMixin, self).dump_payload(obj))


class Serializer(_Short, URLSafeTimedSerializer):
    """Signs with the time, so that what it signed has an age."""

    default_signer = _KeepsKeysTimed
    default_serializer = _Compact


class LastingSerializer(_Short, URLSafeSerializer):
    """Signs without the time: the same text for the same payload."""

    default_signer = _KeepsKeys
    default_serializer = _Compact


def keys(app: Flask) -> list[str]:
    """Every secret that still counts, the one that signs last."""
    return [*(app.config.get("SECRET_KEY_FALLBACKS") or []), app.config["SECRET_KEY"]]


def _serializer(purpose: Purpose) -> Serializer:
    cache: dict[str, Serializer] = current_app.extensions.setdefault("tokens", {})
    if purpose not in cache:
        cache[purpose] = Serializer(
            keys(current_app),
            salt=f"turnout.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
    return cache[purpose]


def sign(purpose: Purpose, payload: Any) -> str:
    """``payload`` is anything JSON can hold; keep it short, it stands in mails."""
    return str(_serializer(purpose).dumps(payload))


def _check_spelling(text: str) -> None:
    """The last letter of a signature has two bits to spare, which decoding drops: only one of the four
    letters it could be is ours, and a link with any letter changed is another link."""
    if text and (text[-1] not in _URL_LETTERS or _URL_LETTERS.index(text[-1]) % 4):
        raise TokenInvalid


def read(purpose: Purpose, text: str, max_age: dt.timedelta = MAX_AGE) -> Token:
    """Raises TokenInvalid or TokenExpired. Whether the person still exists is the caller's question."""
    _check_spelling(text)
    try:
        payload, made_at = _serializer(purpose).loads(
            text, max_age=int(max_age.total_seconds()), return_timestamp=True
        )
    except SignatureExpired:
        raise TokenExpired from None
    except BadSignature:
        raise TokenInvalid from None
    return Token(payload, made_at.astimezone(UTC))


def _lasting(purpose: Purpose) -> LastingSerializer:
    cache: dict[str, LastingSerializer] = current_app.extensions.setdefault("lasting_tokens", {})
    if purpose not in cache:
        cache[purpose] = LastingSerializer(
            keys(current_app),
            salt=f"turnout.{purpose}.lasting",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
    return cache[purpose]


def sign_lasting(purpose: Purpose, payload: Any) -> str:
    """The same text for the same payload, whenever it is made: for a link that people keep, compare and
    find again in each mail, and that dies with what it is about instead of by its age."""
    return str(_lasting(purpose).dumps(payload))


def read_lasting(purpose: Purpose, text: str) -> Any:
    """The payload of ``sign_lasting``. Raises TokenInvalid, also for a token that was signed with its time."""
    _check_spelling(text)
    try:
        return _lasting(purpose).loads(text)
    except BadSignature:
        raise TokenInvalid from None


def secret(nbytes: int = 32) -> str:
    """A random text for links and keys that are looked up by their hash."""
    return secrets.token_urlsafe(nbytes)


def public_id() -> str:
    """A random id for public use: 128 bits, never sequential."""
    return secrets.token_urlsafe(16)


def person_key() -> int:
    """A random positive 60-bit number that stands for a person in the log of visits. Two bits are left
    free, so that the figures can sort a key and its identity as one number."""
    return secrets.randbits(60) | 1


def digest(text: str) -> str:
    """How secrets are kept: SHA-256 in hex. Enough for long random texts, not for passwords."""
    return hashlib.sha256(text.encode()).hexdigest()


def _mark(secret: str, purpose: str, text: str) -> str:
    said = f"{purpose}\0{text}".encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:32]


def mark(purpose: str, text: str) -> str:
    """What stands for ``text`` where the text itself must not be kept: the same for the same text, and
    nobody without our secret finds out of which. 128 bits in hex."""
    return _mark(current_app.config["SECRET_KEY"], purpose, text)


def marks(purpose: str, text: str) -> list[str]:
    """Every mark that may stand for ``text``: today's first, then those of secrets we had before."""
    return [_mark(secret, purpose, text) for secret in reversed(keys(current_app))]


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
