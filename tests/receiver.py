"""A real SMTP server for tests that does as it is told, recipient by recipient.

    with Receiver() as receiver:
        receiver.use(app)                                  # the app's mail goes here
        receiver.script("ana@example.org", "450 4.2.0 Later", "450 4.2.0 Later", "ok")
        ...
        assert [m.to for m in receiver.messages] == ["ana@example.org"]

Each try at a recipient takes the next word of its script; the last one stays. Words: ``ok``; a reply
like ``550 5.1.1 Unknown user`` (said at RCPT); ``DATA 554 5.6.0 …`` (said after the text);
``drop-before-reply`` (the text is read, the connection dies, nothing is kept); ``accept-then-drop``
(kept and answered 250, then the connection dies); ``hang`` (no answer for ``hang_seconds``).
"""

from __future__ import annotations

import asyncio
import dataclasses
import email
import email.policy
import socket
import ssl
import threading
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from aiosmtpd import smtp
from flask import Flask

OK = "250 2.0.0 Ok"
# A self-made certificate for "mail.test", good for a hundred years.
CERTIFICATE = Path(__file__).parent / "mail" / "files" / "mail-test.pem"


@dataclasses.dataclass(frozen=True)
class Received:
    """One mail as it came over the wire. ``recipients`` is the envelope, not the header."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def to(self) -> str:
        return ", ".join(self.recipients)

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, content_type: str) -> EmailMessage:
        """The first part of that type. Raises AssertionError if there is none."""
        for part in self.message.walk():
            if part.get_content_type() == content_type:
                assert isinstance(part, EmailMessage)
                return part
        raise AssertionError(f"no {content_type} in the mail")

    def content(self, content_type: str) -> str:
        """The decoded content of the first part of that type."""
        payload = self.part(content_type).get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode("utf-8")

    @property
    def text(self) -> str:
        return self.content("text/plain").replace("\r\n", "\n")

    @property
    def html(self) -> str:
        return self.content("text/html").replace("\r\n", "\n")

    @property
    def calendar(self) -> str:
        return self.content("text/calendar")


class _Session(smtp.SMTP):
    """aiosmtpd's server, able to die before or after it answers."""

    drop: str | None = None

    async def push(self, status: str | bytes) -> None:
        transport: Any = self.transport
        if self.drop == "before":
            transport.abort()
            return
        await super().push(status)
        if self.drop == "after":
            transport.close()


class _Handler:
    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - the name aiosmtpd calls  # fmt: skip
        if self.receiver.sender_reply:
            return self.receiver.sender_reply
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802 - the name aiosmtpd calls  # fmt: skip
        word = self.receiver.next_word(address)
        session.word = word
        if word[:3].isdigit():
            return word
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: _Session, session: Any, envelope: Any) -> str:  # noqa: N802 - the name aiosmtpd calls
        word: str = session.word
        if word.startswith("DATA "):
            return word.removeprefix("DATA ")
        if word == "hang":
            await asyncio.sleep(self.receiver.hang_seconds)
        if word == "drop-before-reply":
            server.drop = "before"
            return OK
        if server.transport.get_extra_info("ssl_object") is not None:
            self.receiver.encrypted += 1
        self.receiver.messages.append(
            Received(envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.content))
        )
        if word == "accept-then-drop":
            server.drop = "after"
        return OK


class Receiver:
    """Listens on a free port of this machine between ``with`` and its end, or ``open`` and ``close``.

    ``messages`` has what was kept, in order. ``sender_reply`` refuses every MAIL FROM with that reply;
    ``login`` is a (name, password) that must be given, everything else is answered 535. ``close`` and
    ``open`` are a mail server that goes down and comes back on the same port. With ``tls`` it demands
    STARTTLS or speaks nothing but TLS, and calls itself mail.test; ``encrypted`` counts the mails that came so.
    """

    def __init__(self, tls: Literal["starttls", "implicit"] | None = None) -> None:
        self.tls = tls
        self.encrypted = 0
        self._context: ssl.SSLContext | None = None
        if tls:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
        self.messages: list[Received] = []
        self.tries: Counter[str] = Counter()
        self.connections = 0
        self.sender_reply: str | None = None
        self.login: tuple[str, str] | None = None
        self.hang_seconds = 60.0
        self._scripts: dict[str, list[str]] = {}
        self._transports: set[Any] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._socket = self._bound(0)
        self.port: int = self._socket.getsockname()[1]

    @staticmethod
    def _bound(port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        return listener

    def __enter__(self) -> Receiver:
        self._thread.start()
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def use(self, app: Flask) -> None:
        """Points the app's mail here."""
        app.config.update(
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=self.port,
            MAIL_USE_TLS=self.tls == "starttls",
            MAIL_USE_SSL=self.tls == "implicit",
        )

    def script(self, address: str, *words: str) -> None:
        self._scripts[address.casefold()] = list(words)

    def next_word(self, address: str) -> str:
        key = address.casefold()
        self.tries[key] += 1
        words = self._scripts.get(key)
        if not words:
            return "ok"
        return words.pop(0) if len(words) > 1 else words[0]

    def open(self) -> None:
        if self._socket.fileno() < 0:
            self._socket = self._bound(self.port)
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(5)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(5)
        self._socket.close()

    async def _open(self) -> None:
        self._server = await self._loop.create_server(
            self._session,
            sock=self._socket,
            ssl=self._context if self.tls == "implicit" else None,
        )

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for session in list(self._transports):
            if session.transport:
                session.transport.abort()
        self._transports.clear()
        # One turn of the loop, so that aborted sessions end before it does.
        tasks = [t for t in asyncio.all_tasks(self._loop) if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _authenticate(self, _s: Any, _session: Any, _e: Any, _m: str, data: Any) -> smtp.AuthResult:
        given = (data.login.decode(), data.password.decode())
        return smtp.AuthResult(success=given == self.login, handled=False)

    def _session(self) -> _Session:
        self.connections += 1
        session = _Session(
            _Handler(self),
            hostname="receiver.test",
            loop=self._loop,
            authenticator=self._authenticate,
            auth_require_tls=self.tls == "starttls",
            tls_context=self._context if self.tls == "starttls" else None,
            require_starttls=self.tls == "starttls",
        )
        self._transports.add(session)
        return session
