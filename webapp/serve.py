"""``python app.py``: migrate, load the samples into an empty database, start the jobs and the web server.

The process tree is small: this process supervises, one child works through the jobs, and the web
workers are forked from the app that is already loaded, so that they share its memory.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from webapp import clock, jobs, migrate
from webapp.db import db, reading
from webapp.demo import operations as demo


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_not(host: str, port: int) -> str:
    """Why nobody can listen there, in a sentence; empty if somebody can. Asked before anything else is
    started, so that nothing says "Turnout is at …" and then is not."""
    try:
        family, kind, proto, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            # As the server does: the rest of a connection from a minute ago is no neighbour.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} of {host} is taken by another program. Choose another one: TURNOUT_PORT={port + 1}"
        return f"Turnout cannot listen at {host}, port {port}: {error.strerror}."
    return ""


class Server(BaseApplication):
    def __init__(self, app: Flask) -> None:
        self.app = app
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"{self.app.config['HOST']}:{self.app.config['PORT']}",
            "workers": self.app.config["WEB_WORKERS"],
            "threads": self.app.config["WEB_THREADS"],
            "worker_class": "gthread",
            "preload_app": True,
            "keepalive": 15,
            "graceful_timeout": 5,
            "timeout": 60,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        assert self.cfg is not None  # noqa: S101 - gunicorn makes it before it calls this
        for key, value in settings.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return self.app


def start_worker(app: Flask) -> int:
    """Forks the job worker; answers its process id. It ends with this process, however that ends."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    jobs.work(app, stop, parent=parent)
    os._exit(0)


def prepare(app: Flask) -> demo.Loaded | None:
    """Migrations, then the sample events where they belong: only on this machine's own address."""
    with app.app_context():
        migrate.upgrade()
        wanted = app.config["DEMO"]
        loaded = None
        if wanted is not False:
            with reading():
                fresh = demo.is_empty()
            if (
                demo.is_loaded()
                or wanted
                or (fresh and wanted is None and is_loopback(app.config["HOST"]))
            ):
                loaded = demo.load(clock.now())
                db.session.commit()
        db.session.remove()
        # Connections must not be shared with the processes forked from here.
        db.engine.dispose()
    return loaded


def greeting(app: Flask, loaded: demo.Loaded | None) -> str:
    lines = [f"Turnout is at http://{app.config['HOST']}:{app.config['PORT']}"]
    if loaded:
        lines.append(f"Sign in as {loaded.email} with the password {loaded.password}")
    if app.config["MAIL_SERVER"]:
        lines.append(
            f"Mail goes out through {app.config['MAIL_SERVER']}:{app.config['MAIL_PORT']}."
        )
    else:
        lines.append(
            "No mail server is configured (TURNOUT_MAIL_SERVER): mail stays in the outbox, "
            "to be read on each event's Mail page."
        )
    lines.append("Ctrl-C stops it.")
    return "\n".join(lines)


def main(app: Flask) -> None:
    if problem := why_not(app.config["HOST"], app.config["PORT"]):
        sys.exit(problem)
    loaded = prepare(app)
    if app.config["DEMO"] and not is_loopback(app.config["HOST"]):
        logging.getLogger(__name__).warning(
            "sample data is loaded on an address that others can reach"
        )
    worker = start_worker(app)
    sys.stdout.write(greeting(app, loaded) + "\n")
    sys.stdout.flush()
    try:
        Server(app).run()
    finally:
        # Gunicorn leaves through SystemExit; its web workers pass here as well, and the worker is not theirs.
        try:
            os.kill(worker, signal.SIGTERM)
        except ProcessLookupError:
            logging.getLogger(__name__).info("the job worker had already stopped")
