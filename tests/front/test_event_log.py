"""The log of one event on screen: in sentences, filtered by person and act, page by page."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.audit import queries, words
from webapp.db import db
from webapp.events import operations as events
from webapp.events import rules, team

LOG = "/manage/events/bolivia/audit"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def evening(app, client):
    """Ada's event in La Paz with a day's work of her and Ben, and one act on Cleo's event; ``client`` is
    signed in as Ada."""
    with app.app_context():
        ada, ben, cleo = make_user("Ada"), make_user("Ben"), make_user("Cleo")
        make_user("Dora", role="admin")
        event = make_event(ada, slug="bolivia", title="Bolivia", state="draft", timezone="America/La_Paz")  # fmt: skip
        team.add(event, ben.email, "organiser", at=NOW, by=ada)
        events.update(event, {"title": "Bolivia now", "summary": "Come."}, at=NOW + MINUTE, by=ben)
        events.publish(event, at=NOW + 2 * MINUTE, by=ada)
        audit.record("signups.exported", at=NOW + 3 * MINUTE, actor=ben.email, actor_user_id=ben.id, event_id=event.id)  # fmt: skip
        audit.record("event.people_erased", at=NOW + 4 * MINUTE, actor="retention", event_id=event.id, people=1204)  # fmt: skip
        other = make_event(cleo, slug="cleos", title="Of Cleo", state="draft")
        events.publish(other, at=NOW, by=cleo)
        audit.record("account.disabled", at=NOW, actor="Dora", account="finn@example.org")
        db.session.commit()
        sign_in(client, ada)
        return event.id


def lines(page):
    """(time, who, what) of every row, as somebody reads them."""
    found = []
    for row in page.tree.iterfind(".//tbody/tr"):
        found.append(tuple(" ".join("".join(cell.itertext()).split()) for cell in row))
    return found


def test_the_log_is_read_in_sentences_in_the_events_own_time(client, evening):
    page = client.page(LOG)
    assert lines(page) == [
        ("6 Apr 2027, 13:04", "the site, when the time was over",
         "People's data was deleted, as the time to keep it was over. 1,204 people"),
        ("6 Apr 2027, 13:03", "ben@example.org", "The list of sign-ups was downloaded."),
        ("6 Apr 2027, 13:02", "ada@example.org", "The event was published."),
        ("6 Apr 2027, 13:01", "ben@example.org", "The event was changed. title, summary"),
        ("6 Apr 2027, 13:00", "ada@example.org",
         "Somebody was added to the team. ben@example.org: organiser"),
    ]  # fmt: skip
    assert "When (La Paz time)" in page.text
    assert 'href="/manage/events/bolivia/audit" aria-current="page">Log</a>' in page.text


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("who=ben@example.org", [3, 1]),
        ("who=retention", [4]),
        ("act=event", [4, 2, 1]),
        ("act=event.published", [2]),
        ("who=ben@example.org&act=event", [1]),
        ("who=ada@example.org&act=signups.exported", []),
        # Who and what never was in this log shows all of it.
        ("who=cleo@example.org", [4, 3, 2, 1, 0]),
        ("act=account.disabled", [4, 3, 2, 1, 0]),
        ("who=ben", [4, 3, 2, 1, 0]),
        ("who=a%00b&act=%00&before=x", [4, 3, 2, 1, 0]),
    ],
)
def test_filter_by_person_and_by_act(client, evening, query, minutes):
    page = client.page(f"{LOG}?{query}")
    assert [int(line[0][-1]) for line in lines(page)] == minutes
    if not minutes:
        assert "Nothing in the log fits this." in page.text


def test_only_what_is_in_the_log_is_offered(client, evening):
    page = client.page(f"{LOG}?who=ben@example.org&act=event")
    options = {
        select.get("name"): [(o.get("value"), o.get("selected") is not None) for o in select.iter("option")]
        for select in page.tree.iter("select")
    }  # fmt: skip
    assert options == {
        "who": [("", False), ("ada@example.org", False), ("ben@example.org", True), ("retention", False)],
        "act": [
            ("", False), ("event", True), ("event.changed", False), ("event.published", False),
            ("event.people_erased", False), ("team.added", False), ("signups.exported", False),
        ],
    }  # fmt: skip


def test_pages_keep_the_filter_and_lose_nobody(app, client, evening, count_queries):
    with count_queries() as few:
        client.page(LOG)
    with app.app_context():
        for number in range(2 * queries.PAGE):
            audit.record("mail.retried", at=NOW + number * MINUTE, actor="ben@example.org", event_id=evening, count=1)  # fmt: skip
        db.session.commit()
    with count_queries() as many:
        page = client.page(f"{LOG}?act=mail.retried")
    assert len(many) == len(few)
    seen = lines(page)
    assert len(seen) == queries.PAGE
    assert 'rel="next"' in page.text
    address = re.search(r'rel="next" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    page = client.page(address)
    seen += lines(page)
    assert len(set(seen)) == 2 * queries.PAGE
    assert 'rel="next"' not in page.text
    assert f'href="{LOG}?act=mail.retried">Newest</a>' in page.text


def test_an_event_in_which_nothing_was_done(app, client):
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="bolivia")
        db.session.commit()
        sign_in(client, ada)
    text = client.page(LOG).text
    assert "From now on every act of consequence stands here" in text
    assert "<select" not in text


@pytest.mark.case("D44")
def test_what_people_wrote_stays_text(app, client, evening):
    with app.app_context():
        audit.record("event.announced", at=NOW, actor="<b>Ben</b>", event_id=evening, summary="<script>alert(1)</script>")  # fmt: skip
        db.session.commit()
    text = client.page(LOG).text
    assert "<script>alert" not in text
    assert "<b>Ben" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_admins_find_the_accounts_behind_the_names(app, client, evening):
    assert "/admin/users/" not in client.page(LOG).text
    with app.app_context():
        dora = db.session.scalars(db.select(User).where(User.name == "Dora")).one()
        sign_in(client, dora)
    assert "/admin/users/" in client.page(LOG).text


@pytest.mark.case("D31")
def test_organisers_of_other_events_see_404(app, client, evening):
    with app.app_context():
        cleo = db.session.scalars(db.select(User).where(User.name == "Cleo")).one()
        sign_in(client, cleo)
    assert client.get(LOG).status_code == 404
    assert "Bolivia" not in client.page("/manage/events/cleos/audit").text


def test_every_field_of_an_event_has_a_word(context):
    for name in (*rules.FIELDS, "targets", "cohosts"):
        assert name in words._FIELDS, f"say in webapp/audit/words.py what people call {name}"
