"""What is missing before an event can be published, and before its evening: a sentence for each thing, and the
page where it is mended."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Literal

from babel import Locale
from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import i18n
from webapp.agenda import releases
from webapp.agenda.queries import Item
from webapp.events import operations as events
from webapp.events import texts
from webapp.events.models import Event
from webapp.front.event_file import text_sources
from webapp.mail import domain_check
from webapp.mailing import queries as mailings
from webapp.templating import date

# "blocks": it cannot be published like this. "missing": it can, and somebody would notice.
Weight = Literal["blocks", "missing", "done"]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One line: how heavy it weighs, what it is, and where it is done."""

    weight: Weight
    text: str
    address: str

    @property
    def done(self) -> bool:
        return self.weight == "done"


def steps(event: Event, items: list[Item], at: dt.datetime) -> list[Step]:
    """What an organiser goes through before the evening: first what blocks, last what is done. ``items`` are
    the agenda's draft."""
    found = [*_settings(event, at), *_agenda(event, items), *_languages(event), *_mail(event)]
    order = ("blocks", "missing", "done")
    return sorted(found, key=lambda step: order.index(step.weight))


def _step(event: Event, page: str, done: str = "", missing: str = "") -> Step:
    address = f"/manage/events/{event.slug}/{page}"
    return Step("missing", missing, address) if missing else Step("done", done, address)


def _settings(event: Event, at: dt.datetime) -> Iterator[Step]:
    address = f"/manage/events/{event.slug}/settings"
    blocks = events.faults_before_publishing(event, at) if event.state == "draft" else []
    for text in blocks:
        yield Step("blocks", text, address)
    for text in events.missing_before_publishing(event):
        yield Step("missing", text, address)
    if event.closes_at and event.closes_at <= at < event.closes_by:
        yield _step(event, "settings", missing=_("Sign-up is closed already: look at when it closes."))  # fmt: skip
    if event.mode != "in_person" and event.presence != "room" and event.targets:
        place = event.targets[0].label or event.targets[0].url
        yield _step(event, "settings", _("The door leads to %(place)s", place=place))
    until = event.ends_at + dt.timedelta(days=event.retention_days)
    yield _step(event, "settings", _("Names are deleted after %(day)s", day=date(until, event.timezone, "long")))  # fmt: skip
    if event.state != "draft":
        yield _step(event, "settings", _("It is published"))


def _agenda(event: Event, items: list[Item]) -> Iterator[Step]:
    if not items:
        yield _step(event, "agenda", missing=_("Write the agenda"))
        return
    yield _step(event, "agenda", _("The agenda is written"))
    is_chaired = any(who.role in ("chair", "moderator") for item in items for who in item.speakers)
    yield _step(
        event, "agenda", _("Somebody is in the chair"), "" if is_chaired else _("Say who is in the chair")
    )  # fmt: skip
    if waiting := len(releases.difference(event, items)):
        yield _step(event, "agenda", missing=ngettext("Publish the agenda: people do not see %(num)s change yet", "Publish the agenda: people do not see %(num)s changes yet", waiting))  # fmt: skip


def _languages(event: Event) -> Iterator[Step]:
    """Languages that somebody began to translate it into. One that nobody began is no fault."""
    sources = text_sources(event) if texts.languages(event) else []
    for code in texts.languages(event):
        if code == event.language:
            continue
        name = Locale.parse(code, sep="-").get_display_name(i18n.dates()) or code
        missing = texts.missing(event, code, sources)
        count = len(missing.empty) + len(missing.older)
        yield _step(
            event, f"languages?to={code}",
            _("All texts are there in %(language)s", language=name),
            ngettext("%(num)s text is missing in %(language)s, or older than what it translates", "%(num)s texts are missing in %(language)s, or older than what they translate", count, language=name) if count else "",
        )  # fmt: skip


def _mail(event: Event) -> Iterator[Step]:
    who = domain_check.sender()
    if not current_app.config["MAIL_SERVER"]:
        yield _step(event, "mail", missing=_("No mail server is set up: mails are kept here and reach nobody"))  # fmt: skip
    elif not who.is_public:
        yield _step(event, "mail", missing=_("Mails come from %(address)s, a domain that nobody outside can look up: many will not arrive", address=who.address))  # fmt: skip
    else:
        yield _step(event, "mail", _("Mails come from %(address)s", address=who.address))
    if mailings.plan_of(event.id) is not None:
        known = mailings.of_event(event.id)
        is_on = any(one.kind == "reminder" and one.state in ("planned", "done") for one in known)
        yield _step(
            event, "mail/schedule", _("Reminders are planned"), "" if is_on else _("No reminder goes out before it")
        )  # fmt: skip
