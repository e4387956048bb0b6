"""A small IMAP server for tests: one account, one folder, reading only.

    with Mailbox() as mailbox:
        mailbox.use(app)
        mailbox.put(b"From: …")
        ...
        assert mailbox.fetched_whole == [1]

It understands what ``webapp.mail.mailbox`` says and answers everything else with BAD, so that a change
there is noticed. ``validity`` is the folder's UIDVALIDITY; ``say`` makes it answer a command with that,
``is_silent`` nothing at all. With ``tls`` it speaks nothing but TLS.
"""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from typing import Any

from flask import Flask

from tests.receiver import CERTIFICATE


class _Talk(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.mailbox = self.server.mailbox
        if self.mailbox.is_silent:
            self.rfile.read()
            return
        self.write(b"* OK [CAPABILITY IMAP4REV1] Ready")
        for line in iter(self.rfile.readline, b""):
            tag, _, rest = line.decode().strip().partition(" ")
            word, _, words = rest.partition(" ")
            if word.upper() == "UID":
                word, _, words = words.partition(" ")
                word = f"UID {word}"
            word = word.upper()
            self.mailbox.heard.append(word)
            said = self.mailbox.say.get(word)
            if said is None:
                for answer in self.answers(word, words):
                    self.write(answer)
                said = "OK Done"
                if word == "LOGIN" and words != f'{self.mailbox.user} "{self.mailbox.password}"':
                    said = "NO [AUTHENTICATIONFAILED] Invalid credentials"
                if word not in ("CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"):  # fmt: skip
                    said = f"BAD {word} is not spoken here"
            self.write(f"{tag} {said}".encode())

    def write(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def answers(self, word: str, words: str) -> Iterator[bytes]:
        mails = self.mailbox.mails
        match word:
            case "CAPABILITY":
                yield b"* CAPABILITY IMAP4REV1"
            case "EXAMINE":
                yield b"* %d EXISTS" % len(mails)
                yield b"* OK [UIDVALIDITY %d] Ok" % self.mailbox.validity
            case "UID SEARCH":
                first = 1 if words.startswith("SINCE") else int(re.findall(r"UID (\d+):\*", words)[0])  # fmt: skip
                last = max(mails, default=0)
                # As the standard has it: "9:*" of a folder that ends at 5 is 5.
                found = [uid for uid in mails if uid >= min(first, last)]
                yield b"* SEARCH " + " ".join(map(str, found)).encode()
            case "UID FETCH":
                uids, _, what = words.partition(" ")
                for number, uid in enumerate(map(int, uids.split(",")), 1):
                    if uid in mails:
                        yield from self.fetched(number, uid, what)

    def fetched(self, number: int, uid: int, what: str) -> Iterator[bytes]:
        raw = self.mailbox.mails[uid]
        if "HEADER.FIELDS" in what:
            headers = BytesHeaderParser().parsebytes(raw)
            part = f"Content-Type: {headers.get('Content-Type', 'text/plain')}\r\n\r\n".encode()
            name = "BODY[HEADER.FIELDS (CONTENT-TYPE TO)]"
        else:
            self.mailbox.fetched_whole.append(uid)
            part, name = raw, "BODY[]<0>"
        yield f"* {number} FETCH (UID {uid} {name} {{{len(part)}}}".encode()
        self.wfile.write(part)
        yield b")"


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    mailbox: Mailbox

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.mailbox.context:
            connection = self.mailbox.context.wrap_socket(connection, server_side=True)
        return connection, address


class Mailbox:
    """Listens on a free port of this machine between ``with`` and its end."""

    def __init__(self, *, tls: bool = False) -> None:
        self.context: ssl.SSLContext | None = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
        self.is_silent = False
        self.mails: dict[int, bytes] = {}
        self.user, self.password = "bounces", "right"
        self.validity = 7
        self.say: dict[str, str] = {}
        self.heard: list[str] = []
        self.fetched_whole: list[int] = []
        self._server = _Server(("127.0.0.1", 0), _Talk)
        self._server.mailbox = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Mailbox:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()

    def use(self, app: Flask, **more: Any) -> None:
        app.config.update(
            BOUNCE_IMAP_SERVER="127.0.0.1", BOUNCE_IMAP_PORT=self.port, BOUNCE_IMAP_USE_SSL=self.context is not None,
            BOUNCE_IMAP_USERNAME=self.user, BOUNCE_IMAP_PASSWORD=self.password, **more,
        )  # fmt: skip

    def put(self, raw: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = raw
        return uid
