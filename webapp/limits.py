"""Rate limits. Counted in Redis when there is one, else per process; switched off with one setting."""

from __future__ import annotations

import functools
import hashlib
import logging
import threading
import time
from collections import deque
from typing import Protocol

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


class Counter(Protocol):
    def hit(self, item: RateLimitItem, *identifiers: str) -> bool: ...


class Moments:
    """The moving windows of this process: for each key the moments that still count, at most as many as
    its limit. (The library's own memory starts a timer thread for every hundredth of a second in which
    something is counted, which costs more than a sign-up.)"""

    TIDY_EVERY = 60.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], tuple[float, deque[float]]] = {}
        self._tidy_at = time.time() + self.TIDY_EVERY

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Never more than the limit in any stretch of its length."""
        now, length = time.time(), float(item.get_expiry())
        with self._lock:
            if now >= self._tidy_at:
                self._tidy(now)
            key = (item.amount, length, *identifiers)
            _length, moments = self._kept.setdefault(key, (length, deque()))
            while moments and moments[0] < now - length:
                moments.popleft()
            if len(moments) >= item.amount:
                return False
            moments.append(now)
            return True

    def _tidy(self, now: float) -> None:
        """Forgets keys with nothing left to count."""
        self._tidy_at = now + self.TIDY_EVERY
        self._kept = {
            key: (length, moments)
            for key, (length, moments) in self._kept.items()
            if moments and moments[-1] >= now - length
        }


@functools.lru_cache(maxsize=64)
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


def _counter() -> Counter:
    kept: Counter | None = current_app.extensions.get("rate_counter")
    if kept is None:
        uri = current_app.config["RATELIMIT_STORAGE_URI"]
        in_memory = uri == "memory://"
        kept = Moments() if in_memory else MovingWindowRateLimiter(storage_from_string(uri))
        current_app.extensions["rate_counter"] = kept
    return kept


def are_on() -> bool:
    """Whether limits are counted at all."""
    return bool(current_app.config["RATELIMIT_ENABLED"])


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
    # An app that names the limiter already gets no hooks of it: they look, around every request, for
    # limits of whole pages and for headers about them. Ours stand on functions and are counted when
    # these are called.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
