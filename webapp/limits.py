"""Rate limits. Counted in Redis when there is one, else per process; switched off with one setting."""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter


def client() -> str:
    """The network address of the client, as the configured number of proxies reports it."""
    return request.remote_addr or "unknown"


# swallow_errors: when Redis is gone, people still sign up; the limits come back with it.
limiter = Limiter(key_func=client, swallow_errors=True, headers_enabled=False)


def init_app(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["REDIS_URL"] or "memory://")
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "turnout")
    limiter.init_app(app)
