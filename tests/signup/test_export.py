"""The list as files: what stands in them, that nothing in them is a formula, and that only who may gets one."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from tests.conftest import NOW
from tests.factories import make_signup, make_user
from tests.signin import sign_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import CoHost, Event
from webapp.signup import export, operations
from webapp.signup.models import Answer, Consent, Question, Signup

PATH = "/manage/events/evening/signups"
NASTY = ["=1+1", "+49 30 1234", "-x", "@cmd", "\tTab", "\rReturn", 'say "hi", and; more\nlines', "Łukasz Żó", "=cmd|' /C calc'!A0", "محمد"]  # fmt: skip


@pytest.fixture
def ada(app: Flask, make: Any, visitors: Any) -> Any:
    make(ada=True, host_name="Friends")
    with app.app_context():
        db.session.add(CoHost(event_id=1, position=0, key="wiphalas", name="Wiphalas"))
        db.session.commit()
    client = visitors().client
    sign_in(client, 1)
    return client


def _fill(app: Flask) -> None:
    """One person for each nasty name, who answers with it too; the first has everything there is."""
    with app.app_context():
        event = db.session.get_one(Event, 1)
        question = Question(event_id=1, key="why", label="=Why?", type="text")
        db.session.add(question)
        db.session.flush()
        for number, name in enumerate(NASTY):
            signup = make_signup(event, "x", email=f"p{number}@example.org")
            signup.name = name
            db.session.add(Answer(signup_id=signup.id, question_id=question.id, value=name))
        first = db.session.get_one(Signup, 1)
        first.proved_at, first.companions, first.access_needs = NOW, 2, ["=Captions"]
        for kind, key in (("event", None), ("contact", "wiphalas")):
            db.session.add(Consent(signup_id=1, kind=kind, host_key=key, wording="x", version="1", agreed_at=NOW))  # fmt: skip
        operations.tag(event, [1, 2], "=Press", NOW, by="a test")
        operations.tag(event, [1], "VIP", NOW, by="a test")
        db.session.commit()


def _get(client: Any, kind: str, **more: str) -> Any:
    token = client.page(PATH).field("csrf_token")
    sent = {"csrf_token": token, "kind": kind, "choice": urlencode(more)}
    return client.post(f"{PATH}/export", data=sent)


def _csv(client: Any, **more: str) -> list[list[str]]:
    text = _get(client, "csv", **more).get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def _xlsx(client: Any, **more: str) -> list[list[Any]]:
    answer = _get(client, "xlsx", **more)
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data()))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


@pytest.mark.case("D40")
@pytest.mark.case("D41")
@pytest.mark.case("D42")
def test_both_files_say_the_same_and_none_of_it_is_a_formula(app: Flask, ada: Any) -> None:
    _fill(app)
    plain, sheet = _csv(ada), _xlsx(ada)
    assert len(plain) == len(sheet) == len(NASTY) + 1
    assert {len(row) for row in plain} == {len(row) for row in sheet} == {len(plain[0])}
    names = [row[0] for row in sheet[1:]]
    # A spreadsheet's own format knows no carriage return inside a text.
    assert [name.replace("_x000D_", "\r") for name in names] == NASTY
    for row, said in zip(plain[1:], NASTY, strict=True):
        # The library that defuses also takes the pipe its meaning.
        assert row[0].lstrip("'").replace("\\|", "|") == said
        assert not row[0].startswith(tuple("=+-@"))
    column = sheet[0].index("=Why?")
    assert [row[column].replace("_x000D_", "\r") for row in sheet[1:]] == NASTY
    first = dict(zip(sheet[0], sheet[1], strict=True))
    assert first["Tags"] == "=Press; VIP"
    assert first["Coming with them"] == "2"
    assert first["What would help them"] == "=Captions"
    assert first["May be contacted by Wiphalas"] == "yes"
    assert first["May be contacted by Friends"] == ""
    assert first["Agreed that it is kept (UTC)"] == "2027-04-06T17:00:00Z"
    assert first["Address confirmed (UTC)"] == "2027-04-06T17:00:00Z"


@pytest.mark.case("D40")
def test_the_sheet_has_no_formula_link_or_number_that_somebody_typed(app: Flask, ada: Any) -> None:
    _fill(app)
    with app.app_context():
        db.session.get_one(Signup, 2).name = "https://evil.example"
        db.session.get_one(Signup, 3).name = "0049301234"
        db.session.commit()
    answer = _get(ada, "xlsx")
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evening-signups.xlsx"'
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as file:
        sheet = file.read("xl/worksheets/sheet1.xml").decode()
        assert not any("rels" in name and "sheet1" in name for name in file.namelist())
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "0049301234" in sheet


def test_only_what_the_filter_finds(app: Flask, ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    _fill(app)
    assert [row[1] for row in _csv(ada, tag="=press")[1:]] == ["p0@example.org", "p1@example.org"]
    assert [row[1] for row in _xlsx(ada, tag="=press", q="p1@")[1:]] == ["p1@example.org"]
    assert [row[-3] for row in _csv(ada, tag="=press")[1:]] == ["'=Press; VIP", "'=Press"]
    assert len(_csv(ada, not_tag="=press")) == len(NASTY) - 1
    assert len(_csv(ada, q="nobody")) == 1
    column = _csv(ada)[0].index("'=Why?")
    assert [row[column] for row in _csv(ada, contact="wiphalas")[1:]] == ["'=1+1"]


def test_nothing_of_it_stays_on_disk(app: Flask, ada: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _fill(app)
    assert len(_xlsx(ada)) == len(NASTY) + 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(export.Table, "rows", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _get(ada, "xlsx")
    assert list(tmp_path.iterdir()) == []


def test_more_than_a_sheet_holds(app: Flask, ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_IN_XLSX", 3)
    _fill(app)
    assert _get(ada, "xlsx").status_code == 303
    assert "Take the CSV file." in ada.page(PATH).text
    with pytest.raises(Refused):
        export.check_fits(4)


@pytest.mark.case("D32")
def test_nobody_else_gets_the_file(app: Flask, ada: Any, visitors: Any) -> None:
    _fill(app)
    with app.app_context():
        cleo = make_user("Cleo").id
        db.session.commit()
    stranger, nobody = visitors().client, visitors().client
    sign_in(stranger, cleo)
    for kind in ("csv", "xlsx"):
        for client, status in ((stranger, 404), (nobody, 401)):
            token = client.page("/events/evening/signup").field("csrf_token")
            answer = client.post(f"{PATH}/export", data={"csrf_token": token, "kind": kind})
            assert answer.status_code == status
            assert "example.org" not in answer.get_data(as_text=True)
    # There is no address of a file that could be passed on.
    assert ada.get(f"{PATH}/export").status_code in (404, 405)
    token = ada.page(PATH).field("csrf_token")
    ada.post("/sign-out", data={"csrf_token": token})
    assert ada.post(f"{PATH}/export", data={"csrf_token": token}).status_code in (400, 401)
