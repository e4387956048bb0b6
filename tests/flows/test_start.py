"""``python app.py`` on a machine where nothing was there before: the whole product, and nothing stays behind.

Nothing here is about speed: the limits are those after which something hangs.
"""

from __future__ import annotations

import datetime as dt
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.flows.browser import Sheet
from tests.flows.conftest import FILES
from tests.flows.letters import Letter
from tests.receiver import Receiver

ROOT = Path(__file__).parent.parent.parent
PARTS = ("app.py", "pyproject.toml", "config", "migrations", "templates", "webapp")
PATIENCE = 60.0


@pytest.fixture
def empty_database() -> Iterator[str | None]:
    """None for the SQLite file that it makes by itself; else a database of its own on the suite's server."""
    server = os.environ.get("TURNOUT_TEST_DATABASE_URI", "")
    if not server:
        yield None
        return
    name = f"turnout_start_{os.getpid()}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def until(true: Callable[[], object], what: str) -> None:
    waited = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < waited, f"waited too long until {what}"
        time.sleep(0.1)


def copy_to(folder: Path) -> None:
    """The product without anything that a run of it has left."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)


def bare_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("TURNOUT_", "FLASK_"))}


class Machine:
    """The product in a folder of its own, in a session of its own, so that every process of it is found."""

    def __init__(self, folder: Path, database: str | None, mail_port: int) -> None:
        copy_to(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environ = bare_environment() | {
            "TURNOUT_PORT": str(self.port),
            "TURNOUT_MAIL_SERVER": "127.0.0.1", "TURNOUT_MAIL_PORT": str(mail_port),
        }  # fmt: skip
        if database:
            environ["TURNOUT_SQLALCHEMY_DATABASE_URI"] = database
        self.folder, self.environ = folder, environ
        self.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=folder, env=environ, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(cookies)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.said
        try:
            self.open("/")
        except urllib.error.URLError:
            return False
        return "Ctrl-C stops it." in self.said

    def open(self, path: str, data: dict[str, str] | None = None) -> Sheet:
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        url = f"http://127.0.0.1:{self.port}{path}"
        with self._browser.open(url, body, timeout=PATIENCE) as answer:
            return Sheet(
                urllib.parse.urlsplit(answer.url).path, _Answer(answer.status, answer.read())
            )

    def flask(self, *args: str) -> str:
        """A command line beside the running server."""
        result = subprocess.run(
            [sys.executable, "-m", "flask", *args], cwd=self.folder, env=self.environ,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return result.stdout

    def press(self, sheet: Sheet, label: str, **given: str | None) -> Sheet:
        return self.open(*sheet.filled(label, **given))

    def processes(self) -> list[int]:
        """Every living process of the session, its leader included."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, session = fields[0], int(fields[3])
            if session == self.process.pid and state != "Z":
                found.append(int(entry.name))
        return found

    def end(self) -> None:
        """Whatever a failed test left."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()


class _Answer:
    """What a Sheet needs of an answer."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status_code, self._body = status, body

    def get_data(self, *, as_text: bool) -> str:
        return self._body.decode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def machine(tmp_path: Path, empty_database: str | None, receiver: Receiver) -> Iterator[Machine]:
    started = Machine(tmp_path, empty_database, receiver.port)
    try:
        until(started.is_up, "the first page answered")
        yield started
    finally:
        started.end()


def test_from_nothing_to_a_sign_up_and_back_to_nothing(
    machine: Machine, receiver: Receiver
) -> None:
    home = machine.open("/")
    home.says("Bolivia Shows There Is An Alternative")
    # The web server, its worker and the one who works through the jobs.
    assert len(machine.processes()) == 3

    found = re.search(r"Sign in as (\S+) with the password (\S+)", machine.said)
    assert found, machine.said
    assert machine.open("/manage/events/sample-live-now").path == "/sign-in"
    page = machine.open("/sign-in?next=/manage/events/sample-live-now")
    board = machine.press(page, "Sign in", email=found[1], password=found[2])
    assert board.path == "/manage/events/sample-live-now"
    board.says("Live for", "In the room now")

    form = machine.open("/events/sample-open-for-sign-up/signup")
    # Faster than the two seconds of a person is one more click.
    time.sleep(2.5)
    sent = machine.press(form, "Save my place", name="Zoë Ångström", email="zoe@example.org", consent="yes")  # fmt: skip
    sent.says("A mail is on its way to zoe@example.org.")
    mail = machine.open("/manage/events/sample-open-for-sign-up/mail")
    mail.says("zoe@example.org", "Sample, never sent")
    assert receiver.messages == []
    for line in machine.lines:
        assert not re.search(r"ERROR|Traceback|Warning", line), machine.said

    os.kill(machine.process.pid, signal.SIGINT)
    assert machine.process.wait(timeout=PATIENCE) == 0, machine.said
    until(lambda: not machine.processes(), "nothing was left")
    assert "Traceback" not in machine.said


def test_a_mail_leaves_by_itself_and_its_link_leads_back(
    machine: Machine, receiver: Receiver, tmp_path: Path
) -> None:
    data = json.loads((FILES / "bolivia.json").read_text(encoding="utf-8"))
    begins = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=3)
    for name, moment in (("starts_at", begins), ("ends_at", begins + dt.timedelta(hours=2))):
        data["event"][name] = moment.isoformat()
    (tmp_path / "event.json").write_text(json.dumps(data), encoding="utf-8")
    assert "bolivia: created" in machine.flask("events", "load", "event.json")
    form = machine.open("/events/bolivia/signup")
    time.sleep(2.5)
    machine.press(
        form, "Save my place", name="Zoë Ångström", email="zoe@example.org", consent="yes"
    )
    until(lambda: receiver.messages, "the worker sent the mail")
    (received,) = receiver.messages
    letter = Letter(received, site=f"http://127.0.0.1:{machine.port}")
    letter.says("Hello Zoë Ångström,")
    assert letter.entry.starts_at == begins
    machine.open(letter.link("join")).says("to go", "Take me in when it starts")
    machine.open(letter.link("my")).says("Zoë Ångström, you have a place")


def test_a_port_that_is_taken_is_a_sentence_and_starts_nothing(tmp_path: Path) -> None:
    copy_to(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "app.py"], env=bare_environment() | {"TURNOUT_PORT": str(port)},
            cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"Port {port} of 127.0.0.1 is taken by another program. "
        f"Choose another one: TURNOUT_PORT={port + 1}\n"
    )


def test_a_killed_server_leaves_nobody_behind(machine: Machine) -> None:
    assert len(machine.processes()) > 1
    os.kill(machine.process.pid, signal.SIGKILL)
    machine.process.wait(timeout=PATIENCE)
    until(lambda: not machine.processes(), "the workers saw that they are alone")
