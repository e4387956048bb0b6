from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.reports.evening import AFTER, make_evening
from webapp import create_app, migrate
from webapp.db import db
from webapp.reports import canonical, operations


def test_keys_sorted_no_spaces_utf8() -> None:
    text = canonical.dumps({"b": [1, None, True], "a": {"z": "Áñez ", "y": "é"}})
    assert text == '{"a":{"y":"é","z":"Áñez "},"b":[1,null,true]}'
    assert canonical.digest(text) == canonical.digest_bytes(text.encode())


@pytest.mark.parametrize(
    ("value", "text"),
    [(71.0, "71"), (0.6412, "0.6412"), (0.1 + 0.2, "0.3"), (1 / 3, "0.333333"), (-0.0, "0"), (5, "5")],
)  # fmt: skip
def test_numbers_have_one_spelling(value: float, text: str) -> None:
    assert canonical.dumps({"n": value}) == f'{{"n":{text}}}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), b"x", {"a": {3}}])
def test_what_json_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"document|frozen"):
        canonical.dumps({"n": value})


def test_times_are_whole_milliseconds() -> None:
    at = dt.datetime(2027, 4, 6, 18, 0, 1, 234_567, tzinfo=dt.UTC)
    assert canonical.moment(at) == "2027-04-06T18:00:01.234Z"
    assert canonical.moment(at.replace(microsecond=999)) == "2027-04-06T18:00:01Z"


def test_a_fingerprint_for_people() -> None:
    assert canonical.fingerprint("4f2a91c077de0000") == "4f2a 91c0 77de"


def _published(**values: Any) -> tuple[str, str, bytes]:
    event = make_evening(**values)
    operations.draft(event, at=AFTER, by="Ben Hayes")
    version = operations.publish(event, at=AFTER, by="Ben Hayes")
    return version.document, version.content_hash, version.pdf


def test_the_same_evening_gives_the_same_bytes_in_another_database(
    app: Flask, tmp_path: Any
) -> None:
    """Whatever engine the suite runs on against SQLite, with other row ids on one side."""
    with app.app_context():
        for _n in range(3):
            other = factories.make_event()
            speaker = factories.make_speaker(other, "Somebody")
            factories.make_session(other, "Something", speakers=[(speaker, "speaker")])
        here = _published()
        db.session.rollback()
    second = create_app(
        "testing", environ={}, instance=tmp_path,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'second.sqlite3'}",
    )  # fmt: skip
    with second.app_context():
        migrate.upgrade()
        there = _published()
        db.session.rollback()
        db.engine.dispose()
    assert here == there
