"""Rate limits. Counted in Redis when there is one, else per process; switched off with one setting."""

from __future__ import annotations

import functools
import hashlib
import logging

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = logging.getLogger(__name__)


def client() -> str:
    """The network address of the client, as the configured number of proxies reports it."""
    return request.remote_addr or "unknown"


# swallow_errors: when Redis is gone, people still sign up; the limits come back with it.
limiter = Limiter(key_func=client, swallow_errors=True, headers_enabled=False)


@functools.lru_cache(maxsize=64)
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


def _counter() -> MovingWindowRateLimiter:
    """Counts exactly: never more than the limit in any stretch of its length."""
    kept: MovingWindowRateLimiter | None = current_app.extensions.get("rate_counter")
    if kept is None:
        storage = storage_from_string(current_app.config["RATELIMIT_STORAGE_URI"])
        kept = current_app.extensions["rate_counter"] = MovingWindowRateLimiter(storage)
    return kept


def allows(limit: str, name: str, key: str) -> bool:
    """Counts one more ``name`` for ``key`` and says whether it is within ``limit`` ("3 per hour").

    For limits that are no refusal of a whole page, and from verbs. ``key`` is kept as a hash. True when
    limits are switched off or their store does not answer.
    """
    if not current_app.config["RATELIMIT_ENABLED"]:
        return True
    word = hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        return _counter().hit(_parsed(limit), "turnout", name, word)
    except Exception:
        log.warning("the store of rate limits does not answer", exc_info=True)
        return True


def init_app(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["REDIS_URL"] or "memory://")
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "turnout")
    limiter.init_app(app)
