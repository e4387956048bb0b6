"""The picture that other sites and messengers show where an event's address is passed on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

import typst
from flask import current_app
from flask_babel import gettext as _

from webapp import i18n, templating
from webapp.events import accent, texts
from webapp.events.models import Event
from webapp.reports import typefaces

WIDTH, HEIGHT = 1200, 630
# That of the house, as in css/base.css.
_HOUSE = "#a3231f"
# At one pixel a point the sizes in the template are pixels.
_PPI = 72
# Where a word that no line has room for may be broken.
_OVERLONG = re.compile(r"(\S{22})(?=\S{6})")
_TEMPLATE = Path(__file__).parent / "share_card.typ"


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """What stands on the picture, in one language. Where we have no font for the title, the host's name
    stands in its place: boxes say less than nothing."""

    language: str
    kicker: str
    title: str
    subtitle: str
    day: str
    time: str
    badge: str
    site: str
    accent: str

    @property
    def digest(self) -> str:
        """Another picture has another one: it stands in the address, which others keep for long."""
        return hashlib.sha256(self._data.encode()).hexdigest()[:12]

    @property
    def _data(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    def picture(self) -> bytes:
        return _drawn(self._data)


@lru_cache(maxsize=64)
def _drawn(data: str) -> bytes:
    """A PNG. Kept, since what passes an address on asks for it many times over."""
    return bytes(
        typst.compile(
            _TEMPLATE.read_bytes(), font_paths=typefaces.fonts(), ignore_system_fonts=True,
            format="png", ppi=_PPI, sys_inputs={"data": data},
        )
    )  # fmt: skip


def _drawable(text: str) -> str:
    """The text if nine in ten of its characters can be drawn, without those that cannot (an emoji)."""
    signs = [sign for sign in text if sign.isprintable()]
    kept = [sign for sign in signs if typefaces.has(sign)]
    text = " ".join("".join(kept).split()) if len(kept) * 10 >= len(signs) * 9 else ""
    return _OVERLONG.sub("\\1\u00ad", text)


def _kicker(event: Event, host: str) -> str:
    mode = {
        "online": _("Live online"),
        "hybrid": _("In the room and online"),
        "in_person": _("In the room"),
    }[event.mode]
    return ", ".join(filter(None, (mode, _("from %(host)s", host=host) if host else "")))


def of(event: Event) -> Card:
    """The card of an event in the language of this page: when, in the event's zone, which is named."""
    event = texts.shown(event, i18n.language())
    title, _colon, rest = event.title.partition(":")
    heading, host, zone = _drawable(title.strip()), _drawable(event.host_name), event.timezone
    day = templating.date(event.starts_at, zone)
    return Card(
        language=i18n.language(),
        kicker=_kicker(event, host if heading else ""),
        title=heading or host,
        subtitle=_drawable(rest.strip()),
        day=day[:1].upper() + day[1:],
        time=f"{templating.time(event.starts_at, zone)} ({templating.zone_name(zone)})",
        badge=_("Called off") if event.state == "cancelled" else "",
        site=_drawable(current_app.config["SITE_NAME"]),
        accent=accent.shades(event.accent)[0].accent if event.accent else _HOUSE,
    )
