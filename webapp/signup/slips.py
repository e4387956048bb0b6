"""Slips of the keyboard in the domain of an address: only the well-known ones, where a guess is safe.

What is found is offered and never forced: somebody may really have an address at gmx.org.
"""

from __future__ import annotations

import functools

# Where most people have their mail; a name this list does not have is never called wrong.
KNOWN = (
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.es", "hotmail.it",
    "hotmail.de", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "live.com", "live.co.uk",
    "live.nl", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it",
    "yahoo.com.ar", "yahoo.com.br", "yahoo.com.mx", "ymail.com", "aol.com", "icloud.com", "me.com",
    "mac.com", "proton.me", "protonmail.com", "pm.me", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com",
    "web.de", "t-online.de", "freenet.de", "posteo.de", "mailbox.org", "orange.fr", "wanadoo.fr",
    "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "btinternet.com",
    "sky.com", "virginmedia.com", "ntlworld.com", "talktalk.net", "comcast.net", "verizon.net", "att.net",
    "bluewin.ch", "telefonica.net", "terra.com.br", "uol.com.br", "bol.com.br", "riseup.net", "fastmail.com",
    "zoho.com", "mail.ru", "yandex.ru", "ziggo.nl", "xs4all.nl", "skynet.be", "telenet.be",
)  # fmt: skip
# Real ones that look like a slip of another.
REAL = frozenset({
    "mail.com", "email.com", "gmx.org", "gmx.us", "gmx.fr", "gmx.es", "gmx.co.uk", "me.uk", "ail.com",
    "live.fr", "live.de", "live.it", "live.be", "live.ca", "live.cl", "live.com.mx", "live.com.ar",
    "yahoo.ca", "yahoo.in", "yahoo.co", "yahoo.gr", "yahoo.ie", "yahoo.pl", "yahoo.ro", "yahoo.se",
    "yahoo.co.in", "yahoo.co.jp", "yahoo.com.au", "yahoo.com.co", "yahoo.com.pe", "yahoo.com.ve",
    "hotmail.be", "hotmail.ca", "hotmail.nl", "hotmail.se", "hotmail.ch", "hotmail.cl",
    "outlook.at", "outlook.be", "outlook.cl", "outlook.ie", "outlook.it", "outlook.pt", "outlook.co",
    "icloud.co", "free.com", "sky.it", "sky.de", "orange.com", "orange.es", "orange.be", "zoho.eu",
    "zoho.in", "mailbox.com", "fastmail.fm", "protonmail.ch", "mail.de", "mail.dk", "msn.de", "aol.de",
    "aol.fr", "aol.it", "aol.co.uk", "libero.com", "yandex.com", "yandex.by", "yandex.kz", "ymail.de",
})  # fmt: skip
_SHORTEST = 6


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter was left out, put in, exchanged for another, or two neighbours swapped."""
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    rest, wanted = typed[start:], meant[start:]
    if len(rest) == len(wanted):
        return rest[1:] == wanted[1:] or (rest[:2][::-1] == wanted[:2] and rest[2:] == wanted[2:])
    shorter, longer = sorted((rest, wanted), key=len)
    return len(longer) - len(shorter) == 1 and longer[1:] == shorter


@functools.lru_cache(maxsize=1000)
def _meant(domain: str) -> str | None:
    """The well-known domain that ``domain`` (in small letters) is one slip away from."""
    if domain in KNOWN or domain in REAL or len(domain) < _SHORTEST:
        return None
    for meant in KNOWN:
        # In short names one letter makes another name too easily.
        if len(meant) > _SHORTEST and _is_one_slip(domain, meant):
            return meant
    return None


def suggestion(address: str) -> str | None:
    """The address somebody probably meant, or None if there is nothing to say about ``address``."""
    local, _at, domain = address.rpartition("@")
    meant = _meant(domain.lower()) if local else None
    return f"{local}@{meant}" if meant else None
