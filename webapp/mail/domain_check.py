"""Whether receivers can see that our mails are really ours: SPF, DKIM and DMARC of the sending domain, each in a
sentence, with what to put into the DNS where something is missing."""

from __future__ import annotations

import dataclasses
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Literal

from flask import current_app
from flask_babel import gettext as _

from webapp.mail import dns_records, signing, transport
from webapp.mail.dns_records import NoAnswer, TooMany

State = Literal["good", "weak", "bad", "unknown"]
# Names that only one network knows.
_HERE = ("localhost", "local", "test", "internal", "lan", "invalid", "example")


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What ought to stand in the DNS: a TXT record under ``name``."""

    name: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One matter. ``found`` are the records as they stand, ``put`` what to put there instead."""

    subject: str
    state: State
    says: str
    found: tuple[str, ...] = ()
    put: Record | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """Who our mails come from: the domain that people see, and the one in the envelope, that returned mail
    goes to."""

    address: str
    domain: str
    envelope: str
    # Where the key of the signature stands in the DNS; empty without one.
    key_name: str = ""

    @property
    def is_public(self) -> bool:
        """Whether the world can know the domain."""
        top = self.domain.rpartition(".")[2]
        return (
            "." in self.domain
            and top.replace("-", "").isalnum()
            and not top.isdigit()
            and top not in _HERE
        )


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().lower().rstrip(".")


def sender() -> Sender:
    address = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]
    signer = signing.signer()
    back = _domain(current_app.config["BOUNCE_ADDRESS"]) or _domain(address)
    return Sender(address, _domain(address), back, signer.name if signer is not None else "")


def check() -> list[Finding]:
    """Asks the DNS; a few seconds at most where it does not answer."""
    who = sender()
    if not who.is_public:
        return [Finding("From", "bad", _("Mails come from %(address)s, a domain that nobody outside can look up. Set TURNOUT_MAIL_DEFAULT_SENDER to an address of a domain of yours.", address=who.address or "–"))]  # fmt: skip
    policy: dict[str, str] = {}
    found = [_tried("SPF", _spf, who), _tried("DKIM", _dkim)]
    found.append(_tried("DMARC", _dmarc, who, policy))
    return [*found, _alignment(who, policy, found)]


def _tried(subject: str, ask: object, *arguments: object) -> Finding:
    try:
        finding: Finding = ask(*arguments)  # type: ignore[operator]  # one of the three below
    except NoAnswer as error:
        return Finding(subject, "unknown", str(error))
    return finding


def _spf(who: Sender) -> Finding:
    found = tuple(dns_records.spf_of(who.envelope))
    server = current_app.config["MAIL_SERVER"]
    is_known = bool(server) and not transport.is_here(server)
    allows = f"a:{server} " if is_known and not _is_number(server) else "a mx "
    put = Record(who.envelope, f"v=spf1 {allows}-all")
    if not found:
        return Finding("SPF", "bad", _("No record says which servers may send for %(domain)s, so receivers distrust all of them. If a provider sends your mail, take the record that they name instead.", domain=who.envelope), put=put)  # fmt: skip
    if len(found) > 1:
        return Finding("SPF", "bad", _("There are %(n)s SPF records for %(domain)s, and receivers then count none. Make one of them.", n=len(found), domain=who.envelope), found)  # fmt: skip
    words = found[0].lower().split()
    if {"all", "+all", "?all"} & set(words):
        return Finding("SPF", "bad", _("The record lets the whole world send for %(domain)s, which proves nothing. End it with “-all”.", domain=who.envelope), found)  # fmt: skip
    if not is_known:
        return Finding("SPF", "good", _("There is one record. Mail leaves through this machine, so send a test to see whether it names it."), found)  # fmt: skip
    return _spf_of_server(who, found, server)


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _spf_of_server(who: Sender, found: tuple[str, ...], server: str) -> Finding:
    numbers = [ip_address(server.strip("[]"))] if _is_number(server) else dns_records.addresses(server)  # fmt: skip
    if not numbers:
        return Finding("SPF", "unknown", _("The mail server %(server)s has no address in the DNS, so the record cannot be compared with it.", server=server), found)  # fmt: skip
    try:
        is_named = any(dns_records.Spf(n).passes(who.envelope, found[0]) for n in numbers)
    except TooMany:
        return Finding("SPF", "bad", _("The record leads to more than ten further questions, and receivers then give up. Shorten it."), found)  # fmt: skip
    if is_named:
        return Finding("SPF", "good", _("The record lets %(server)s send for %(domain)s.", server=server, domain=who.envelope), found)  # fmt: skip
    return Finding("SPF", "weak", _("The record does not name %(server)s. That is right only if the server hands mail on to another one that is named; a test shows it.", server=server), found)  # fmt: skip


def _dkim() -> Finding:
    signer = signing.signer()
    if signer is None:
        return Finding("DKIM", "bad", _("Mails are not signed. Make a key (openssl genrsa -out dkim.pem 2048) and set TURNOUT_DKIM_DOMAIN, TURNOUT_DKIM_SELECTOR and TURNOUT_DKIM_KEY_FILE; this page then says what to put into the DNS."))  # fmt: skip
    found = tuple(text for text in dns_records.texts(signer.name) if "p=" in text)
    put = Record(signer.name, signer.record)
    if not found:
        return Finding("DKIM", "bad", _("Mails are signed, but the public half of the key is not in the DNS, so receivers take the signature for a bad one."), put=put)  # fmt: skip
    if len(found) > 1:
        return Finding("DKIM", "bad", _("There are %(n)s keys under this name, and receivers take any of them. Leave only this one.", n=len(found)), found, put)  # fmt: skip
    said = dns_records.tags(found[0])
    key = "".join(said.get("p", "").split())
    if not key:
        return Finding("DKIM", "bad", _("The key in the DNS was called back: its “p=” is empty."), found, put)  # fmt: skip
    kind = "ed25519" if signer.algorithm == "ed25519-sha256" else "rsa"
    if key != signer.public or said.get("k", "rsa") != kind:
        return Finding("DKIM", "bad", _("The key in the DNS is not the one that mails are signed with."), found, put)  # fmt: skip
    if "y" in said.get("t", "").split(":"):
        return Finding("DKIM", "weak", _("The key is right, but the record says “t=y”: a test, which receivers may pass over."), found, put)  # fmt: skip
    if 0 < signer.bits < 2048:
        return Finding("DKIM", "weak", _("The key is right. With %(n)s bits it is short; 2048 are usual today.", n=signer.bits), found)  # fmt: skip
    return Finding("DKIM", "good", _("Mails are signed, and the key in the DNS is ours."), found)


def _dmarc(who: Sender, policy: dict[str, str]) -> Finding:
    """Also puts what the record says into ``policy``, for the alignment."""
    put = Record(f"_dmarc.{who.domain}", f"v=DMARC1; p=quarantine; rua=mailto:postmaster@{who.domain}")  # fmt: skip
    for domain in dns_records.parents(who.domain):
        records = dns_records.texts(f"_dmarc.{domain}")
        found = tuple(text for text in records if text.replace(" ", "").startswith("v=DMARC1"))
        if len(found) > 1:
            return Finding("DMARC", "bad", _("There are %(n)s records, and receivers then count none.", n=len(found)), found, put)  # fmt: skip
        if found:
            policy.update(dns_records.tags(found[0]))
            wish = policy.get("sp" if domain != who.domain and "sp" in policy else "p", "")
            return _dmarc_wish(domain, wish.lower(), found, put)
    return Finding("DMARC", "bad", _("Nothing tells receivers what to do with mails that only pretend to be yours. Large providers refuse mail to many people without it."), put=put)  # fmt: skip


def _dmarc_wish(domain: str, wish: str, found: tuple[str, ...], put: Record) -> Finding:
    if wish == "none":
        return Finding("DMARC", "weak", _("The record of %(domain)s only watches (“p=none”). When all is well for some weeks, ask receivers to act.", domain=domain), found, put)  # fmt: skip
    if wish not in ("quarantine", "reject"):
        return Finding("DMARC", "bad", _("The record of %(domain)s does not say “p=none”, “p=quarantine” or “p=reject”, so receivers count none.", domain=domain), found, put)  # fmt: skip
    return Finding("DMARC", "good", _("The record of %(domain)s asks receivers to stop what only pretends to be yours.", domain=domain), found)  # fmt: skip


def _agrees(one: str, other: str, is_strict: bool) -> bool:
    if is_strict:
        return one == other
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _alignment(who: Sender, policy: dict[str, str], found: list[Finding]) -> Finding:
    """DMARC holds if DKIM or SPF holds for the domain that people see."""
    signer = signing.signer()
    states = {finding.subject: finding.state for finding in found}
    dkim = signer is not None and _agrees(signer.domain, who.domain, policy.get("adkim") == "s")
    spf = _agrees(who.envelope, who.domain, policy.get("aspf") == "s")
    subject = _("One domain")
    if signer is not None and not dkim:
        return Finding(subject, "weak" if spf else "bad", _("People see %(domain)s, and the signature is of %(other)s: it does not count for DMARC. Sign with a key of %(domain)s.", domain=who.domain, other=signer.domain))  # fmt: skip
    if dkim and states["DKIM"] in ("good", "weak"):
        return Finding(subject, "good", _("The signature is of %(domain)s, the domain that people see, so DMARC holds by it, also where mail is passed on.", domain=who.domain))  # fmt: skip
    if spf and states["SPF"] in ("good", "weak"):
        return Finding(subject, "weak", _("Only SPF holds for %(domain)s. It breaks where a mail is passed on; a signature would not.", domain=who.domain))  # fmt: skip
    if "unknown" in states.values():
        return Finding(subject, "unknown", _("That shows when the others are known."))
    if not spf:
        return Finding(subject, "bad", _("Mails come from %(domain)s and go back to %(other)s: two domains, so SPF does not count for DMARC, and there is no signature that does.", domain=who.domain, other=who.envelope))  # fmt: skip
    return Finding(subject, "bad", _("Neither SPF nor DKIM holds for %(domain)s, so DMARC fails for every mail.", domain=who.domain))  # fmt: skip
