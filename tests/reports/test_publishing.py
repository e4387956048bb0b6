from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_signup, make_visit, publish_agenda
from tests.reports.evening import AFTER, START, make_evening, minute
from webapp.agenda.models import Speaker
from webapp.attendance.models import Visit
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.reports import canonical, operations, queries
from webapp.reports.models import ReportVersion
from webapp.signup.models import Signup


def publish(event: Any, **values: Any) -> ReportVersion:
    if queries.report(event.id) is None:
        operations.draft(event, at=AFTER, by="Ben Hayes")
    return operations.publish(event, **({"at": AFTER, "by": "Ben Hayes"} | values))


@pytest.mark.usefixtures("context")
def test_publishing_freezes_text_figures_and_paper() -> None:
    event = make_evening()
    version = publish(event)
    document = json.loads(version.document)
    assert version.version == 1
    assert version.correction is None
    assert version.content_hash == canonical.digest(version.document)
    assert version.pdf_hash == canonical.digest_bytes(version.pdf)
    assert canonical.dumps(document) == version.document
    assert document["format"] == "turnout-report/1"
    assert document["method"] == "turnout-figures/1"
    assert document["as_of"] == "2027-04-07T09:00:00Z"
    assert document["headline"]["low"] == 5
    assert document["headline"]["high"] == 7
    assert document["headline"]["said"] == "between 5 and 7 people"
    assert document["figures"]["attendance"]["peak"]["at"] == "2027-04-06T18:22:00Z"
    assert [mark["key"] for mark in document["agenda"]] == ["opening", "claudia", "tim", "closing"]
    assert document["curve"][0] == ["2027-04-06T18:00:00Z", 4]
    actions = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["report.drafted", "report.published"]


PUBLIC = ("", "/v/1", ".json", ".md", ".pdf", "/curve-1.svg", "/curve-1-wide.svg")


def test_what_happens_later_changes_nothing(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        event = make_evening()
        publish(event)
        event_id = event.id
        db.session.commit()
    before = {end: client.get(f"/events/bolivia/report{end}").get_data() for end in PUBLIC}
    with app.app_context():
        for signup in db.session.scalars(sa.select(Signup).where(Signup.event_id == event_id)):
            db.session.delete(signup)
        db.session.execute(sa.delete(Visit).where(Visit.event_id == event_id))
        event = db.session.get_one(type(event), event_id)
        for _n in range(20):
            make_visit(event, START, minute(45), signup=make_signup(event))
        db.session.execute(sa.update(Speaker).values(name="Somebody Else", affiliation="Elsewhere"))
        publish_agenda(event)
        event.title, event.host_name = "Another title", "Another host"
        report = queries.report(event_id)
        assert report is not None
        report.content = report.content | {"blocks": {}}
        db.session.commit()
    after = {end: client.get(f"/events/bolivia/report{end}").get_data() for end in PUBLIC}
    assert before == after


def test_the_public_page_reads_one_row_and_no_figures(
    app: Flask, client: FlaskClient, count_queries: Any
) -> None:
    with app.app_context():
        publish(make_evening())
        db.session.commit()
    client.page("/events/bolivia/report")
    with count_queries() as counted:
        client.page("/events/bolivia/report")
    assert len(counted) == 1
    assert "visits" not in counted.statements[0]
    # The paper's bytes stay in the database while the page is read.
    assert "pdf" not in counted.statements[0].split("FROM")[0].replace("pdf_hash", "")


@pytest.mark.usefixtures("context")
def test_a_correction_is_a_new_version_that_says_so() -> None:
    event = make_evening()
    first = publish(event)
    with pytest.raises(Refused) as refused:
        publish(event)
    assert refused.value.code == "note"
    with pytest.raises(Refused) as refused:
        publish(event, correction="Nothing is wrong.")
    assert refused.value.code == "unchanged"
    report = queries.report(event.id)
    assert report is not None
    operations.save(
        event, {"closing": "Put right."}, headline="people", left_out=[],
        revision=report.revision, at=AFTER, by="Ada",
    )  # fmt: skip
    second = operations.correct(event, at=AFTER, by="Ada", note="The closing\nwas wrong.")
    assert (second.version, second.correction) == (2, "The closing was wrong.")
    assert json.loads(second.document)["correction"] == {
        "note": "The closing was wrong.",
        "version": 1,
        "hash": first.content_hash,
    }
    assert [version.version for version in queries.versions(event)] == [2, 1]
    latest = queries.latest(event)
    assert latest is not None
    assert latest.version == 2


@pytest.mark.usefixtures("context")
def test_nothing_to_correct() -> None:
    event = make_evening()
    operations.draft(event, at=AFTER, by="Ada")
    with pytest.raises(Refused, match="Nothing is published yet"):
        operations.correct(event, at=AFTER, by="Ada", note="x")


@pytest.mark.usefixtures("context")
def test_what_cannot_be_published() -> None:
    event = make_evening(ended_at=None)
    with pytest.raises(Refused, match="no draft yet"):
        operations.publish(event, at=AFTER, by="Ada")
    operations.draft(event, at=minute(30), by="Ada")
    with pytest.raises(Refused) as refused:
        operations.publish(event, at=minute(30), by="Ada")
    assert refused.value.code == "live"
    report = queries.report(event.id)
    assert report is not None
    with pytest.raises(operations.SavedMeanwhile):
        operations.publish(event, at=AFTER, by="Ben", revision=report.revision - 1)
    operations.save(
        event, {"headline": ""}, headline="people", left_out=[],
        revision=report.revision, at=AFTER, by="Ada",
    )  # fmt: skip
    with pytest.raises(Refused, match="no headline yet"):
        operations.publish(event, at=AFTER, by="Ada")


@pytest.mark.usefixtures("context")
def test_an_unknown_number_cannot_be_the_headline() -> None:
    event = make_evening(presence="door")
    report = operations.draft(event, at=AFTER, by="Ada").report
    operations.save(
        event, {}, headline="peak", left_out=[], revision=report.revision, at=AFTER, by="Ada"
    )
    with pytest.raises(Refused, match="is unknown for this event"):
        operations.publish(event, at=AFTER, by="Ada")


@pytest.mark.usefixtures("context")
def test_a_version_refuses_to_be_changed() -> None:
    version = publish(make_evening())
    version.document = "{}"
    with pytest.raises(ValueError, match="version 1 is published"):
        db.session.flush()


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [("document", "{}", "the document was changed"), ("pdf", b"%PDF", "the PDF was changed")],
)
def test_verify_finds_what_was_changed_behind_our_back(
    app: Flask, column: str, value: Any, what: str
) -> None:
    runner = app.test_cli_runner()
    with app.app_context():
        publish(make_evening())
        db.session.commit()
    good = runner.invoke(args=["reports", "verify"])
    assert (good.exit_code, good.output) == (
        0,
        "1 published version checked: as it was published.\n",
    )
    with app.app_context():
        db.session.execute(sa.update(ReportVersion.__table__).values({column: value}))
        db.session.commit()
    bad = runner.invoke(args=["reports", "verify"])
    assert bad.exit_code == 1
    assert f"bolivia, version 1: {what}." in bad.output
    assert "1 of 1 published versions do not match." in bad.output


def test_the_command_publishes_and_says_what_is_wrong(app: Flask) -> None:
    import time_machine

    runner = app.test_cli_runner()
    with app.app_context():
        make_evening()
        db.session.commit()
    with time_machine.travel(AFTER, tick=False):
        done = runner.invoke(args=["reports", "publish", "bolivia"])
        again = runner.invoke(args=["reports", "publish", "bolivia"])
        nowhere = runner.invoke(args=["reports", "publish", "atlantis"])
    assert done.exit_code == 0
    assert done.output.startswith("Version 1 of bolivia is published. SHA-256 ")
    assert again.exit_code == 1
    assert again.output.startswith("Error: A report is published already.")
    assert (nowhere.exit_code, nowhere.output) == (1, "Error: There is no event 'atlantis'.\n")
