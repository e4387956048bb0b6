"""Lists of the field's systems: recognised by content, every row a person or a reason."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from email_validator import EmailNotValidError, validate_email
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from webapp import addresses, spreadsheets
from webapp.errors import Refused
from webapp.signup.imports import people, sources, times
from webapp.signup.imports.people import Asked, Person, Settings
from webapp.signup.imports.sources import Listed
from webapp.signup.imports.times import Reading
from webapp.signup.questions import Ask

FILES = Path(__file__).parent / "files"
BERLIN = ZoneInfo("Europe/Berlin")
FIVE = ["chidi@example.com", "Eliska.Dvorak@example.org", "faye@example.com", "gita.rao@example.com", "iris.kemp@example.com"]  # fmt: skip
NOTHING = Asked((), {}, (), ("en", "es"))


def listed(data: bytes | str, asked: Asked = NOTHING) -> Listed:
    data = data.encode() if isinstance(data, str) else data
    return sources.recognise(spreadsheets.read(data), people.column_headings(asked))


def persons(data: bytes | str, asked: Asked = NOTHING, **settings: Any) -> list[Person]:
    found = listed(data, asked)
    defaults = {"mapping": found.mapping, "statuses": {}, "times": Reading(BERLIN, "mdy")}
    return list(people.read(found, Settings(**(defaults | settings)), asked))


def ask(key: str, kind: str, *choices: str, label: str = "") -> Ask:
    return Ask(hash(key) % 1000, key, label or key, kind, choices, False, None, None)


@pytest.mark.parametrize(("name", "system"), [
    ("eventbrite.csv", "eventbrite"), ("luma.csv", "luma"), ("pretix.csv", "pretix"), ("indico.csv", "indico"),
    ("hi-events.csv", "hi-events"), ("action-network.csv", "action-network"), ("zoom-registration.csv", "zoom"),
    ("people-semicolon-cp1252.csv", "spreadsheet"),
])  # fmt: skip
def test_the_samples(context: Flask, name: str, system: str) -> None:
    data = (FILES / name).read_bytes()
    found = persons(data)
    assert listed(data).system == system
    assert [p.address.text for p in found if p.address and p.state == "live"] == FIVE
    assert not any(p.problem or p.notes for p in found)
    assert [p.state for p in found if p.state != "live"] == ["gone"] * (len(found) - 5)
    assert found[0].name == "Chidi Okafor"
    first = {
        "eventbrite.csv": dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC),
        "action-network.csv": None,
        "people-semicolon-cp1252.csv": None,
    }
    at = dt.datetime(2026, 3, 2, 15, 0, 13, tzinfo=dt.UTC)
    assert found[0].registered_at == first.get(name, at)


def test_names_of_the_samples(context: Flask) -> None:
    assert [p.name for p in persons((FILES / "luma.csv").read_bytes())][:4] == [
        "Chidi Okafor", "Dvořák, Eliška", "Faye O'Neil", 'Gita "Gi" Rao',
    ]  # fmt: skip
    assert persons((FILES / "people-semicolon-cp1252.csv").read_bytes())[1].name == "Eliška Dvo?ák"


def test_who_has_unsubscribed_elsewhere_must_get_no_mail(context: Flask) -> None:
    found = persons((FILES / "action-network.csv").read_bytes())
    assert [p.no_mail for p in found] == [True, False, True, False, True]


def test_where_people_came_from(context: Flask) -> None:
    found = persons((FILES / "zoom-registration.csv").read_bytes())
    assert [p.source for p in found][:4] == [None, "newsletter", None, "newsletter"]


@pytest.mark.parametrize(("text", "expected"), [
    ("a@example.org\nb@example.org\n", ["a@example.org", "b@example.org"]),
    ("People\n\na@example.org\nb@example.org\n", ["a@example.org", "b@example.org"]),
    ("Ana <a@example.org>\n<b@example.org>\n", ["a@example.org", "b@example.org"]),
    ("mail\nmailto:a@example.org\n", ["a@example.org"]),
    ("Wer,Wohin\nAna,a@example.org\n", ["a@example.org"]),
    ("x;E-Mail-Adresse\n1;a@example.org\n", ["a@example.org"]),
    ("Title of it all\nMade,today\nName,Email,\nAna,a@example.org\n", ["a@example.org"]),
])  # fmt: skip
def test_any_spreadsheet(context: Flask, text: str, expected: list[str]) -> None:
    assert [p.address.text for p in persons(text) if p.address] == expected


@pytest.mark.parametrize(("text", "name"), [
    ("Name;Vorname;E-Mail\nKatari;Túpac;t@example.org", "Túpac Katari"),
    ("Nombre;Apellidos;Correo\nTúpac;Katari;t@example.org", "Túpac Katari"),
    ("Nom;Prénom;Courriel\nKatari;Túpac;t@example.org", "Túpac Katari"),
    ("Nom;Courriel\nTúpac Katari;t@example.org", "Túpac Katari"),
    ("Email\n\"Túpac Katari\" <t@example.org>", "Túpac Katari"),
    ("Email\nt@example.org", "t"),
    ("Name,Email\n\"Túpac\u202e\nKatari \",t@example.org", "Túpac Katari"),
])  # fmt: skip
def test_names_in_several_languages(context: Flask, text: str, name: str) -> None:
    assert persons(text)[0].name == name


def test_who_cannot_be_taken_is_named_with_the_line(context: Flask) -> None:
    found = persons('Name,Email\nAna,\nBea,b@@example\n"Cid,c@example.org\nDan,d@example.org\n')
    assert [(p.line, p.problem, p.value) for p in found] == [
        (2, "no e-mail address", ""), (3, "not an e-mail address", "b@@example"), (5, "", ""),
    ]  # fmt: skip
    assert [line for line, _why in listed('Name,Email\n"Cid,c@example.org\nDan,d@example.org\n').broken] == [2]  # fmt: skip


def test_slips_are_pointed_out_and_formulas_are_no_addresses(context: Flask) -> None:
    found = persons(
        "Email\ngina@gmial.com\n=cmd@example.net\n'+hal@example.net\nivo+news@gmail.com\n"
    )
    assert [(p.line, p.notes, p.problem) for p in found] == [
        (2, ["gina@gmial.com looks like a slip: gina@gmail.com?"], ""),
        (3, [], "begins like a formula, not like an e-mail address"),
        (4, [], "begins like a formula, not like an e-mail address"),
        (5, [], ""),
    ]
    assert found[0].address is not None


def test_statuses(context: Flask) -> None:
    text = "Email,Status\n" + "".join(
        f"p{n}@example.org,{word}\n"
        for n, word in enumerate(
            ["Paid", "PENDING", "waitlist", "Refunded", "Sold", "", "Sehr gut"]
        )
    )
    assert [p.state for p in persons(text)] == ["live", "waiting", "waitlist", "gone", "gone", "live", "gone"]  # fmt: skip
    assert [p.state for p in persons(text, statuses={"sold": "live", "paid": "gone"})] == [
        "gone", "waiting", "waitlist", "gone", "live", "live", "gone",
    ]  # fmt: skip


def test_answers_and_consents(context: Flask) -> None:
    asked = Asked(
        (
            ask("city", "text", label="Your town"), ask("which", "choices", "Talk, short", "Film", "Food"),
            ask("one", "choice", "Red", "Blue"), ask("vegan", "yes_no"), ask("age", "number"),
        ),
        {"friends": "Friends of Bolivia", "wipha": "Wiphalas"}, ("Captions", "Sign language"), ("en", "es"),
    )  # fmt: skip
    rows = [
        ["Email", "your TOWN", "which", "one", "vegan", "age", "May be contacted by Wiphalas", "What would help them", "Status", "Signed up (UTC)", "E-mail address", "Coming with them"],
        ["", "La Paz", "food; Talk, short", "red", "Sí", "3,5", "yes", "Captions; a seat in front", "", "", "a@example.org", "2"],
        ["", "-", "Pizza", "Green", "perhaps", "old", "no", "", "", "yesterday", "b@example.org", "many"],
    ]  # fmt: skip
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    first, second = persons(out.getvalue(), asked)
    by_key = {ask.key: first.answers[ask.id] for ask in asked.asks}
    assert by_key == {"city": "La Paz", "which": ["Talk, short", "Food"], "one": "Red", "vegan": True, "age": 3.5}  # fmt: skip
    assert first.contacts == [("wipha", "May be contacted by Wiphalas", "yes")]
    assert (first.needs, first.need_note, first.companions) == (("Captions",), "a seat in front", 2)
    assert [*second.answers.values()] == ["-"]
    assert second.contacts == []
    assert len(second.notes) == 6


@pytest.mark.case("D40")
def test_texts_that_were_made_safe_are_themselves_again(context: Flask) -> None:
    asked = Asked((ask("phone", "text"), ask("sum", "text")), {}, (), ("en",))
    (found,) = persons("Name,Email,phone,sum\n'=Ana,a@example.org,'+49 30 1234,'-1", asked)
    assert found.name == "=Ana"
    assert [*found.answers.values()] == ["+49 30 1234", "-1"]


@pytest.mark.parametrize(("texts", "order", "open_"), [
    (["13/02/26"], "dmy", ""), (["02/13/26"], "mdy", ""), (["03/02/26", "25/02/26"], "dmy", ""),
    (["03/02/26 16:00"], None, "03/02/26 16:00"), (["03/03/26"], None, ""), (["3.2.26"], "dmy", ""),
    (["2026-03-02"], None, ""), (["11/04/26"], None, "11/04/26"), (["04/12/26"], "mdy", ""), ([], None, ""),
])  # fmt: skip
def test_day_or_month_first_is_never_guessed(texts: list[str], order: str | None, open_: str) -> None:  # fmt: skip
    at = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    assert times.order_of(texts, at) == (order, open_)


def test_a_time_is_in_the_zone_that_was_said(context: Flask) -> None:
    assert Reading(ZoneInfo("America/La_Paz")).moment("2026-03-02 16:00") == dt.datetime(2026, 3, 2, 20, 0, tzinfo=dt.UTC)  # fmt: skip
    assert Reading(BERLIN).moment("Sep 26, 2026 7:05 PM") == dt.datetime(2026, 9, 26, 17, 5, tzinfo=dt.UTC)  # fmt: skip
    assert Reading(BERLIN).moment("March 2, 2026 16:00 +0000") == dt.datetime(2026, 3, 2, 16, 0, tzinfo=dt.UTC)  # fmt: skip
    assert Reading(BERLIN).moment("03/02/26") is None


@given(st.text(max_size=40), st.sampled_from(["dmy", "mdy", None]))
@example("9999-12-31 23:59", "dmy")
@example("1/1/0 99:99", "dmy")
@example("0001-01-01T00:00:00+23:59", None)
def test_any_time(text: str, order: Any) -> None:
    found = Reading(BERLIN, order).moment(text)
    assert found is None or found.tzinfo is dt.UTC


@pytest.mark.parametrize("name", ["bbb-dashboard.csv"])
def test_a_list_without_addresses_is_refused(context: Flask, name: str) -> None:
    with pytest.raises(Refused) as caught:
        listed((FILES / name).read_bytes())
    assert caught.value.code == "no_addresses"


ADDRESS = st.one_of(
    st.emails(),
    st.from_regex(r"[A-Za-z0-9._+'-]{1,70}@[A-Za-z0-9é.-]{1,70}", fullmatch=True),
    st.text(alphabet="aB.+@-_ é<>\"\n", max_size=30),
    st.sampled_from(["a@localhost", "a@example.invalid", "a@xn--bcher-kva.example", "a@bücher.example", "A@EXAMPLE.ORG", "a@b..c", "a@-b.org", " a@b.org ", "a@[1.2.3.4]"]),
)  # fmt: skip


@given(st.lists(ADDRESS, min_size=1, max_size=5))
def test_an_address_is_read_as_the_library_alone_would_read_it(migrated_app: Flask, texts: list[str]) -> None:  # fmt: skip
    """Domains are remembered; that must never show."""
    with migrated_app.app_context():
        for text in texts * 2:
            try:
                found = validate_email(
                    text.strip(), allow_smtputf8=False, check_deliverability=False, globally_deliverable=False, strict=True,
                )  # fmt: skip
                alone = f"{found.local_part}@{found.ascii_domain.lower()}"
            except EmailNotValidError:
                alone = ""
            if "." not in alone.rpartition("@")[2] or len(alone) > addresses.LONGEST:
                alone = ""
            read = addresses.find(text)
            assert (read.text if read else "") == alone, text


# Whatever stands in the rows: each is a person or has a reason, in the file's order.

SAMPLES = {path.name: path.read_text("latin-1") for path in sorted(FILES.iterdir()) if "teams" not in path.name}  # fmt: skip
ASKED = Asked(
    (ask("how", "choices", "A", "B"), ask("why", "paragraph", label="How did you hear about this event?"), ask("num", "number")),
    {"friends": "Friends"}, ("Captions",), ("en", "es"),
)  # fmt: skip
CELL = st.one_of(st.text(max_size=12), ADDRESS, st.sampled_from(["", "'", "'=", "\0", "yes", "Paid", "99/99/9999", "a" * 300]))  # fmt: skip


@given(st.data())
def test_any_rows_under_the_headings_of_each_system(migrated_app: Flask, data: st.DataObject) -> None:  # fmt: skip
    with migrated_app.app_context():
        _check_any_rows(data)


def _check_any_rows(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SAMPLES)))
    try:
        found = listed(SAMPLES[name])
    except Refused:
        return
    rows = data.draw(st.lists(st.lists(CELL, max_size=len(found.headings) + 2), max_size=6))
    out = io.StringIO()
    csv.writer(out).writerows([found.headings, *rows])
    try:
        again = listed(out.getvalue().encode(errors="replace"), ASKED)
        got = persons(out.getvalue().encode(errors="replace"), ASKED)
    except Refused as refused:
        assert str(refused)  # noqa: PT017 - any named refusal will do
        return
    assert [p.line for p in got] == [line.number for line in again.lines]
    for person in got:
        assert person.problem or (person.address and person.name), person
        assert "\0" not in person.name + (person.source or "") + (person.need_note or "")
