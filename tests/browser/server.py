"""The site as the tests' browser sees it: ``python -m tests.browser.server`` serves on a listening socket
that it is handed, with the settings of its environment. With ``jobs`` it does the background work.

A process of its own, because that is how the product runs: what the browser sees has really been committed.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from webapp import create_app, jobs
from webapp.serve import Server


def end_with(parent: int) -> None:
    """A test run that is killed must not leave a server behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main(what: str, descriptor: str) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    app = create_app(os.environ["TURNOUT_ENV"], instance=Path(os.environ["INSTANCE"]))
    if what == "jobs":
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        jobs.work(app, stop)
        return
    server = Server(app)
    assert server.cfg is not None
    server.cfg.set("bind", f"fd://{descriptor}")
    for name in ("certfile", "keyfile"):
        if name.upper() in os.environ:
            server.cfg.set(name, os.environ[name.upper()])
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
