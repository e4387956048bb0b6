"""A message of the suite's own, a receiver, and short ways to queue and to deliver."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader, DictLoader

from tests.conftest import NOW
from tests.receiver import Receiver
from webapp.db import db
from webapp.mail import delivery, outbox
from webapp.mail.models import OutgoingMail

TEMPLATES = {
    "mail/sample/subject.txt": "{{ _('You are in: %(title)s', title=title) }}",
    "mail/sample/body.txt": """\
{% from "mail/_parts.txt" import facts, link %}
{{ _("Hello %(name)s,", name=to_name|name) }}

{{ _("your place at %(title)s is kept. Come a few minutes early, and bring somebody along.", title=title) }}

{{ facts([(_("When"), when), (_("Where"), none)]) }}

{{ link(join, _("Join")) }}

{{ link(cancel, _("Cancel")) }}
""",
    "mail/sample/body.html": """\
{% extends "mail/_layout.html" %}
{% from "mail/_parts.html" import button, facts, paragraph, second %}
{% block preview %}{{ when }}{% endblock %}
{% block heading %}{{ _("You are in") }}{% endblock %}
{% block body %}
{{ paragraph(_("Hello %(name)s,", name=to_name|name)) }}
{{ paragraph(_("your place at %(title)s is kept. Come a few minutes early, and bring somebody along.", title=title)) }}
{{ facts([(_("When"), when), (_("Where"), none)]) }}
{{ button(join, _("Join"), show=true) }}
{{ second(cancel, _("Cancel")) }}
{% endblock %}
{% block foot %}<p class="fine">{{ _("You get this mail because you signed up.") }}</p>{% endblock %}
""",
}
JOIN = "http://turnout.test/join/eyJqb2luIjoxfQ.c2VjcmV0LXRva2Vu"
CANCEL = "http://turnout.test/my/eyJteSI6MX0.b3RoZXItc2VjcmV0"
FACTS = {
    "title": "Bolivia Shows There Is An Alternative",
    "when": "Thursday 11 November 2021, 19:00 to 20:45 (London time)",
    "join": JOIN,
    "cancel": CANCEL,
}


def teach(app: Flask) -> BaseLoader:
    """Adds the suite's message to the app's mail templates; answers the loader that was there."""
    environment = app.extensions["mail_templates"]
    before: BaseLoader = environment.loader
    environment.loader = ChoiceLoader([DictLoader(TEMPLATES), before])
    return before


@pytest.fixture(autouse=True)
def sample_message(app: Flask) -> Iterator[None]:
    before = teach(app)
    yield
    app.extensions["mail_templates"].loader = before
    app.extensions.pop("mail_checkpoint", None)


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    with Receiver() as server:
        server.use(app)
        yield server


def put(to: str = "ana@example.org", *, at: dt.datetime = NOW, **values: Any) -> OutgoingMail:
    """Queues the suite's message and commits."""
    values.setdefault("to_name", "Ana")
    context = FACTS | values.pop("context", {})
    mail = outbox.queue("sample", to_address=to, context=context, at=at, **values)
    db.session.commit()
    return mail


def deliver(minutes: float = 0) -> delivery.Tally:
    """One batch, ``minutes`` after NOW, on a clock that stands still meanwhile."""
    return delivery.deliver(NOW + dt.timedelta(minutes=minutes), stopwatch=lambda: 0.0)


def minutes_after_now(moment: dt.datetime | None) -> float:
    assert moment is not None
    return (moment - NOW).total_seconds() / 60


Queue = Callable[..., OutgoingMail]
