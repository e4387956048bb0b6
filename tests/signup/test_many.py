"""One thing done with many people: each once, by the same verbs, and those with whom it could not be done."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.privacy import operations as privacy
from webapp.signup import commands, manage_many, queries
from webapp.signup.models import Batch, BatchPerson, Signup
from webapp.signup.operations import many, tagging
from webapp.signup.queries import Choice

PATH = "/manage/events/evening/signups"
WAITS: dict[str, Any] = {"status": "pending", "pending_reason": "approval", "confirmed_at": None}


@pytest.fixture
def ada(app: Flask, make: Any, visitors: Any) -> Any:
    make(ada=True, host_name="Friends")
    client = visitors().client
    sign_in(client, 1)
    return client


def _people(app: Flask, *rows: dict[str, Any]) -> list[str]:
    with app.app_context():
        event = db.session.get_one(Event, 1)
        made = [make_signup(event, **row) for row in rows]
        db.session.commit()
        return [signup.public_id for signup in made]


def _statuses(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Signup.status).order_by(Signup.id)))


def _begin(client: Any, query: str, act: str, **more: Any) -> Any:
    """Asks as the page does: everything that stands in its forms goes along."""
    page = client.page(f"{PATH}/many?{query}")
    forms = page.text.split('action="/manage/events/evening/signups/many"')[1:]
    button = f'name="act" value="{act}"'
    form = next((form for form in forms if button in form.partition("</form>")[0]), forms[0])
    form = form.partition("</form>")[0]
    sent: dict[str, list[str]] = {"act": [act]}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(html.unescape(value))
    return client.post(f"{PATH}/many", data=sent | more)


def test_the_page_asks_once_and_says_how_many(app: Flask, ada: Any) -> None:
    ids = _people(app, {"name": "Ana"}, {"name": "Ben", **WAITS}, {"name": "Cleo", **WAITS})
    listed = ada.page(f"{PATH}?status=pending").text
    assert "With all 2…" in listed
    assert "To be approved <b>2</b>" in listed
    assert f'name="pick" value="{ids[1]}" form="many"' in listed
    found = ada.page(f"{PATH}/many?who=found&status=pending").text
    assert "What to do with 2 people" in found
    assert "Approve 2 people" in found
    assert "<bdi>Ana</bdi>" not in found
    # Each act for those to whom it applies; none that applies to nobody.
    everybody = ada.page(f"{PATH}/many?who=found").text
    assert "Approve 2 of 3" in everybody
    assert "Decline 2 of 3" in everybody
    assert "Send 3 people their links again" in everybody
    ticked = ada.page(f"{PATH}/many?who=ticked&pick={ids[0]}&pick={ids[0]}&status=pending").text
    assert "What to do with 1 person" in ticked
    assert "Approve" not in ticked
    assert "<bdi>Ana</bdi>" in ticked
    # Nobody ticked is nobody, never everybody.
    assert "Nobody is ticked" in ada.page(f"{PATH}/many?who=ticked").text
    assert "Nobody is there" in ada.page(f"{PATH}/many?who=found&q=nobody").text


def test_approving_all_that_the_filter_finds_and_naming_who_could_not(
    app: Flask, ada: Any, house: Any
) -> None:
    house.change(capacity=2, waitlist=False)
    _people(app, {"name": "Ana"}, *({"name": name, **WAITS} for name in ("Ben", "Cleo", "Dan")))
    answer = _begin(ada, "who=found", "approve")
    page = ada.page(answer.headers["Location"]).text
    assert "1 of 3" in page
    assert "with 2 people it could not be done" in page
    refused = re.findall(r"<bdi>(\w+)</bdi></a> <span class=\"soft\">([^<]+)", page)
    assert refused == [
        ("Cleo", "All places are taken."),
        ("Dan", "All places are taken."),
    ]
    assert _statuses(app) == ["confirmed", "confirmed", "pending", "pending"]
    assert house.messages() == ["approved"]
    with app.app_context():
        acts = [row.action for row in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]  # fmt: skip
    assert acts == ["signups.batch", "signup.approved"]


def test_only_who_is_ticked(app: Flask, ada: Any, house: Any) -> None:
    ids = _people(app, WAITS, WAITS, WAITS)
    _begin(ada, f"who=ticked&pick={ids[0]}&pick={ids[2]}", "decline", decline_reason="We are full")
    assert _statuses(app) == ["declined", "pending", "declined"]
    assert house.messages() == ["declined", "declined"]
    assert all("We are full" in mail.text for mail in house.mails())
    _begin(ada, f"who=ticked&pick={ids[1]}", "tag", new_tag="Press, VIP")
    _begin(ada, f"who=ticked&pick={ids[1]}", "untag", old_tag="1 press")
    with app.app_context():
        assert queries.tags_of([1, 2, 3]) == {2: ["VIP"]}
        # What was typed is kept no longer than it is needed.
        assert {batch.value for batch in db.session.scalars(sa.select(Batch))} == {""}
        assert db.session.scalars(sa.select(BatchPerson)).all() == []


def test_tags_of_those_whom_a_tag_finds(app: Flask, ada: Any) -> None:
    _people(app, {}, {})
    with app.app_context():
        tagging.tag(db.session.get_one(Event, 1), [2], "Press", NOW, by="a test")
        db.session.commit()
    _begin(ada, "who=found&tag=press", "tag", new_tag="VIP")
    with app.app_context():
        assert queries.tags_of([1, 2]) == {2: ["Press", "VIP"]}


def test_whoever_came_since_is_asked_about_anew(app: Flask, ada: Any) -> None:
    _people(app, WAITS)
    answer = _begin(ada, "who=found", "approve", people="2")
    assert answer.status_code == 409
    assert "people have come or gone" in answer.get_data(as_text=True)
    assert _statuses(app) == ["pending"]
    for act, wrong in (
        ("erase", {}),
        ("tag", {"new_tag": " "}),
        ("links", {"people": "x"}),
        ("untag", {"old_tag": "Press"}),
    ):
        assert _begin(ada, "who=found", act, **wrong).status_code == 409
    with app.app_context():
        assert db.session.scalars(sa.select(Batch)).all() == []


def test_a_form_sent_twice_is_done_once(app: Flask, ada: Any, house: Any) -> None:
    _people(app, {}, {})
    assert _begin(ada, "who=found", "links").status_code == 303
    again = _begin(ada, "who=found", "links")
    assert again.status_code == 409
    assert "begun already" in again.get_data(as_text=True)
    assert house.messages() == ["link_again", "link_again"]


def test_a_seat_taken_from_one_goes_to_none_of_the_same_batch(
    app: Flask, ada: Any, house: Any
) -> None:
    house.change(capacity=1)
    wait = {"status": "waitlisted", "confirmed_at": None, "waitlisted_at": NOW}
    ids = _people(app, {}, wait, wait)
    answer = _begin(ada, f"who=ticked&pick={ids[0]}&pick={ids[1]}", "cancel", cancel_reason="Sorry")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert _statuses(app) == ["cancelled", "cancelled", "confirmed"]
    assert sorted(house.messages()) == ["cancelled", "cancelled", "confirmed"]


def _batch(event: Event, by: Any, act: str, value: str = "") -> Batch:
    number = queries.number(event.id, Choice())
    batch = many.begin(event, Choice(), act, value, NOW, by=by, key=f"a {act}", seen=number)
    db.session.commit()
    return batch


def test_it_goes_on_where_it_was_stopped_and_nobody_gets_two_mails(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "FEW", 2)
    ada = make_user()
    event = make_event(ada)
    signups = [make_signup(event) for _ in range(5)]
    batch = _batch(event, ada, "links")
    assert many.go_on(batch.id, NOW) == 2
    db.session.commit()
    # Killed before the commit: as if it had never been.
    assert many.go_on(batch.id, NOW) == 2
    db.session.rollback()
    assert batch.done == 2
    assert commands.go_on(NOW) == 3
    assert commands.go_on(NOW) == 0
    people = db.session.scalars(sa.select(OutgoingMail.person).order_by(OutgoingMail.id)).all()
    assert list(people) == [signup.public_id for signup in signups]
    assert (batch.done, batch.refused, batch.finished_at) == (5, 0, NOW)


def test_it_can_be_stopped(app: Flask, ada: Any, house: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(many, "FEW", 1)
    monkeypatch.setattr(manage_many, "PATIENCE", 0)
    _people(app, {}, {}, {})
    answer = _begin(ada, "who=found", "links")
    where = answer.headers["Location"]
    page = ada.page(where)
    assert "0 of 3" in page.text
    assert "See how far it is" in ada.page(PATH).text
    with app.app_context():
        many.go_on(1, NOW)
        db.session.commit()
    ada.post(f"{where}/stop", data={"csrf_token": page.field("csrf_token")})
    with app.app_context():
        assert commands.go_on(NOW) == 0
    text = ada.page(where).text
    assert "1 of 3" in text
    assert "then it was stopped" in text
    assert len(house.messages()) == 1
    assert "See how far it is" not in ada.page(PATH).text


def test_whoever_is_erased_meanwhile_is_left_in_peace(context: Flask) -> None:
    ada = make_user()
    event = make_event(ada)
    ana = make_signup(event, "Ana")
    make_signup(event, "Ben")
    batch = _batch(event, ada, "links")
    privacy.erase_signup(ana, NOW, by="the person")
    db.session.commit()
    commands.go_on(NOW)
    assert (batch.people, batch.done) == (2, 1)
    assert db.session.scalars(sa.select(OutgoingMail.to_name)).all() == ["Ben"]


def test_tagging_many_takes_a_handful_of_statements(context: Flask, count_queries: Any) -> None:
    ada = make_user()
    event = make_event(ada)
    for _ in range(30):
        make_signup(event)
    batch = _batch(event, ada, "tag", "Press")
    with count_queries() as seen:
        many.go_on(batch.id, NOW)
        db.session.commit()
    assert batch.done == 30
    assert len(seen) <= 20, seen.statements


@pytest.mark.case("D31")
@pytest.mark.case("D36")
def test_nobody_of_another_event_and_nothing_that_was_not_asked(app: Flask, ada: Any) -> None:
    with app.app_context():
        other = make_event(slug="other")
        theirs = make_signup(other, "Xenia").public_id
        batch = many.begin(other, Choice(), "links", "", NOW, by=make_user("Cleo"), key="x", seen=1)
        number = batch.id
        db.session.commit()
    (mine,) = _people(app, {})
    assert "Nobody is ticked" in ada.page(f"{PATH}/many?who=ticked&pick={theirs}").text
    more = {"event_id": "2", "status": "declined", "by": "x", "done": "7"}
    answer = _begin(ada, f"who=ticked&pick={mine}", "cancel", pick=[mine, theirs], **more)
    assert answer.status_code == 303
    assert _statuses(app) == ["confirmed", "cancelled"]
    assert ada.get(f"{PATH}/many/{number}").status_code == 404
    token = ada.page(PATH).field("csrf_token")
    assert ada.post(f"{PATH}/many/{number}/stop", data={"csrf_token": token}).status_code == 404


def test_what_is_no_act(context: Flask) -> None:
    with pytest.raises(Refused, match="choose what to do"):
        many.begin(make_event(), Choice(), "erase", "", NOW, by=make_user(), key="x", seen=0)
