"""Turnout: registration, the evening, attendance and the report. ``create_app`` puts it together."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from webapp import (
    db,
    errors,
    headers,
    i18n,
    jobs_command,
    limits,
    logs,
    migrate,
    permissions,
    sessions,
    templating,
)

ROOT = Path(__file__).resolve().parent.parent

# From the ground floor up. Each package's ``init_app`` brings its pages and commands.
PACKAGES = (
    "audit", "mail", "accounts", "events", "agenda", "signup", "cohosts", "attendance", "reports", "mailing", "privacy",
    "front", "api", "demo",
)  # fmt: skip


def create_app(
    environment: str = "production",
    environ: Mapping[str, str] | None = None,
    instance: Path | None = None,
    **overrides: Any,
) -> Flask:
    """The app for ``environment`` (development, testing, production).

    Raises config.ConfigError, naming every missing or unusable setting at once.
    """
    instance = instance or ROOT / "instance"
    values = config.load(
        environment, os.environ if environ is None else environ, instance, **overrides
    )
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "webapp" / "static"),
        instance_path=str(instance),
    )
    app.config.from_mapping(values)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 24 * 3600
    instance.mkdir(parents=True, exist_ok=True)
    if app.config["PROXY_COUNT"]:
        count = app.config["PROXY_COUNT"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # as its documentation has it
    for part in (
        logs,
        db,
        errors,
        sessions,
        headers,
        permissions,
        i18n,
        templating,
        limits,
        migrate,
        jobs_command,
    ):
        part.init_app(app)
    for name in PACKAGES:
        importlib.import_module(f"webapp.{name}").init_app(app)
    missing = permissions.undeclared(app)
    if missing:
        raise RuntimeError(f"routes without a declared permission: {', '.join(missing)}")
    return app
