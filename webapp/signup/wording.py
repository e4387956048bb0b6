"""What people agree to, word for word. The words are stored with every consent; the version is their
fingerprint, so that a changed sentence can never pass for an older one."""

from __future__ import annotations

import dataclasses

from flask_babel import gettext as _

from webapp import tokens
from webapp.events.models import Event


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """One box on the form. ``kind`` is "event" (needed) or "contact" (never needed, never ticked for
    anybody) with the ``host_key`` it is given to."""

    kind: str
    host_key: str | None
    wording: str

    @property
    def version(self) -> str:
        return tokens.digest(self.wording)[:16]


def for_event(host: str, days: int) -> Agreement:
    """The explicit consent. That somebody takes part can say something about their views, which the law
    protects especially (Art. 9 GDPR); so it is asked for by name, with its purpose and its end."""
    host = host or _("the organisers")
    if days:
        words = _(
            "I agree that %(host)s keeps my name, my address and my answers to run this event, until %(days)s days after it. I know that taking part can say something about my views.",
            host=host, days=days,
        )  # fmt: skip
    else:
        words = _(
            "I agree that %(host)s keeps my name, my address and my answers to run this event, until it is over. I know that taking part can say something about my views.",
            host=host,
        )  # fmt: skip
    return Agreement("event", None, words)


def contacts(event: Event) -> tuple[Agreement, ...]:
    """The boxes of the host and of each co-host."""
    hosts = [(event.host_key, event.host_name), *((host.key, host.name) for host in event.cohosts)]
    return tuple(for_contact(key, name) for key, name in hosts if name)


def for_contact(key: str, name: str) -> Agreement:
    return Agreement(
        "contact", key, _("%(host)s may write to me about other things later.", host=name)
    )
