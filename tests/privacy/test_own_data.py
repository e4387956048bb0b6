"""What is kept about somebody, for that person: complete, and nothing of anybody else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.cast import LIVE, Cast
from tests.conftest import PageClient
from tests.mail.messages import FOLDER
from webapp import tokens
from webapp.db import Base, db
from webapp.mail.models import STATES, OutgoingMail
from webapp.mailing.models import KINDS
from webapp.privacy import own_data, own_words
from webapp.privacy.holdings import HOLDINGS, OTHERS
from webapp.signup.models import Signup, SignupChange

pytestmark = pytest.mark.case("D78")
BY_KEY = {holding.key: holding for holding in HOLDINGS}

# What is not shown, with the reason: holdings, and columns of those that are ("" for every table).
HOLDINGS_LEFT_OUT = {
    "visit_names": "the name of a guest; with a person's own visits it is shown",
    "link_sendings": "that the links were sent stands among the changes",
    "imported": "that a list brought them in stands among the changes",
    "import_files": "a list that waits knows of no sign-up yet",
    "batches": "that somebody's turn in a task of the organisers has not come yet; what came of it is shown as a change",
    "signup_tags": "shown with the words of the tags",
}
COLUMNS_LEFT_OUT = {
    "": {
        "id": "a number of ours that says nothing",
        "event_id": "a number of ours that says nothing",
        "signup_id": "a number of ours that says nothing",
        "name_key": "the name once more, written for comparing",
        "email_key": "the address once more, written for comparing",
        "address_key": "the address once more, written for comparing",
    },
    "signups": {"erased_at": "an erased person has no page"},
    "handed_over": {
        "handover_id": "to whom and when is shown",
        "address_mark": "an unreadable mark of the address, which is shown",
    },
    "invitations": {
        "public_id": "stands in the link of the mail",
        "import_id": "a number of ours that says nothing",
        "erased_at": "an erased one names nobody",
    },
    "answers": {"question_id": "the question's words are shown"},
    "tags": {"key": "the word once more, written for comparing"},
    "visit_keys": {"person_key": "stands with the sign-up"},
    "companions": {"person_key": "stands with the sign-up"},
    "chosen": {
        "mailing_id": "the kind of mail is shown",
        "turn": "a number of ours that says nothing",
        "invitation_id": "the invitation is shown",
    },
    "mails": {
        "person": "stands with the sign-up",
        "to_former": "that the address was corrected stands among the changes",
        "html": "the text once more, with its looks",
        "calendar_method": "stands in the calendar entry",
        "unsubscribe_url": "stands in the text",
        "secrets": "the links that stand in the text",
        "lane": "in what order mails leave",
        "lane_rank": "in what order mails leave",
        "next_try_at": "when the machine turns to it",
        "give_up_at": "when the machine turns to it",
        "leased_until": "when the machine turns to it",
        "leased_by": "which machine turns to it",
    },
}


def test_every_holding_has_a_section_or_a_reason() -> None:
    shown = {section.key for section in own_data.SECTIONS}
    assert shown | set(HOLDINGS_LEFT_OUT) == set(BY_KEY)
    assert not shown & set(HOLDINGS_LEFT_OUT)
    for section in own_data.SECTIONS:
        assert section.table.__tablename__ == BY_KEY[section.key].table


@pytest.mark.parametrize("section", own_data.SECTIONS, ids=lambda section: section.key)
def test_every_column_is_shown_or_has_a_reason(section: own_data.Section) -> None:
    columns = {column.name for column in section.table.__table__.columns}
    left_out = {*COLUMNS_LEFT_OUT[""], *COLUMNS_LEFT_OUT.get(section.key, ())} & columns
    assert set(section.shown) | left_out == columns
    assert not set(section.shown) & left_out


def test_no_table_that_knows_a_signup_is_left_out() -> None:
    """By its foreign keys, whatever anybody wrote down about it."""
    known = {holding.table for holding in HOLDINGS}
    leads = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "signups"
    }
    assert leads <= known
    assert not leads & set(OTHERS)


@pytest.fixture
def ana(cast: Cast) -> Any:
    client = PageClient(cast.app, cast.app.response_class)
    return client, f"/my/{cast.evening.links['my'][0]}"


def test_the_page_and_the_file_hold_everything_of_one_person(cast: Cast, ana: Any) -> None:
    client, my = ana
    page = client.page(f"{my}/data")
    answer = client.post(f"{my}/data")
    assert answer.headers["Cache-Control"] == client.get(f"{my}/data").headers["Cache-Control"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    found = answer.json
    with cast.app.app_context():
        [signup] = found["signups"]
        row = db.session.query(Signup).filter_by(public_id=signup["public_id"]).one()
        assert (signup["name"], signup["email"]) == (row.name, row.email)
        # Every holding of the cast's first person has rows, and each is there.
        for section in own_data.SECTIONS:
            rows = db.session.execute(section.which(row)).all()
            assert len(found[section.key]) == len(rows)
    assert found["answers"] == [{"question": "Your quetzal town", "value": "quetzal town"}]
    assert {consent["wording"] for consent in found["consents"]} == {"I agree, says quetzal"}
    for part in ("visit_keys", "mails", "consents", "answers"):
        assert found[part], f"the cast's first person has no {part}"
    for text in ("Your quetzal town", "I agree, says quetzal", str(signup["email"])):
        assert text in page.text


def test_nothing_of_anybody_else_is_in_it(cast: Cast, ana: Any) -> None:
    client, my = ana
    with cast.app.app_context():
        rows = db.session.query(Signup).all()
        mine = json.loads(json.dumps(client.post(f"{my}/data").json))["signups"][0]["public_id"]
        me = next(row for row in rows if row.public_id == mine)
        db.session.add(SignupChange(signup_id=me.id, at=LIVE, actor="ada@quetzal.example.org", what="edited", details={}))  # fmt: skip
        db.session.commit()
        others = [row for row in rows if row.public_id != mine]
        secrets = [text for row in others for text in (row.name, row.email, row.public_id) if text]
    for text in (client.post(f"{my}/data").text, client.page(f"{my}/data").text):
        assert [secret for secret in secrets if secret in text] == []
        for staff in ("ada@", "ben@"):
            assert staff not in text
    assert {"the organisers"} <= {c["actor"] for c in client.post(f"{my}/data").json["changes"]}


def test_it_needs_the_link_that_only_the_mailbox_has(cast: Cast, ana: Any) -> None:
    client, _ = ana
    with cast.app.app_context():
        evening = cast.evening
        wrong = [*evening.links["join"], *evening.links["confirm"], *evening.links["guest"], tokens.sign_lasting("my", [evening.event_id, "x"])]  # fmt: skip
    for token in wrong:
        assert client.get(f"/my/{token}/data").status_code == 404
        assert client.post(f"/my/{token}/data").status_code == 404


def test_a_passed_on_link_is_not_a_tap(app: Flask, cast: Cast, ana: Any) -> None:
    client, my = ana
    app.config["RATELIMIT_ENABLED"] = True
    with time_machine.travel(LIVE, tick=False):
        answers = [client.post(f"{my}/data").status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_codes_stand_in_words_on_the_page_and_beside_themselves_in_the_file(cast: Cast, ana: Any) -> None:  # fmt: skip
    client, my = ana
    mail = client.post(f"{my}/data").json["mails"][0]
    assert (mail["message"], mail["message_in_words"]) == ("confirmed", "you have a place")
    with cast.app.app_context():
        # Whoever signed up in Spanish reads their page in it.
        db.session.execute(sa.update(Signup).values(language="es"))
        db.session.commit()
    page = client.page(f"{my}/data")
    assert "<bdi>tienes un lugar</bdi>" in page.text
    assert "<bdi>confirmed</bdi>" not in page.text


def test_changes_tries_and_zones_stand_in_words_and_in_the_persons_own_zone(cast: Cast, ana: Any) -> None:  # fmt: skip
    client, my = ana
    with cast.app.app_context():
        db.session.execute(sa.update(Signup).values(language="es", timezone="America/La_Paz"))
        db.session.execute(
            sa.update(OutgoingMail).values(attempts=[{"at": 1795527369620, "said": "250 OK"}])
        )
        db.session.execute(
            sa.insert(SignupChange),
            [
                {"signup_id": one.id, "at": one.created_at, "actor": "itself", "what": "offered", "details": {"until": 1795536000000}}
                for one in db.session.scalars(sa.select(Signup))
            ],
        )  # fmt: skip
        db.session.commit()
    page = client.page(f"{my}/data").text
    for words in (
        "<bdi>se liberó un lugar y se te ofreció</bdi>",
        "<bdi>El lugar ofrecido se guarda hasta: 24 nov 2026, 12:00 (hora de La Paz)</bdi>",
        "<bdi>24 nov 2026, 09:36 (hora de La Paz): 250 OK</bdi>",
        "<bdi>hora de La Paz</bdi>",
    ):
        assert words in page, words
    assert not re.search(r"\b17955\d+|America/La_Paz|>offered<", page)
    taken = client.post(f"{my}/data").json
    (offered,) = (row for row in taken["changes"] if row["what"] == "offered")
    assert offered["details"] == {"until": 1795536000000}
    assert offered["details_in_words"] == ["El lugar ofrecido se guarda hasta: 24 nov 2026, 12:00 (hora de La Paz)"]  # fmt: skip


def test_every_code_that_can_stand_there_has_words() -> None:
    """In the columns that are codes, by what the tables and the outbox can hold."""
    folders = {folder.name for folder in FOLDER.iterdir() if folder.is_dir()}
    to_organisers = {"_written", "cohost_removals", "handover_waiting", "trial"}
    assert set(own_words.MESSAGES) == folders - to_organisers
    assert set(own_words.WORDS["chosen"]["kind"]) == set(KINDS)
    assert set(own_words.WORDS["mails"]["state"]) == set(STATES)
