"""A PostgreSQL of our own, as it comes: every commit waits for the disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.load.served import free_port


def programs() -> Path | None:
    """Where PostgreSQL's own programs are, the newest first; None if it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return known[-1].parent if known else None


@contextmanager
def cluster() -> Iterator[str]:
    """The URI of a fresh cluster that lasts as long as the block. Raises RuntimeError without PostgreSQL."""
    binaries = programs()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    # It refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="turnout-load-pg-"))
    if user:
        shutil.chown(folder, "postgres")

    def run(program: str, *words: str) -> None:
        command = [*user, str(binaries / program), "-D", str(folder / "data"), *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    port = free_port()
    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c max_connections=100"
        # The server keeps what it is given as its output: not ours, or nobody would ever see its end.
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
