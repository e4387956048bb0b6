"""A server in a process of its own: Turnout or its ceiling, both behind ``webapp.serve.Server``.

``python -m tests.load.served turnout|bare SETTINGS.json`` is what that process runs.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Where servers run, and where their visitors do. On one core there is no choice.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES, CROWD_CORES = {CORES[0]}, set(CORES[1:]) or {CORES[0]}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


@dataclasses.dataclass
class Served:
    """A running server; leave the ``with`` block and it is gone. What it says is kept in ``log``."""

    what: str
    folder: Path
    uri: str
    settings: dict[str, Any]
    port: int = dataclasses.field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{self.what}-{self.port}.log"

    def __enter__(self) -> Served:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.what}-{self.port}.json"
        path.write_text(
            json.dumps({"folder": str(self.folder), "uri": self.uri, "port": self.port, "settings": self.settings})
        )  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.load.served", self.what, str(path)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORES),
            )
        deadline = time.monotonic() + 60
        while not answers(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.what} did not start: {self.log.read_text()}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def workers(self) -> list[int]:
        """The process ids of the web workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


def turnout(uri: str, folder: Path, **settings: Any) -> Any:
    """The app as ``make run`` has it, over the given database and instance folder."""
    from webapp import create_app

    return create_app("development", environ={}, instance=folder, SQLALCHEMY_DATABASE_URI=uri, **settings)  # fmt: skip


def main(what: str, path: str) -> None:
    from config.development import Development
    from tests.load import bare
    from webapp import serve

    given = json.loads(Path(path).read_text())
    settings = {"PORT": given["port"], **given["settings"]}
    if what == "turnout":
        jobs = settings.pop("JOBS", False)
        app = turnout(given["uri"], Path(given["folder"]), **settings)
        if jobs:
            # Ends by itself when this process is gone.
            serve.start_worker(app)
    else:
        names = ("HOST", "WEB_WORKERS", "WEB_THREADS", "SQLITE_SYNCHRONOUS", "DATABASE_POOL_SIZE")
        defaults = {name: getattr(Development, name) for name in names}
        app = bare.make_app(given["uri"], **{**defaults, **settings})
    serve.Server(app).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
