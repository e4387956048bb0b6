"""The log on screen: everything in sentences, found by person, event and act, page by page."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW, Page
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.audit import operations
from webapp.db import db


@pytest.fixture
def dora(app: Flask, client: Any) -> int:
    with app.app_context():
        admin: int = make_user("Dora", role="admin").id
        db.session.commit()
    sign_in(client, admin)
    return admin


@pytest.fixture
def logged(app: Flask, dora: int) -> dict[str, int]:
    """A short log: Ada's event and Ben's, an account, and what nobody's hand did."""
    with app.app_context():
        ada = make_user("Ada Lovelace", email="ada@example.org")
        ben = make_user("Ben", email="ben@example.org")
        here = make_event(ada, title="An evening of <Ada>", slug="evening-of-ada")
        there = make_event(ben, title="Another night", slug="night")

        def write(minute: int, action: str, actor: Any, event: Any = None, **more: Any) -> None:
            operations.record(
                action,
                at=NOW + dt.timedelta(minutes=minute),
                actor=actor if isinstance(actor, str) else actor.email,
                actor_user_id=None if isinstance(actor, str) else actor.id,
                event_id=event.id if event else None,
                **more,
            )

        write(1, "event.created", ada, here, summary=here.title)
        write(2, "event.published", ada, here, summary=here.title)
        write(3, "report.published", ben, there, version=1)
        write(4, "account.disabled", "Dora", summary="ben@example.org …", account="ben@example.org")
        write(5, "event.people_erased", "retention", there, people=1204)
        db.session.commit()
        return {"ada": ada.id, "ben": ben.id}


def lines(page: Page) -> list[str]:
    """The rows as somebody reads them, without what is only for looks."""
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", page.text.split("<tbody>")[1], re.S):
        found.append(" ".join(re.sub(r"<[^>]+>", " ", row).split()))
    return found


def test_the_log_is_read_in_sentences(client: Any, logged: dict[str, int]) -> None:
    page = client.page("/admin/audit")
    assert lines(page) == [
        "6 Apr 2027, 17:05 the site, when the time was over People&#39;s data was deleted, as the time to keep it was over. 1,204 people Another night",
        "6 Apr 2027, 17:04 Dora An account was disabled. ben@example.org",
        "6 Apr 2027, 17:03 ben@example.org The report was published. Version 1 Another night",
        "6 Apr 2027, 17:02 ada@example.org The event was published. An evening of &lt;Ada&gt;",
        "6 Apr 2027, 17:01 ada@example.org The event was made. An evening of &lt;Ada&gt;",
    ]  # fmt: skip
    assert f'href="/admin/users/{logged["ada"]}"' in page.text
    assert 'href="/manage/events/night"' in page.text
    assert "When (UTC)" in page.text


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("who=ada%40example.org", [2, 1]),
        # By the name of the account, which the log does not hold.
        ("who=lovelace", [2, 1]),
        ("who=BEN", [4, 3]),
        ("who=retention", [5]),
        ("who=%25", []),
        ("who=%00", [5, 4, 3, 2, 1]),
        ("event=evening-of", [2, 1]),
        ("event=ANOTHER", [5, 3]),
        ("event=nowhere", []),
        ("act=event.published", [2]),
        ("act=event", [5, 2, 1]),
        ("act=nonsense", [5, 4, 3, 2, 1]),
        ("who=ben&event=night&act=report", [3]),
        ("who=ada&event=night", []),
    ],
)
def test_finding(client: Any, logged: dict[str, int], query: str, minutes: list[int]) -> None:
    page = client.page(f"/admin/audit?{query}")
    found = [int(n) for n in re.findall(r"2027, 17:0(\d)", page.text)]
    assert found == minutes
    assert ("Nothing in the log fits this." in page.text) == (not minutes)


def test_what_was_asked_stays_in_the_form_and_in_the_next_page(
    client: Any, app: Flask, dora: int
) -> None:
    with app.app_context():
        event = make_event(title="One evening")
        for number in range(120):
            operations.record(
                "event.changed",
                at=NOW + dt.timedelta(minutes=number),
                actor=f"organiser {number}",
                event_id=event.id,
            )
        db.session.commit()
    address, seen = "/admin/audit?who=organiser&event=evening&act=event.changed", []
    for number in range(3):
        page = client.page(address)
        assert page.field("who") == "organiser"
        assert page.field("event") == "evening"
        assert '<option value="event.changed" selected>' in page.text
        seen += [int(n) for n in re.findall(r"<bdi>organiser (\d+)", page.text)]
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert bool(older) == (number < 2)
        assert ("Newest" in page.text) == (number > 0)
        address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == list(range(119, -1, -1))


def test_the_number_of_queries_does_not_grow(
    client: Any, app: Flask, dora: int, count_queries: Any
) -> None:
    def write(number: int) -> None:
        with app.app_context():
            for _ in range(number):
                event = make_event(make_user(f"U{_}-{number}"))
                operations.record("event.created", at=NOW, actor="x", event_id=event.id)
            db.session.commit()

    write(1)
    with count_queries() as few:
        client.page("/admin/audit")
    write(60)
    with count_queries() as many:
        client.page("/admin/audit")
    assert len(few) == len(many)


def test_an_empty_log_says_what_will_stand_there(client: Any, dora: int) -> None:
    assert "Nothing has happened yet." in client.page("/admin/audit").text


def test_organisers_do_not_see_it(client: Any, app: Flask) -> None:
    assert client.get("/admin/audit?act=event").location.endswith("%3Fact%3Devent")
    with app.app_context():
        ada = make_user("Ada").id
        db.session.commit()
    sign_in(client, ada)
    assert client.get("/admin/audit").status_code == 404
