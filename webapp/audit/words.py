"""What the log says in words: a sentence for every act, and what there is to add to it."""

from __future__ import annotations

from collections.abc import Collection

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.audit.models import AuditEntry
from webapp.templating import number

# By groups, in the order an event goes through them. A test finds words that verbs record and that
# have no sentence here.
SENTENCES = {
    "event.created": _l("The event was made."),
    "event.cloned": _l("The event was made like an earlier one."),
    "event.changed": _l("The event was changed."),
    "event.translated": _l("The event's texts in another language were changed."),
    "event.published": _l("The event was published."),
    "event.unpublished": _l("The event became a draft again."),
    "event.cancelled": _l("The event was called off."),
    "event.started": _l("The event was started."),
    "event.announced": _l("Something was announced in the room."),
    "event.announcement_withdrawn": _l("An announcement was taken back."),
    "event.ended": _l("The event was ended."),
    "event.end_undone": _l("The end of the event was taken back."),
    "event.invitation_key": _l("A new secret link to the form was made."),
    "event.ties_cut": _l("It is no longer known which visits were whose, as a week is over."),
    "event.people_erased": _l("People's data was deleted, as the time to keep it was over."),
    "team.added": _l("Somebody was added to the team."),
    "team.role": _l("What somebody is in the team was changed."),
    "team.removed": _l("Somebody was taken out of the team."),
    "team.left": _l("Somebody left the team."),
    "agenda.changed": _l("The agenda's draft was changed."),
    "agenda.undone": _l("A change of the agenda's draft was taken back."),
    "agenda.published": _l("The agenda was published."),
    "agenda.mended": _l("What really happened was put right."),
    "speaker.changed": _l("What is said about a speaker was changed."),
    "form.changed": _l("The sign-up form was changed."),
    "cohost.added": _l("A co-host was added."),
    "cohost.changed": _l("What is said about a co-host was changed."),
    "cohost.removed": _l("A co-host was taken out."),
    "cohost.handed_over": _l("People were handed over to a host."),
    "cohost.downloaded": _l("A list of people handed over was downloaded."),
    "cohost.release_ended": _l("A list was taken off a co-host's private link."),
    "cohost.acknowledged": _l("A co-host said that they removed people from their lists."),
    "cohost.link_made": _l("A private link was made for a co-host."),
    "cohost.link_ended": _l("The private link of a co-host was ended."),
    "cohost.logo": _l("The picture of a host was put up."),
    "source.added": _l("A link to the event was named."),
    "source.removed": _l("The name of a link was deleted."),
    "signup.approved": _l("A sign-up was approved."),
    "signup.declined": _l("A sign-up was declined."),
    "signup.cancelled": _l("A sign-up was cancelled by an organiser."),
    "signup.address_corrected": _l("The address of a sign-up was corrected."),
    "signup.links_sent": _l("A person was sent their links once more."),
    "signup.crew": _l("A person was counted apart from the audience."),
    "signup.audience": _l("A person was counted with the audience again."),
    "signup.address_removed": _l(
        "An address that somebody else had given was removed by its owner."
    ),
    "signup.added": _l("Somebody was signed up by hand."),
    "signup.tagged": _l("People were given a tag."),
    "signup.untagged": _l("A tag was taken away from people."),
    "signup.noted": _l("A note about a person was written."),
    "signup.note_deleted": _l("A note about a person was deleted."),
    "signup.erased": _l("A person's data was deleted."),
    "signups.batch": _l("Something was begun with many people at once."),
    "signups.batch_stopped": _l("What was begun with many people was stopped."),
    "signups.exported": _l("The list of sign-ups was downloaded."),
    "signups.imported": _l("People were brought in from a list."),
    "signups.invitations_added": _l("People were put on the list to be invited."),
    "signups.import_undone": _l("A list that had been brought in was taken back."),
    "mail.resent": _l("A mail was sent once more."),
    "mail.links_again": _l("Links were sent once more to those who have not joined."),
    "mail.text_written": _l("The words of a mail were changed."),
    "mail.text_default": _l("A mail got its usual words again."),
    "mail.text_tested": _l("A mail was sent to its writer as a test."),
    "mail.retried": _l("Mails that had been given up were tried again."),
    "mail.test_sent": _l("A test mail was sent."),
    "mail.pause_ended": _l("The pause of all mail was ended."),
    "mail.address_allowed": _l("A refused address may get mail again."),
    "reminder.added": _l("A reminder was added."),
    "reminder.changed": _l("A reminder was put at another time."),
    "reminder.removed": _l("A reminder was removed."),
    "reminder.on": _l("A reminder was switched on again."),
    "reminder.off": _l("A reminder was switched off."),
    "mailing.recording": _l("The address of the recording was changed."),
    "mailing.held": _l("A mail to many was approved, and held for some minutes."),
    "mailing.stopped": _l("A mail to many was stopped before it went out."),
    "mailing.released": _l("A mail to many was sent at once."),
    "attendance.head_count": _l("A head-count was written down."),
    "report.drafted": _l("The report was written from the data."),
    "report.published": _l("The report was published."),
    "report.corrected": _l("A correction of the report was published."),
    "account.created": _l("An account was made."),
    "account.role": _l("The role of an account was changed."),
    "account.disabled": _l("An account was disabled."),
    "account.enabled": _l("An account was enabled again."),
    "account.password": _l("An account got a new password."),
    "account.token": _l("An API token was made."),
    "account.token_revoked": _l("An API token was taken back."),
}

GROUPS = {
    "event": _l("Events"),
    "team": _l("Team"),
    "agenda": _l("Agenda"),
    "speaker": _l("Speakers"),
    "form": _l("Sign-up form"),
    "cohost": _l("Co-hosts"),
    "source": _l("Links"),
    "signup": _l("Sign-ups"),
    "signups": _l("Lists of sign-ups"),
    "mail": _l("Mail"),
    "reminder": _l("Reminders"),
    "mailing": _l("Mails to many"),
    "attendance": _l("Attendance"),
    "report": _l("Reports"),
    "account": _l("Accounts"),
}

# The fields of an event as people call them.
_FIELDS = {
    "title": _l("title"),
    "slug": _l("address"),
    "summary": _l("summary"),
    "description": _l("description"),
    "language": _l("language"),
    "starts_at": _l("start"),
    "ends_at": _l("end"),
    "timezone": _l("time zone"),
    "mode": _l("online or in person"),
    "presence": _l("how presence is known"),
    "targets": _l("where people join"),
    "host_key": _l("host"),
    "host_name": _l("host"),
    "host_url": _l("host's site"),
    "cohosts": _l("co-hosts"),
    "capacity": _l("places"),
    "approval": _l("approval"),
    "confirm_address": _l("proof of the address"),
    "ask_companions": _l("question for companions"),
    "listed": _l("whether it is listed"),
    "invitation_only": _l("who may see the form"),
    "order_only": _l("times in the agenda"),
    "challenge": _l("protection against robots"),
    "waitlist": _l("waiting list"),
    "offer_hours": _l("how long an offered place is kept"),
    "retention_days": _l("how long data is kept"),
    "min_stay_minutes": _l("minimum stay"),
    "opens_at": _l("start of sign-up"),
    "closes_at": _l("end of sign-up"),
    "languages": _l("languages"),
    "access_needs": _l("access needs"),
    "accent": _l("colour"),
}

_BATCHES = {
    "tag": _l("a tag"),
    "untag": _l("a tag taken away"),
    "approve": _l("approving"),
    "decline": _l("declining"),
    "cancel": _l("taking places back"),
    "links": _l("sending links again"),
}

# Their summary is what the event was called at the time, which the page says anyway.
_TITLED = frozenset(
    word for word in SENTENCES if word.startswith("event.") and word != "event.announced"
)


def sentence(action: str) -> str:
    """What happened, in one sentence. A word of a time that is gone stays as it is."""
    found = SENTENCES.get(action)
    return str(found) if found else action


def actor(name: str) -> str:
    """Who it was, where nobody with an account did it."""
    return {
        "retention": _("the site, when the time was over"),
        "the person": _("the attendee"),
        "cohost": _("the co-host"),
    }.get(name, name)


def group(action: str) -> str:
    """The heading that ``action`` stands under in a list of acts."""
    word = action.partition(".")[0]
    return str(GROUPS.get(word, word))


def grouped(only: Collection[str] | None = None) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(word, heading, [(action, sentence)]) of every group, for choosing what to see; with ``only``, of
    these acts and no others."""
    acts = [(key, str(text)) for key, text in SENTENCES.items() if only is None or key in only]
    groups = [
        (word, str(heading), [act for act in acts if act[0].startswith(f"{word}.")])
        for word, heading in GROUPS.items()
    ]
    return [(word, heading, found) for word, heading, found in groups if found]


def addition(entry: AuditEntry) -> str:
    """What this one entry adds to the sentence: who or what it was about, how many. May be empty."""
    details = entry.details
    match entry.action:
        case "event.changed":
            return ", ".join(dict.fromkeys(_field(name) for name in details.get("fields", [])))
        case "event.people_erased" | "signup.tagged" | "signup.untagged":
            people = int(details.get("people", 0))
            return ngettext("%(n)s person", "%(n)s people", people, n=number(people))
        case "event.cloned":
            return str(details.get("of", ""))
        case "event.translated":
            return str(details.get("language", ""))
        case "signups.exported" if "people" in details:
            people = int(details["people"])
            kind = str(details.get("kind", "")).upper()
            return f"{kind}, " + ngettext("%(n)s person", "%(n)s people", people, n=number(people))
        case "signups.batch":
            people = int(details.get("people", 0))
            act = str(_BATCHES.get(details.get("act", ""), details.get("act", "")))
            return f"{act}, " + ngettext("%(n)s person", "%(n)s people", people, n=number(people))
        case "mail.resent":
            return entry.summary.replace("_", " ")
        case "mail.links_again":
            people = int(details.get("people", 0))
            return ngettext("%(n)s person", "%(n)s people", people, n=number(people))
        case "mail.retried":
            return ngettext("%(num)s mail", "%(num)s mails", int(details.get("count", 0)))
        case "attendance.head_count":
            return _("%(count)s people, %(source)s", count=details.get("count"), source=details.get("source", ""))  # fmt: skip
        case "report.published" | "report.corrected":
            return _("Version %(n)s", n=details.get("version"))
        case "report.drafted":
            return ""
        case "account.created" | "account.role" | "team.added" | "team.role":
            return f"{details.get('account', '')}: {details.get('role', '')}"
        case "account.token" | "account.token_revoked" if details.get("label"):
            return f"{details.get('account', '')}: {details['label']}"
    if entry.action.startswith("account."):
        return str(details.get("account", ""))
    return "" if entry.action in _TITLED else entry.summary


def _field(name: str) -> str:
    return str(_FIELDS.get(name, name.replace("_", " ")))
