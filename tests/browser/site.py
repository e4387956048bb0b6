"""A running site and the database behind it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext

from tests.conftest import TESTS
from webapp import clock, create_app, migrate
from webapp.accounts import operations as accounts
from webapp.accounts.models import User
from webapp.db import db


class Process:
    """One of the site's processes. Its log is kept; ``stop`` ends it and answers what it said."""

    def __init__(self, folder: Path, name: str, environ: dict[str, str], *arguments: str, **more: Any) -> None:  # fmt: skip
        self.log = folder / f"{name}.log"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TURNOUT_")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.server", *arguments],
                cwd=TESTS.parent,
                env={**clean, **environ, "INSTANCE": str(folder)},
                stdout=log,
                stderr=subprocess.STDOUT,
                **more,
            )

    def stop(self) -> str:
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return self.log.read_text(errors="replace")


def listener() -> socket.socket:
    """A socket that listens on a free port already, so that nobody else can take it before the server."""
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen(128)
    return found


class Site:
    """The app over a database file of its own, and its address. ``app`` is this process's view of it."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.folder = folder
        self.url = url
        self.settings = {
            "TURNOUT_ENV": "development",
            "TURNOUT_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'turnout.sqlite3'}",
            "TURNOUT_BASE_URL": url,
        } | settings
        self.app: Flask = create_app(
            self.settings["TURNOUT_ENV"], environ=self.settings, instance=folder
        )
        with self.app.app_context():
            migrate.upgrade()
        self.processes: list[Process] = []

    def start(self, name: str, *arguments: str, **more: Any) -> None:
        """One of the processes of ``tests/browser/server.py``."""
        self.processes.append(Process(self.folder, name, self.settings, *arguments, **more))

    def stop(self) -> str:
        """Ends every process, the last one first; answers what they logged."""
        said = "".join(process.stop() for process in reversed(self.processes))
        with self.app.app_context():
            db.engine.dispose()
        return said

    @contextlib.contextmanager
    def rows(self) -> Iterator[None]:
        """Rows to make, change or read; whatever was changed is committed at the end."""
        with self.app.app_context():
            try:
                yield
                db.session.commit()
            finally:
                db.session.remove()

    def ready(self, seconds: float = 60) -> None:
        """Until the server answers."""
        end = time.monotonic() + seconds
        while True:
            try:
                urllib.request.urlopen(
                    f"{self.url}/healthz", timeout=seconds, context=ssl._create_unverified_context()
                ).close()
                return
            except OSError as error:
                if time.monotonic() > end:
                    raise AssertionError(f"the site did not start ({error}): {self.stop()}") from error  # fmt: skip
                time.sleep(0.1)

    def sign_in(self, context: BrowserContext, user_id: int) -> None:
        """Gives a browser the cookie of somebody who has just signed in."""
        with self.rows():
            user = db.session.get_one(User, user_id)
            secret = accounts.start_session(user, at=clock.now(), hours=2)
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        cookie = serializer.dumps({"_user_id": secret, "_fresh": True})
        context.add_cookies([{"name": self.app.config["SESSION_COOKIE_NAME"], "value": cookie, "url": self.url}])  # fmt: skip
