"""A filter over sign-ups as people see it: what can be chosen, what was chosen, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from babel import Locale, UnknownLocaleError
from flask import url_for
from flask_babel import gettext as _

from webapp.events.models import Event
from webapp.signup import questions
from webapp.signup.choosing import ANY_NEED, Choice
from webapp.signup.models import Signup
from webapp.signup.queries import ListedCounts


def status_words() -> dict[str, str]:
    return {
        "confirmed": _("Confirmed"),
        "pending": _("Not decided yet"),
        "waitlisted": _("On the waiting list"),
        "offered": _("Offered a place"),
        "declined": _("Declined"),
        "cancelled": _("Cancelled"),
    }


def reason_words() -> dict[str, str]:
    """What stands between a pending one and its place. Neither is called waiting: that is for a place."""
    return {
        "approval": _("To be approved"),
        "address": _("Address not confirmed"),
        "click": _("Looked like a robot"),
    }


def state_word(signup: Signup) -> str:
    """The status of one sign-up; for a pending one, what is missing."""
    return reason_words().get(signup.pending_reason or "") or status_words()[signup.status]


def mail_words() -> dict[str, str]:
    """What became of the latest mail to somebody."""
    return {
        "sent": _("sent"),
        "waiting": _("still to be sent"),
        "lost": _("did not arrive, for whatever reason"),
        "bounced": _("came back"),
        "refused": _("refused"),
        "failed": _("given up"),
        "suppressed": _("suppressed"),
        "expired": _("of no use any more, not sent"),
        "none": _("never had one"),
    }


def hosts(event: Event) -> dict[str, str]:
    """Who people may have agreed to hear from: key and name, the host first."""
    found = {event.host_key: event.host_name} | {host.key: host.name for host in event.cohosts}
    return {key: name for key, name in found.items() if name}


def language_name(code: str) -> str:
    try:
        return str(Locale.parse(code).get_display_name("en") or code)
    except (UnknownLocaleError, ValueError):
        return code


def pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Options whose value is what they say."""
    return [(name, name) for name in names]


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """One part of a choice in words, and the choice without it."""

    text: str
    without: Choice


def said(event: Event, choice: Choice) -> list[Said]:
    """Everything that a choice asks, in words."""
    found: list[Said] = []

    def add(text: str, *fields: str) -> None:
        nothing: dict[str, Any] = {name: "" if name == "search" else None for name in fields}
        found.append(Said(text, dataclasses.replace(choice, **nothing)))

    if choice.search:
        add(_("name or address has “%(text)s”", text=choice.search), "search")
    if choice.status:
        add(status_words()[choice.status], "status")
    if choice.reason:
        add(reason_words()[choice.reason], "reason")
    if choice.source:
        add(_("from “%(source)s”", source=choice.source), "source")
    if choice.language:
        add(_("language: %(language)s", language=language_name(choice.language)), "language")
    if choice.tag:
        add(_("has the tag “%(tag)s”", tag=choice.tag), "tag")
    if choice.not_tag:
        add(_("has not the tag “%(tag)s”", tag=choice.not_tag), "not_tag")
    if choice.contact:
        name = hosts(event).get(choice.contact, choice.contact)
        add(_("agreed to hear from %(host)s", host=name), "contact")
    if choice.need == ANY_NEED:
        add(_("asked for something that helps them"), "need")
    elif choice.need:
        add(_("would be helped by: %(need)s", need=choice.need), "need")
    if choice.question:
        labels = {ask.key: ask.label for ask in questions.of_event(event.id, retired=True)}
        answer = {"yes": _("Yes"), "no": _("No")}.get(choice.answer or "", choice.answer)
        add(_("“%(question)s” answered with “%(answer)s”", question=labels.get(choice.question, choice.question), answer=answer), "question", "answer")  # fmt: skip
    if choice.crew:
        add(_("crew") if choice.crew == "yes" else _("not crew"), "crew")
    if choice.proved:
        add(
            _("address confirmed") if choice.proved == "yes" else _("address not confirmed"),
            "proved",
        )
    if choice.mail:
        add(_("latest mail: %(state)s", state=mail_words()[choice.mail]), "mail")
    if choice.joined:
        add(_("has come") if choice.joined == "yes" else _("has not come"), "joined")
    return found


def address(slug: str, choice: Choice, page: int = 1) -> str:
    """The list's address for a choice."""
    args = choice.as_args() | ({"page": str(page)} if page > 1 else {})
    query = f"?{urlencode(args)}" if args else ""
    return url_for("signup_manage.index", slug=slug) + query


def packed(choice: Choice) -> str:
    """A choice as one field of a form that is posted."""
    return urlencode(choice.as_args())


def unpacked(text: str) -> Choice:
    return Choice.from_args(dict(parse_qsl(text[:10_000])))


def changed(slug: str, choice: Choice, **changes: str | None) -> str:
    """The list's address for a choice with some of it changed."""
    values: dict[str, Any] = dict(changes)
    return address(slug, dataclasses.replace(choice, **values))


@dataclasses.dataclass(frozen=True, slots=True)
class Tab:
    """One of the groups above the list: how many they are, and where they are shown."""

    label: str
    number: int
    address: str
    is_chosen: bool


# Shown also where nobody is in it.
_ALWAYS = ("confirmed", "cancelled")


def tabs(event: Event, choice: Choice, counts: ListedCounts) -> list[Tab]:
    """Everybody, then each group that has somebody, or is chosen. Those who are pending are told apart by
    what is missing."""

    def tab(label: str, number: int, **chosen: str) -> Tab:
        status, reason = chosen.get("status"), chosen.get("reason")
        is_chosen = (choice.status, choice.reason) == (status, reason)
        return Tab(
            label, number, changed(event.slug, choice, status=status, reason=reason), is_chosen
        )

    words, found = status_words(), [tab(_("All"), counts.people)]
    for status, label in words.items():
        if status == "pending":
            for reason, missing in reason_words().items():
                number = counts.reasons.get(reason, 0)
                is_asked = reason == "approval" and event.approval
                if number or is_asked or choice.reason == reason:
                    found.append(tab(missing, number, reason=reason))
        elif counts.statuses[status] or status in _ALWAYS or choice.status == status:
            found.append(tab(label, counts.statuses[status], status=status))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """An answer that can be asked for: ``value`` is the question's key, a colon, and the answer."""

    value: str
    label: str


def offers(event: Event) -> list[tuple[str, list[Offer]]]:
    """By the question's label: the answers of questions that offer some. One query."""
    found = []
    for ask in questions.of_event(event.id, retired=True):
        answers = [("yes", _("Yes")), ("no", _("No"))] if ask.type == "yes_no" else [(c, c) for c in ask.choices]  # fmt: skip
        if answers:
            found.append((ask.label, [Offer(f"{ask.key}:{value}", label) for value, label in answers]))  # fmt: skip
    return found
