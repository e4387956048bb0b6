"""Names and answers are text: in pages, mails and calendar entries, whatever is written in them."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from tests.conftest import Page
from tests.signin import sign_in
from webapp.signup.people import clean_name, clean_source, name_key


@pytest.mark.case("D19")
@pytest.mark.parametrize(
    "name",
    ["Ana\r\nBcc: x@example.org", "Ana\nBcc: x", "A\x00na", "Ana \u202egnp.exe", "\ufeffAna"],
)
def test_names_with_unseen_characters_are_refused(
    make: Any, visitor: Any, house: Any, name: str
) -> None:
    answer = visitor.send(make(), name=name)
    assert answer.status_code == 422
    assert "character in it that cannot be seen" in Page(answer).text
    assert house.signups() == []


@pytest.mark.case("D19")
def test_the_length_of_a_name(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    assert visitor.send(slug, name="x" * 201).status_code == 422
    assert visitor.send(slug, name="   ").status_code == 422
    assert visitor.send(slug, name="x" * 200).status_code == 303
    assert house.signup().name == "x" * 200


@pytest.mark.case("D20")
@pytest.mark.parametrize("name", ['Łukasz "Żó" O\'Neill', "Ana 🎉", "عائشة", "李小龍"])
def test_names_of_all_scripts_stay_as_given(make: Any, visitor: Any, house: Any, name: str) -> None:
    assert visitor.send(make(), name=name).status_code == 303
    assert house.signup().name == name
    (mail,) = house.mails()
    # One that is read from right to left is kept apart from the words around it.
    assert f"Hello {name}," in mail.text.replace("\u2068", "").replace("\u2069", "")
    assert ("\u2068" in mail.text) == (name == "عائشة")
    calendar = icalendar.Calendar.from_ical(mail.calendar)
    (entry,) = calendar.walk("VEVENT")
    assert str(entry["attendee"].params["CN"]) == name.replace('"', "'")


@pytest.mark.case("D43")
@pytest.mark.parametrize(
    "name",
    ["Click http://evil.example now", "[Click](http://evil.example)", "www.evil.example", "evil.example/x"],
)  # fmt: skip
def test_a_name_is_never_a_link_in_a_mail(make: Any, visitor: Any, house: Any, name: str) -> None:
    assert visitor.send(make(), name=name).status_code == 303
    (mail,) = house.mails()
    for text in (mail.text, mail.html, mail.calendar, mail.to_name, mail.subject):
        assert "evil.example" not in text
        assert "http://evil" not in text


NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)",
    "<svg onload=alert(1)>", "{{7*7191}}", "{0.__class__}", "%(x)s", "${7*7191}",
]  # fmt: skip


@pytest.mark.case("D44")
@pytest.mark.case("D45")
@pytest.mark.parametrize("name", NASTY)
def test_markup_and_templates_in_a_name_are_text_everywhere(
    make: Any, visitors: Any, house: Any, name: str
) -> None:
    slug = make(ada=True)
    assert visitors().send(slug, name=name).status_code == 303
    (mail,) = house.mails()
    client = visitors().client
    sign_in(client, 1)
    path = f"/manage/events/{slug}/signups"
    person = house.signup().public_id
    pages = [
        client.page(house.link("my")).text,
        client.page(house.link("my") + "/cancel").text,
        client.page(path).text,
        client.page(path, query_string={"q": name}).text,
        client.page(f"{path}/{person}").text,
        client.page(f"{path}/{person}/erase").text,
        mail.html,
    ]
    for page in pages:
        # What the product of the two numbers would be; long enough not to stand in a random token.
        assert "50337" not in page
        for raw in ("<script>alert", "<img src=x", "<svg onload"):
            assert raw not in page
    assert "{{7*7191}}" not in name or name in mail.text
    # The strict page client has parsed each of them; an unsent form shows the name as text as well.
    answer = visitors().send(slug, name=name, email="")
    assert answer.status_code == 422
    Page(answer)


def test_cleaning() -> None:
    assert clean_name("  Ana   María ") == "Ana María"
    assert clean_name("A\u0301lvarez") == "Álvarez"
    assert name_key(" ANA  MARÍA ") == "ana maría"
    assert clean_source("  a b/c?d ") == "abcd"
    assert clean_source("<>") is None
