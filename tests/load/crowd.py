"""Many people at once, in one thread: each is a generator that yields requests and is sent the answers.

    def reader(path):
        answer = yield get(path)
        answer.must_be(200)

Plain sockets and the least parsing that HTTP/1.1 needs, so that the people cost less than what they visit.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import re
import selectors
import socket
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from urllib.parse import urlencode


class Wrong(Exception):
    """An answer that the benchmark did not expect: its figures would mean nothing."""


@dataclasses.dataclass(slots=True)
class Request:
    """``name`` is what its time is counted under."""

    name: str
    data: bytes


@dataclasses.dataclass(slots=True)
class Pause:
    """Nothing for so many seconds: somebody fills in a form."""

    seconds: float


@dataclasses.dataclass(slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def must_be(self, status: int) -> Answer:
        if self.status != status:
            raise Wrong(f"{self.status} instead of {status}: {self.body[:400]!r}")
        return self

    def must_hold(self, pattern: re.Pattern[str]) -> str:
        """What the pattern's group matches in the body."""
        found = pattern.search(self.body.decode())
        if found is None:
            raise Wrong(f"no {pattern.pattern} in {self.body[:400]!r}")
        return found[1]

    def header(self, name: str) -> str:
        """The value of a header, or nothing. ``name`` in lower case."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _colon, value = line.partition(b":")
            if key.strip().lower() == name.encode():
                return value.strip().decode("latin-1")
        return ""

    @property
    def cookie(self) -> str:
        """The first cookie set, as it is sent back."""
        return self.header("set-cookie").partition(";")[0]


Visitor = Generator[Request | Pause, Answer, None]


def get(path: str, cookie: str = "", name: str = "", more: str = "") -> Request:
    """``more`` are further header lines, each with its line end."""
    cookies = f"Cookie: {cookie}\r\n" if cookie else ""
    data = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookies}{more}\r\n"
    return Request(name or path, data.encode())


def post(path: str, form: dict[str, str], cookie: str = "", name: str = "", more: str = "") -> Request:  # fmt: skip
    body = urlencode(form)
    cookies = f"Cookie: {cookie}\r\n" if cookie else ""
    data = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookies}{more}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    return Request(name or path, data.encode())


@dataclasses.dataclass
class Tally:
    """``done`` visitors came to their end; ``times`` has the seconds of every request by its name."""

    done: int = 0
    seconds: float = 0.0
    times: dict[str, list[float]] = dataclasses.field(default_factory=lambda: defaultdict(list))

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    def percentile(self, name: str, share: float) -> float:
        values = sorted(self.times[name])
        return values[min(len(values) - 1, int(len(values) * share))]


class _Line:
    """One connection, and the visitor who uses it."""

    __slots__ = ("asked", "came", "request", "socket", "visitor")

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.socket: socket.socket | None = None
        self.came = bytearray()
        self.request: Request | None = None
        self.asked = 0.0


def _parsed(data: bytearray) -> Answer | None:
    """The answer, if all of it is there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(data[:end])
    status = int(head[9:12])
    if status in (204, 304):
        return Answer(status, head, b"")
    place = head.lower().find(b"\r\ncontent-length:")
    if place < 0:
        raise Wrong(f"an answer without a length: {head!r}")
    line_end = head.find(b"\r\n", place + 2)
    length = int(head[place + 17 : line_end if line_end > 0 else None])
    if len(data) < end + 4 + length:
        return None
    return Answer(status, head, bytes(data[end + 4 : end + 4 + length]))


class Crowd:
    """Drives visitors against one port. A closed crowd begins a new visit on each line as soon as the last
    one ended; an open one begins them when they are due, whether the server keeps up or not."""

    def __init__(self, port: int) -> None:
        self.address = ("127.0.0.1", port)
        self.tally = Tally()
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._idle: deque[socket.socket] = deque()
        self._lines: dict[socket.socket, _Line] = {}
        self._underway = 0
        self._next: Callable[[], None] = lambda: None

    def _later(self, moment: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._timers, (moment, next(self._order), act))

    def _begin(self, visitor: Visitor, due: float | None = None) -> None:
        self._underway += 1
        self._step(_Line(visitor), None, due)

    def _step(self, line: _Line, answer: Answer | None, due: float | None = None) -> None:
        """The visitor's next wish. A request that was due at a moment is timed from then on, so that a
        server that holds everybody up does not look quick."""
        try:
            wish = line.visitor.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            self._underway -= 1
            self.tally.done += 1
            self._next()
            return
        if isinstance(wish, Pause):
            self._later(time.perf_counter() + wish.seconds, lambda due: self._step(line, None, due))
            return
        line.request, line.asked = wish, due or time.perf_counter()
        self._send(line)

    def _send(self, line: _Line) -> None:
        connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = socket.create_connection(self.address, timeout=60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ)
        line.socket = connection
        line.came.clear()
        self._lines[connection] = line
        assert line.request is not None
        connection.sendall(line.request.data)

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()

    def _read(self, connection: socket.socket) -> None:
        data = connection.recv(262_144)
        line = self._lines.get(connection)
        if line is None:
            # The server let go of a connection that was kept for later.
            self._idle.remove(connection)
            self._drop(connection)
            return
        if not data:
            self._drop(connection)
            del self._lines[connection]
            if line.came:
                raise Wrong("the server broke off in the middle of an answer")
            # It let go just as we asked; browsers ask again too.
            self._send(line)
            return
        line.came += data
        answer = _parsed(line.came)
        if answer is None:
            return
        del self._lines[connection]
        if b"connection: close" in answer.head.lower():
            self._drop(connection)
        else:
            self._idle.append(connection)
        assert line.request is not None
        self.tally.times[line.request.name].append(time.perf_counter() - line.asked)
        self._step(line, answer)

    def _run(self, until: Callable[[], bool]) -> None:
        while not until():
            wait = 0.2
            if self._timers:
                wait = min(wait, max(0.0, self._timers[0][0] - time.perf_counter()))
            for key, _mask in self._selector.select(wait):
                self._read(key.fileobj)  # type: ignore[arg-type]
            now = time.perf_counter()
            while self._timers and self._timers[0][0] <= now:
                due, _order, act = heapq.heappop(self._timers)
                act(due)

    def _close(self) -> None:
        for connection in [*self._idle, *self._lines]:
            connection.close()
        self._selector.close()

    def stay(self, visitors: Iterator[Visitor], people: int, seconds: float) -> Tally:
        """``people`` at once, one visit after the other, for so long, and until one visit at least is over.
        Those that are still under way then do not count."""
        self._next = lambda: self._begin(next(visitors))
        start = time.perf_counter()
        try:
            for _person in range(people):
                self._begin(next(visitors))
            self._run(lambda: bool(self.tally.done) and time.perf_counter() - start >= seconds)
        finally:
            self._close()
        self.tally.seconds = time.perf_counter() - start
        return self.tally

    def come(self, visits: Iterable[tuple[float, Visitor]]) -> Tally:
        """Each visit begins so many seconds after the start; ends when all of them have ended."""
        start = time.perf_counter()
        for after, visitor in visits:
            self._later(start + after, lambda due, visitor=visitor: self._begin(visitor, due))
        try:
            self._run(lambda: not self._timers and not self._underway)
        finally:
            self._close()
        self.tally.seconds = time.perf_counter() - start
        return self.tally


def stay(port: int, visitors: Iterator[Visitor], people: int, seconds: float) -> Tally:
    return Crowd(port).stay(visitors, people, seconds)


def come(port: int, visits: Iterable[tuple[float, Visitor]]) -> Tally:
    return Crowd(port).come(visits)


def only(port: int, visitor: Visitor) -> None:
    """One visit by one person."""
    come(port, [(0.0, visitor)])
