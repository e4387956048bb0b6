"""Who may manage an event, and who decides that."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.forms import errors, filled
from tests.signin import sign_in
from webapp.accounts.models import User
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries, team
from webapp.events.models import Event, Membership

TEAM = "/manage/events/bolivia/team"


@pytest.fixture
def people(app, client):
    """Ada owns "bolivia", Ben organises it, Cleo has an event of her own, Dora is an admin, Emil has an
    account and no event. Answers their ids; nobody is signed in."""
    with app.app_context():
        made = {name: make_user(name) for name in ("Ada", "Ben", "Cleo", "Emil")}
        made["Dora"] = make_user("Dora", role="admin")
        event = make_event(made["Ada"], slug="bolivia", title="Bolivia")
        join(event, made["Ben"], "organiser")
        make_event(made["Cleo"], slug="cleos")
        db.session.commit()
        return {name: user.id for name, user in made.items()}


def join(event, user, role):
    db.session.add(Membership(event_id=event.id, user_id=user.id, role=role, created_at=NOW))
    db.session.flush()


def members(app):
    """{name: role} of the event's team as it is in the database."""
    with app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "bolivia")).one()
        return {member.user.name: member.role for member in queries.members(event)}


def acts(app):
    with app.app_context():
        rows = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.actor, row.details) for row in rows]


def press(client, path, at=TEAM, **fields):
    """Presses a button of the team's page; answers where it leads and what is said there."""
    answer = client.send(f"{TEAM}{path}", fields, at=at)
    assert answer.status_code == 302
    return answer.location, client.page(answer.location).text


# --- the verbs


@pytest.fixture
def cast(context):
    """As ``people``, as rows."""
    ada, ben, emil = make_user("Ada"), make_user("Ben"), make_user("Emil")
    dora = make_user("Dora", role="admin")
    event = make_event(ada)
    join(event, ben, "organiser")
    return event, ada, ben, dora, emil


def roles(event):
    return {member.user.name: member.role for member in queries.members(event)}


@pytest.mark.parametrize("typed", ["emil@example.org", " Emil@EXAMPLE.org "])
def test_owners_and_admins_add_people(cast, typed):
    event, ada, _ben, dora, _emil = cast
    team.add(event, typed, "organiser", at=NOW, by=ada)
    assert roles(event) == {"Ada": "owner", "Ben": "organiser", "Emil": "organiser"}
    make_user("Finn")
    team.add(event, "finn@example.org", "owner", at=NOW, by=dora)
    assert list(roles(event).items())[:2] == [("Ada", "owner"), ("Finn", "owner")]


@pytest.mark.parametrize(
    ("email", "role", "code", "sentence"),
    [
        ("emil", "organiser", "email", "That is not an e-mail address. It should look like name@example.org."),
        ("nobody@example.org", "organiser", "unknown", "Nobody can sign in with nobody@example.org yet."),
        ("gone@example.org", "organiser", "unknown", "Nobody can sign in with gone@example.org yet."),
        ("BEN@example.org", "owner", "member", "Ben is in the team already."),
        ("ada@example.org", "organiser", "member", "Ada is in the team already."),
        ("emil@example.org", "admin", "role", "In a team people are owners or organisers."),
    ],
)  # fmt: skip
def test_who_cannot_be_added(cast, email, role, code, sentence):
    event, ada, *_rest = cast
    make_user("Gone", disabled_at=NOW)
    with pytest.raises(Refused) as caught:
        team.add(event, email, role, at=NOW, by=ada)
    assert (caught.value.code, str(caught.value)) == (code, sentence)
    assert roles(event) == {"Ada": "owner", "Ben": "organiser"}


def test_organisers_decide_nothing_about_others(cast):
    event, ada, ben, _dora, emil = cast
    for act in (
        lambda: team.add(event, emil.email, "organiser", at=NOW, by=ben),
        lambda: team.change_role(event, ben.id, "owner", at=NOW, by=ben),
        lambda: team.change_role(event, ada.id, "organiser", at=NOW, by=ben),
        lambda: team.remove(event, ada.id, at=NOW, by=ben),
    ):
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "role"
    assert roles(event) == {"Ada": "owner", "Ben": "organiser"}


def test_a_stranger_does_not_even_leave(cast):
    event, _ada, _ben, _dora, emil = cast
    with pytest.raises(Refused) as caught:
        team.remove(event, emil.id, at=NOW, by=emil)
    assert caught.value.code == "gone"


def test_the_last_owner_stays(cast):
    event, ada, ben, dora, _emil = cast
    for by in (ada, dora):
        for act in (
            lambda by=by: team.change_role(event, ada.id, "organiser", at=NOW, by=by),
            lambda by=by: team.remove(event, ada.id, at=NOW, by=by),
        ):
            with pytest.raises(Refused) as caught:
                act()
            assert caught.value.code == "last_owner"
            assert str(caught.value) == "Ada is the only owner. Make somebody else owner first."
    team.change_role(event, ben.id, "owner", at=NOW, by=ada)
    team.change_role(event, ada.id, "organiser", at=NOW, by=ada)
    assert roles(event) == {"Ben": "owner", "Ada": "organiser"}


def test_an_owner_who_may_not_sign_in_is_no_owner_to_rely_on(cast):
    event, ada, ben, dora, _emil = cast
    team.change_role(event, ben.id, "owner", at=NOW, by=ada)
    ben.disabled_at = NOW
    with pytest.raises(Refused, match="Ada is the only owner"):
        team.remove(event, ada.id, at=NOW, by=ada)
    # They can be taken out themselves, since Ada is there.
    team.remove(event, ben.id, at=NOW, by=dora)
    assert roles(event) == {"Ada": "owner"}


def test_organisers_leave_when_they_like(cast):
    event, _ada, ben, *_rest = cast
    assert team.remove(event, ben.id, at=NOW, by=ben) is ben
    assert roles(event) == {"Ada": "owner"}


def test_the_same_role_again_is_no_act(cast):
    event, ada, ben, *_rest = cast
    team.change_role(event, ben.id, "organiser", at=NOW, by=ada)
    assert db.session.scalar(sa.select(sa.func.count(AuditEntry.id))) == 0


# --- the page


def test_the_team_is_shown_with_what_each_may_do(app, client, people):
    sign_in(client, people["Ada"])
    text = client.page(TEAM).text
    assert text.count('class="team-who"') == 2
    assert '<b><bdi>Ada</bdi></b> <span class="badge">you</span>' in text
    assert "The only owner: make somebody else owner first" in text
    assert "Take Ben out of the team" in text
    assert "Take Ada out of the team" not in text
    assert "Leave the team" not in text


def test_an_organiser_sees_the_team_and_may_leave(app, client, people):
    sign_in(client, people["Ben"])
    text = client.page(TEAM).text
    for words in ("Make owner", "Make organiser", "out of the team</button>", "Add to the team"):
        assert words not in text
    assert "To add somebody, ask an owner." in text
    where, said = press(client, f"/{people['Ben']}/remove")
    assert where == "/manage/"
    assert "You have left the team of “Bolivia”." in said
    assert client.get(TEAM).status_code == 404
    assert members(app) == {"Ada": "owner"}
    assert acts(app) == [("team.left", "ben@example.org", {"account": "ben@example.org"})]


def test_an_admin_who_leaves_still_manages_it(app, client, people):
    with app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == "bolivia")).one()
        join(event, db.session.get(User, people["Dora"]), "organiser")
        db.session.commit()
    sign_in(client, people["Dora"])
    assert press(client, f"/{people['Dora']}/remove")[0] == TEAM


def test_add_somebody_in_the_browser(app, client, people):
    sign_in(client, people["Ada"])
    page = client.page(TEAM)
    answer = client.post(TEAM, data=filled(page) | {"email": "emil@example.org"})
    assert (answer.status_code, answer.location) == (302, TEAM)
    assert "Emil may manage this event now." in client.page(TEAM).text
    assert members(app) == {"Ada": "owner", "Ben": "organiser", "Emil": "organiser"}
    assert acts(app) == [
        ("team.added", "ada@example.org", {"account": "emil@example.org", "role": "organiser"})
    ]
    # From now on Emil finds it among his events.
    sign_in(client, people["Emil"])
    assert "Bolivia" in client.page("/manage/").text
    assert client.get(TEAM).status_code == 200


def test_change_and_remove_in_the_browser(app, client, people):
    sign_in(client, people["Ada"])
    ben = people["Ben"]
    assert "Ben is an owner now." in press(client, f"/{ben}/role", role="owner")[1]
    assert members(app) == {"Ada": "owner", "Ben": "owner"}
    assert "Ben is an organiser now." in press(client, f"/{ben}/role", role="organiser")[1]
    assert "Ben is no longer in the team." in press(client, f"/{ben}/remove")[1]
    assert "That person is not in the team (any more)." in press(client, f"/{ben}/remove")[1]
    assert members(app) == {"Ada": "owner"}
    assert [act[0] for act in acts(app)] == ["team.role", "team.role", "team.removed"]
    assert acts(app)[0][2] == {"account": "ben@example.org", "role": "owner"}


def test_who_was_taken_out_sees_404_at_once(app, client, people):
    ben = app.test_client()
    sign_in(ben, people["Ben"])
    assert ben.get(TEAM).status_code == 200
    sign_in(client, people["Ada"])
    press(client, f"/{people['Ben']}/remove")
    assert ben.get(TEAM).status_code == 404


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": ""}, "The e-mail address is missing."),
        ({"email": "emil"}, "That is not an e-mail address. It should look like name@example.org."),
        ({"email": "x" * 300 + "@example.org"}, "That address is too long."),
        ({"email": "ben@example.org"}, "Ben is in the team already."),
        ({"email": "ana@example.org"}, "Nobody can sign in with ana@example.org yet."),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(app, client, people, typed, sentence):
    sign_in(client, people["Ada"])
    form = filled(client.page(TEAM)) | typed | {"role": "owner"}
    page = client.post(TEAM, data=form).parsed
    assert (page.status, errors(page)) == (400, {"email": sentence})
    again = filled(page)
    assert (again["email"], again["role"]) == (typed["email"], "owner")
    assert members(app) == {"Ada": "owner", "Ben": "organiser"}


def test_a_role_that_does_not_exist(app, client, people):
    sign_in(client, people["Ada"])
    form = filled(client.page(TEAM)) | {"email": "emil@example.org", "role": "admin"}
    page = client.post(TEAM, data=form).parsed
    assert (page.status, set(errors(page))) == (400, {"role"})
    assert "In a team people are owners or organisers." in press(client, f"/{people['Ben']}/role", role="admin")[1]  # fmt: skip
    assert members(app) == {"Ada": "owner", "Ben": "organiser"}


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("Ada", "Accounts are made by the admins of this site."),
        ("Dora", '<a href="/admin/users/new">Make an account for them</a>'),
    ],
)
def test_an_address_without_an_account_leads_on(client, people, reader, words):
    sign_in(client, people[reader])
    form = filled(client.page(TEAM)) | {"email": "ana@example.org"}
    text = client.post(TEAM, data=form).parsed.text
    assert words in text
    assert ("/admin/users/new" in text) == (reader == "Dora")


def test_a_disabled_account_looks_like_none(app, client, people):
    with app.app_context():
        db.session.get(User, people["Emil"]).disabled_at = NOW
        db.session.commit()
    sign_in(client, people["Ada"])
    form = filled(client.page(TEAM)) | {"email": "emil@example.org"}
    assert errors(client.post(TEAM, data=form).parsed) == {
        "email": "Nobody can sign in with emil@example.org yet."
    }


@pytest.mark.case("D25")
def test_an_old_page_is_shown_again_filled_in(app, client, people):
    sign_in(client, people["Ada"])
    form = filled(client.page(TEAM)) | {"email": "emil@example.org", "csrf_token": "old"}
    page = client.post(TEAM, data=form).parsed
    assert page.status == 400
    assert "please send it once more" in page.text
    assert client.post(TEAM, data=filled(page)).status_code == 302
    assert "Emil" in members(app)


def test_an_event_without_a_team_is_explained_to_admins(app, client, people):
    with app.app_context():
        db.session.execute(sa.delete(Membership))
        db.session.commit()
    sign_in(client, people["Dora"])
    text = client.page(TEAM).text
    assert "Nobody is in the team of this event" in text
    assert "Add to the team" in text


@pytest.mark.case("D31")
def test_organisers_of_other_events_see_404_and_change_nothing(app, client, people):
    sign_in(client, people["Cleo"])
    token = client.page("/manage/events/cleos/team").field("csrf_token")
    before = members(app)
    assert client.get(TEAM).status_code == 404
    for path, fields in {
        "": {"email": "cleo@example.org", "role": "owner"},
        f"/{people['Ben']}/role": {"role": "owner"},
        f"/{people['Ada']}/remove": {},
        f"/{people['Cleo']}/remove": {},
    }.items():
        assert client.post(TEAM + path, data=fields | {"csrf_token": token}).status_code == 404
    assert members(app) == before


@pytest.mark.case("D31")
def test_members_of_another_event_are_not_found_below_ones_own(app, client, people):
    sign_in(client, people["Cleo"])
    token = client.page("/manage/events/cleos/team").field("csrf_token")
    for path in (f"/{people['Ben']}/role", f"/{people['Ben']}/remove", "/999999999/remove"):
        address = f"/manage/events/cleos/team{path}"
        answer = client.post(address, data={"csrf_token": token, "role": "owner"})
        assert answer.location == "/manage/events/cleos/team"
        assert "That person is not in the team" in client.page(answer.location).text
    assert members(app) == {"Ada": "owner", "Ben": "organiser"}


@pytest.mark.case("D36")
def test_fields_that_are_not_in_the_form_are_ignored(app, client, people):
    sign_in(client, people["Ada"])
    form = filled(client.page(TEAM)) | {
        "email": "emil@example.org", "is_admin": "1", "user_id": str(people["Cleo"]), "event_id": "2",
    }  # fmt: skip
    client.post(TEAM, data=form)
    assert members(app) == {"Ada": "owner", "Ben": "organiser", "Emil": "organiser"}
    with app.app_context():
        assert db.session.get(User, people["Emil"]).role == "organiser"


def test_two_owners_who_leave_at_once_do_not_leave_it_alone(app, client, people):
    browsers = []
    for name in ("Ada", "Ben"):
        browser = app.test_client()
        sign_in(browser, people[name])
        browsers.append((browser, people[name], browser.page(TEAM).field("csrf_token")))

    def leave(barrier, browser, user_id, token):
        barrier.wait()
        browser.post(f"{TEAM}/{user_id}/remove", data={"csrf_token": token})

    for _round in range(5):
        with app.app_context():
            event = db.session.scalars(sa.select(Event).where(Event.slug == "bolivia")).one()
            db.session.execute(sa.delete(Membership).where(Membership.event_id == event.id))
            for name in ("Ada", "Ben"):
                join(event, db.session.get(User, people[name]), "owner")
            db.session.commit()
        barrier = threading.Barrier(2)
        threads = [threading.Thread(target=leave, args=(barrier, *found)) for found in browsers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(members(app)) == 1
    assert len(acts(app)) == 5
