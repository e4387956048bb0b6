"""The report's verbs: draft, save, publish, correct. None of them commits.

``by`` is the name of the person who acts, as it should stand in the record.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.reports import article as articles
from webapp.reports import canonical, document, drafting, pdf, queries, saying
from webapp.reports.article import Article
from webapp.reports.evidence import Evidence, gather
from webapp.reports.models import Report, ReportVersion


class SavedMeanwhile(Refused):
    """Somebody else saved in between. Nothing was changed; both texts are still there."""

    def __init__(self, by: str) -> None:
        self.by = by
        super().__init__(
            _("%(name)s saved this report while you were writing. Nothing is lost: both texts are shown below.", name=by or _("Somebody")),
            "stale",
        )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Draft:
    """What a (re)draft did: ``kept`` names the blocks left alone because somebody had edited them."""

    report: Report
    kept: list[str]


def _locked(event: Event) -> Report | None:
    statement = lock_row(sa.select(Report).where(Report.event_id == event.id))
    found: Report | None = db.session.scalar(statement.execution_options(populate_existing=True))
    return found


def _require_begun(event: Event, at: dt.datetime) -> None:
    if event.phase(at) in ("draft", "before"):
        raise Refused(
            _("The event has not taken place yet: there is nothing to report on."), "before"
        )
    if event.phase(at) == "cancelled":
        raise Refused(_("The event was called off: there is nothing to report on."), "cancelled")


def _require_over(event: Event, at: dt.datetime) -> None:
    _require_begun(event, at)
    if event.phase(at) == "live":
        raise Refused(
            _("The event is still live. End it first, so that the figures are those of the whole evening."),
            "live",
        )  # fmt: skip


def draft(event: Event, *, at: dt.datetime, by: str, replace: Iterable[str] = ()) -> Draft:
    """Writes the draft from the data, or brings an old one up to date.

    A text that somebody edited stays as it is unless its name is in ``replace``. Raises Refused before
    the event's start and if it was called off.
    """
    _require_begun(event, at)
    report = _locked(event)
    evidence = gather(event, at)
    with articles.in_language(event.language):
        fresh = drafting.write(event, evidence, by)
    content = report.content if report else {}
    blocks, kept = drafting.merge(content, fresh, replace)
    left_out = content["left_out"] if content else drafting.skipped(evidence)
    if report is None:
        report = Report(event_id=event.id, headline="people", revision=0, created_at=at)
        db.session.add(report)
    report.content = {"blocks": blocks, "drafted": fresh, "left_out": left_out, "saved_by": by}
    report.revision += 1
    report.updated_at = at
    db.session.flush()
    audit.record(
        "report.drafted", at=at, actor=by, event_id=event.id,
        summary=_("The report was written from the data."), revision=report.revision,
    )  # fmt: skip
    return Draft(report, kept)


def save(
    event: Event,
    blocks: Mapping[str, str],
    *,
    headline: str,
    left_out: Iterable[str],
    revision: int,
    at: dt.datetime,
    by: str,
) -> Report:
    """Saves edited texts over the revision they were written on.

    Raises SavedMeanwhile if somebody saved in between, Refused if there is no draft or the headline
    number cannot be used because it is unknown.
    """
    report = _locked(event)
    if report is None:
        raise Refused(_("There is no draft yet."), "missing")
    if report.revision != revision:
        raise SavedMeanwhile(report.content.get("saved_by", ""))
    if headline not in saying.CHOICES:
        raise Refused(_("That is not a number a headline can have."), "headline")
    content = report.content
    # A new dict: the database only notices a change of the value as a whole.
    report.content = content | {
        "blocks": content["blocks"] | dict(blocks),
        "left_out": sorted(set(left_out)),
        "saved_by": by,
    }
    report.headline = headline
    report.revision += 1
    report.updated_at = at
    db.session.flush()
    return report


def preview(event: Event, report: Report, *, at: dt.datetime) -> Article:
    """What publishing now would give. Changes nothing."""
    newest = queries.latest(event)
    version = newest.version + 1 if newest else 1
    evidence = gather(event, at)
    with articles.in_language(event.language):
        built = document.build(
            event, report.content, report.headline, evidence, version=version, at=at
        )
    # Through JSON, as a published one comes: what cannot be frozen shows up here.
    return Article(json.loads(canonical.dumps(built)), "", version)


def _changed(new: dict[str, Any], old: ReportVersion) -> bool:
    """Whether anything but the moment of publishing differs from the version that stands."""
    moving = ("version", "published_at", "as_of", "correction")
    before = json.loads(old.document)
    after = json.loads(canonical.dumps(new))
    for one in (before, after):
        one["figures"].pop("as_of", None)
        for name in moving:
            one.pop(name, None)
    return bool(before != after)


def _check(report: Report, built: dict[str, Any]) -> None:
    if not built["text"]["headline"]:
        raise Refused(_("The report has no headline yet."), "headline")
    if built["headline"]["figure"] is None:
        raise Refused(
            _("The headline number you chose is unknown for this event. Please choose another one."),
            "headline",
        )  # fmt: skip


def publish(
    event: Event,
    *,
    at: dt.datetime,
    by: str,
    correction: str = "",
    revision: int | None = None,
    evidence: Evidence | None = None,
) -> ReportVersion:
    """Freezes text and figures as they are at ``at`` into a new version with its hash and its PDF.

    ``correction`` is the visible note, needed from the second version on. ``revision`` is the one the
    person looked at. Raises Refused: no draft, event not over, no headline, unknown number, note
    missing, nothing changed, or somebody saved in between.
    """
    report = _locked(event)
    if report is None:
        raise Refused(_("There is no draft yet."), "missing")
    _require_over(event, at)
    if revision is not None and report.revision != revision:
        raise SavedMeanwhile(report.content.get("saved_by", ""))
    old = queries.latest(event)
    note = " ".join(correction.split())
    if old and not note:
        raise Refused(_("A report is published already. Say in one sentence what this version corrects."), "note")  # fmt: skip
    evidence = evidence or gather(event, at)
    number = old.version + 1 if old else 1
    replaced = {"note": note, "version": old.version, "hash": old.content_hash} if old else None
    with articles.in_language(event.language):
        built = document.build(
            event, report.content, report.headline, evidence,
            version=number, at=at, correction=replaced,
        )  # fmt: skip
    _check(report, built)
    if old and not _changed(built, old):
        raise Refused(_("Nothing has changed since version %(n)d.", n=old.version), "unchanged")
    text = canonical.dumps(built)
    content_hash = canonical.digest(text)
    paper = pdf.render(Article(json.loads(text), content_hash, number))
    version = ReportVersion(
        report_id=report.id,
        version=number,
        document=text,
        content_hash=content_hash,
        pdf=paper,
        pdf_hash=canonical.digest_bytes(paper),
        published_at=at,
        published_by=by[:254],
        correction=note or None,
    )
    db.session.add(version)
    db.session.flush()
    event.touch()
    audit.record(
        "report.corrected" if old else "report.published", at=at, actor=by, event_id=event.id,
        summary=_("Version %(n)d of the report was published.", n=number),
        version=number, hash=content_hash,
    )  # fmt: skip
    return version


def correct(
    event: Event, *, at: dt.datetime, by: str, note: str, revision: int | None = None
) -> ReportVersion:
    """Publishes a new version that says what it corrects and links to the one it replaces.

    Raises Refused as ``publish`` does, and if nothing was published before.
    """
    if queries.latest(event) is None:
        raise Refused(_("Nothing is published yet, so there is nothing to correct."), "missing")
    return publish(event, at=at, by=by, correction=note, revision=revision)


def damaged() -> list[str]:
    """One sentence for each published version whose bytes do not match their hashes."""
    wrong = []
    for slug, version in queries.every_version():
        if canonical.digest(version.document) != version.content_hash:
            wrong.append(_("%(slug)s, version %(n)d: the document was changed.", slug=slug, n=version.version))  # fmt: skip
        if canonical.digest_bytes(version.pdf) != version.pdf_hash:
            wrong.append(_("%(slug)s, version %(n)d: the PDF was changed.", slug=slug, n=version.version))  # fmt: skip
    return [str(sentence) for sentence in wrong]
