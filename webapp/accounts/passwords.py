"""Passwords: Argon2id at about 19 MiB, so that many people may sign in at once on a small machine."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
LONGEST = 200

# Letters and digits that nobody mixes up when reading one aloud.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)
# What the password of somebody unknown is compared with: finding nobody takes the same work.
_nobody = _hasher.hash(secrets.token_urlsafe(16))


def generate() -> str:
    """A random password of 79 bits to be read out or copied: "ab3d-efgh-…"."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def make_hash(password: str) -> str:
    return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind the hash. Without a hash (nobody, or an account without a
    password) it does the same work and says no."""
    try:
        right = _hasher.verify(password_hash or _nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(right) and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other settings than today's."""
    return _hasher.check_needs_rehash(password_hash)
