"""What the DNS says about a domain. Asked only when somebody presses a button, and never for long."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from flask import current_app
from flask_babel import gettext as _

# Seconds for one question, all servers and repeats together.
PATIENCE = 2.5
# RFC 7208, 4.6.4: more than that many questions and a receiver gives up.
MOST_LOOKUPS = 10

Ip = IPv4Address | IPv6Address


class NoAnswer(Exception):
    """The DNS could not be asked; says why. A name that is not there is an answer, an empty one."""


class TooMany(Exception):
    """The record leads to more questions than a receiver asks."""


def _resolver() -> Any:
    """The machine's own, or the one that a test puts there."""
    import dns.exception
    import dns.resolver

    kept = current_app.extensions.get("dns_resolver")
    if kept is not None:
        return kept
    try:
        made = dns.resolver.Resolver()
    except dns.exception.DNSException:
        raise NoAnswer(_("This machine knows no name server.")) from None
    made.timeout, made.lifetime = 1.0, PATIENCE
    return made


def _ask(name: str, kind: str) -> list[Any]:
    import dns.exception
    import dns.resolver

    try:
        return list(_resolver().resolve(name, kind, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.resolver.LifetimeTimeout, dns.exception.Timeout):
        raise NoAnswer(_("The name servers do not answer in time.")) from None
    except dns.resolver.NoNameservers:
        raise NoAnswer(
            _("The name servers cannot say anything about %(name)s.", name=name)
        ) from None
    except (dns.exception.DNSException, ValueError, OSError) as error:
        raise NoAnswer(
            _("%(name)s cannot be asked about: %(why)s.", name=name, why=type(error).__name__)
        ) from None


def texts(name: str) -> list[str]:
    """The TXT records of a name, each joined to one text. Raises NoAnswer."""
    return [b"".join(found.strings).decode("utf-8", "replace") for found in _ask(name, "TXT")]


def addresses(name: str) -> list[Ip]:
    """The addresses of a host. Raises NoAnswer."""
    return [ip_address(found.address) for kind in ("A", "AAAA") for found in _ask(name, kind)]


def _mail_hosts(domain: str) -> list[str]:
    return [str(found.exchange).rstrip(".") for found in _ask(domain, "MX")][:MOST_LOOKUPS]


def spf_of(domain: str) -> list[str]:
    """The SPF records of a domain; more than one is as bad as none. Raises NoAnswer."""
    return [text for text in texts(domain) if text.lower().split(" ")[0] == "v=spf1"]


def _network_holds(text: str, sender: Ip) -> bool:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False
    return network.version == sender.version and sender in network


class Spf:
    """Whether a domain's SPF record lets an address send for it. Macros and "exists" match nobody here:
    they depend on the single mail."""

    def __init__(self, sender: Ip) -> None:
        self.sender = sender
        self.lookups = 0

    def passes(self, domain: str, record: str) -> bool:
        """Raises NoAnswer and TooMany."""
        for sign, name, value in _terms(record):
            if sign == "=" and name == "redirect":
                return self._of(value)
            if sign != "=" and self._matches(name, value, domain):
                return sign == "+"
        return False

    def _of(self, domain: str) -> bool:
        self._count()
        found = spf_of(domain)
        return len(found) == 1 and self.passes(domain, found[0])

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise TooMany

    def _matches(self, name: str, value: str, domain: str) -> bool:
        if name == "all":
            return True
        if name in ("ip4", "ip6"):
            return _network_holds(value, self.sender)
        host, _slash, bits = (value or domain).partition("/")
        if "%" in host:
            return False
        if name == "include":
            return self._of(host)
        if name not in ("a", "mx"):
            return False
        self._count()
        hosts = _mail_hosts(host or domain) if name == "mx" else [host or domain]
        size = bits.split("/")[0] if self.sender.version == 4 else bits.rpartition("/")[2]
        for found in (address for one in hosts for address in addresses(one)):
            text = f"{found}/{size}" if size.isdigit() else str(found)
            if _network_holds(text, self.sender):
                return True
        return False


def _terms(record: str) -> Iterator[tuple[str, str, str]]:
    """(sign, name, value) of each part, the modifiers with the sign "=", and those behind the mechanisms."""
    later = []
    for word in record.split()[1:]:
        name, equals, value = word.partition("=")
        if equals and ":" not in name and "/" not in name:
            later.append(("=", name.lower(), value))
            continue
        sign, rest = (word[0], word[1:]) if word[0] in "+-~?" else ("+", word)
        name, colon, value = rest.partition(":")
        if not colon:
            name, slash, bits = rest.partition("/")
            value = f"/{bits}" if slash else ""
        yield sign, name.lower(), value
    yield from later


def tags(record: str) -> dict[str, str]:
    """The "name=value; …" of a DKIM or DMARC record."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def parents(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]
