"""The picture that stands where an event's address is passed on."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests.conftest import NOW
from tests.factories import make_event
from webapp.db import db
from webapp.events.models import Event
from webapp.front import share_card


def card(context: Any, title: str, **values: Any) -> share_card.Card:
    with context.test_request_context("/events/evening"):
        return share_card.of(make_event(title=title, **values))


def address_of(page: str, name: str) -> str:
    start = page.index(f'{name}" content="') + len(name) + 11
    return page[start : page.index('"', start)].replace("&amp;", "&")


def test_the_page_names_a_picture_in_its_own_language(app: Any, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="evening", title="A short one", accent="#1f6b43")
        event.translations = {"es": {"texts": {"title": "Una corta"}, "of": {"title": "x"}}}
        db.session.commit()
    found = {}
    for language in ("en", "es"):
        page = client.get(f"/events/evening?lang={language}").text
        assert "summary_large_image" in page
        url = urlsplit(address_of(page, "og:image"))
        answer = client.get(f"{url.path}?{url.query}")
        assert answer.mimetype == "image/png"
        assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
        again = client.get(
            f"{url.path}?{url.query}", headers={"If-None-Match": answer.headers["ETag"]}
        )
        assert again.status_code == 304
        found[language] = (url.query, answer.data)
    assert found["en"] != found["es"]
    with app.app_context():
        event = db.session.get_one(Event, 1)
        event.title = "Another one"
        db.session.commit()
    app.extensions.pop("page_cache", None)
    page = client.get("/events/evening?lang=en").text
    assert urlsplit(address_of(page, "og:image")).query != found["en"][0]


def test_the_time_is_the_events_own_with_its_zone(context: Any) -> None:
    shown = card(context, "An evening", starts_at=NOW, timezone="America/La_Paz")
    assert "La Paz time" in shown.time
    assert shown.kicker == "Live online, from Friends of Something"
    assert card(context, "An evening", state="cancelled").badge == "Called off"


@pytest.mark.parametrize(
    ("title", "heading", "below"),
    [
        ("Bolivia: people first", "Bolivia", "people first"),
        ("Úrsula Áñez y los pueblos", "Úrsula Áñez y los pueblos", ""),
        ("أمسية عن بوليفيا", "أمسية عن بوليفيا", ""),
        ("A party for everybody \N{PARTY POPPER}", "A party for everybody", ""),
        # There is no font for these: whose evening it is says more than boxes.
        ("玻利维亚之夜", "Friends of Something", ""),
        ("W" * 30, "W" * 22 + "\u00ad" + "W" * 8, ""),
    ],
)
def test_what_no_font_has_is_left_out(context: Any, title: str, heading: str, below: str) -> None:
    shown = card(context, title)
    assert (shown.title, shown.subtitle) == (heading, below)


def test_nothing_that_people_write_is_markup(context: Any) -> None:
    plain, marked = card(context, "#rect(10pt) *a* $b$ @c"), card(context, "rect(10pt) a b @c")
    assert plain.title == "#rect(10pt) *a* $b$ @c"
    assert plain.picture() != marked.picture()


def test_the_longest_title_stays_inside_the_picture(context: Any) -> None:
    shown = card(context, ("Rindfleischetikettierungsüberwachung " * 6)[:199])
    picture = Image.open(io.BytesIO(shown.picture())).convert("L")
    dark = picture.point(lambda value: 255 if value < 128 else 0)
    left, _top, right, bottom = dark.crop((0, 20, 1200, 630)).getbbox()
    assert (left >= 70, right <= 1130, bottom <= 600) == (True, True, True)
