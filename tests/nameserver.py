"""A name server for tests: a UDP socket on this machine that answers from a dict, so that nothing outside is
ever asked.

    with NameServer({("example.org", "TXT"): ["v=spf1 -all"]}) as names:
        app.extensions["dns_resolver"] = names.resolver()
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

Zone = Mapping[tuple[str, str], list[str]]


def quoted(text: str) -> str:
    """A TXT record's text as a zone file has it, in parts of at most 255 octets."""
    parts = [text[start : start + 255] for start in range(0, len(text), 255)]
    return " ".join(f'"{part}"' for part in parts)


class NameServer:
    """``zone`` is by name and kind ("TXT", "A", "MX"). A name that has nothing at all does not exist.
    ``silent`` names get no answer; ``asked`` has every question."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone = dict(zone or {})
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Unblocks the thread, which ends at an empty message.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()

    def resolver(self) -> dns.resolver.Resolver:
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = ["127.0.0.1"]
        made.port = self._socket.getsockname()[1]
        made.timeout, made.lifetime = 0.2, 0.4
        return made

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message | None:
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        found = self.zone.get((name, kind), [])
        if kind == "TXT":
            found = [quoted(text) for text in found]
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _kind in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
