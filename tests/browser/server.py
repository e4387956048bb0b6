"""The site's processes as the tests start them: ``python -m tests.browser.server WHAT …``.

``web FD`` serves on a listening socket that it is handed, ``jobs`` does the background work, ``run COMMAND``
runs something else (gunicorn as it is deployed, nginx). Each ends with the test run that started it, also if
that one is killed. The site is in processes of its own because that is how it runs in life: what the
browser sees has really been committed.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from flask import Flask

from webapp import create_app, jobs
from webapp.serve import Server


def make() -> Flask:
    """The app with the settings of this process's environment."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    return create_app(os.environ["TURNOUT_ENV"], instance=Path(os.environ["INSTANCE"]))


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def web(descriptor: str) -> None:
    server = Server(make())
    assert server.cfg is not None
    server.cfg.set("bind", f"fd://{descriptor}")
    server.run()


def work() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    jobs.work(make(), stop)


def run(*command: str) -> None:
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    sys.exit(process.wait())


if __name__ == "__main__":
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    {"web": web, "jobs": work, "run": run}[sys.argv[1]](*sys.argv[2:])
