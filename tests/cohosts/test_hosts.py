"""Who hosts an event: their page, their order, their keys and their pictures."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.cohosts.conftest import HOSTS, agree
from tests.conftest import NOW
from tests.forms import errors
from webapp.cohosts import operations, pictures
from webapp.cohosts.models import HostLogo
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import CoHost, Event


def keys(app: Any) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(sa.select(CoHost.key).order_by(CoHost.position)))


def image(kind: str = "PNG", size: tuple[int, int] = (900, 300), **more: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "#1f6b43").save(buffer, kind, **more)
    return buffer.getvalue()


def upload(client: Any, raw: bytes, name: str = "logo.png", key: str = "wiphalas") -> Any:
    token = client.page(f"{HOSTS}/{key}").field("csrf_token")
    return client.post(
        f"{HOSTS}/{key}/logo",
        data={"csrf_token": token, "act": "put", "logo": (io.BytesIO(raw), name)},
        content_type="multipart/form-data",
    )


def test_cohosts_are_added_changed_and_put_in_order(app, ada):
    ada.send(HOSTS, {"name": "Kawsachun News", "url": "https://k.example"})
    assert keys(app) == ["wiphalas", "codepink", "kawsachun-news"]
    for _press in range(2):
        ada.send(f"{HOSTS}/kawsachun-news/up", at=HOSTS)
    assert keys(app) == ["kawsachun-news", "wiphalas", "codepink"]
    ada.send(f"{HOSTS}/wiphalas", {"name": "Wiphalas!", "url": "", "contact": "Office@W.example"})
    with app.app_context():
        found = db.session.scalars(sa.select(CoHost).where(CoHost.key == "wiphalas")).one()
        assert (found.name, found.url, found.contact_email) == ("Wiphalas!", None, "Office@w.example")  # fmt: skip
    page = ada.page("/events/evening").text
    assert page.index("Kawsachun") < page.index("Wiphalas!") < page.index("CODEPINK")


@pytest.mark.parametrize(("sent", "field"), [
    ({"name": ""}, "name"),
    ({"name": "A", "url": "javascript:alert(1)"}, "url"),
    ({"name": "A", "key": "Ä"}, "key"),
    ({"name": "A", "key": "wiphalas"}, "key"),
    ({"name": "A", "key": "friends"}, "key"),
])  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(app, ada, sent, field):
    answer = ada.send(HOSTS, sent)
    assert answer.status_code == 400
    assert list(errors(answer.parsed)) == [field]
    assert keys(app) == ["wiphalas", "codepink"]


def test_a_key_with_consents_goes_neither_by_the_settings_nor_by_a_file(app, event_id):
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        agree(event, "Ana", "wiphalas", "friends")
        others = [{"key": "codepink", "name": "CODEPINK"}]
        for values in ({"cohosts": others}, {"host_key": "other"}):
            with pytest.raises(Refused, match="so it stays"):
                events.update(event, values, at=NOW, by="test")
        # Names may change, and keys that nobody agreed to may go.
        both = [{"key": "wiphalas", "name": "W"}]
        events.update(event, {"cohosts": both}, at=NOW, by="test")
        assert [c.key for c in event.cohosts] == ["wiphalas"]


def test_a_cohost_with_consents_is_taken_out_only_by_their_number(app, ada, event_id):
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        for name in ("Ana", "Bea"):
            agree(event, name, "wiphalas")
        db.session.commit()
    page = f"{HOSTS}/wiphalas"
    assert "2 people agreed to hear from them" in ada.page(page).text
    for typed in ("", "1", "two"):
        ada.send(f"{page}/remove", {"consents": typed}, at=page)
        assert keys(app) == ["wiphalas", "codepink"]
    ada.send(f"{page}/remove", {"consents": "2"}, at=page)
    assert keys(app) == ["codepink"]


@pytest.mark.case("D61")
def test_a_picture_is_drawn_anew_and_served_from_a_place_without_cookies(app, ada, client):
    exif = Image.Exif()
    exif[0x010E] = "the place where it was taken"
    assert upload(ada, image("JPEG", exif=exif)).status_code == 303
    page = ada.page("/events/evening")
    (path,) = [e.get("src") for e in page.tree.iter("img")]
    assert [e.get("alt") for e in page.tree.iter("img")] == ["Wiphalas"]
    answer = app.test_client().get(path)
    assert answer.mimetype == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert b"the place" not in answer.data
    shown = Image.open(io.BytesIO(answer.data))
    assert (shown.format, shown.size) == ("WEBP", (640, 213))
    form = ada.page("/events/evening/signup")
    assert [e.get("src") for e in form.tree.iter("img")] == [path]
    # Another picture has another address.
    upload(ada, image(size=(100, 100)))
    assert ada.get(path).status_code == 404


@pytest.mark.case("D61")
@pytest.mark.parametrize("raw", [
    b"",
    b"MZ\x90\x00" + b"\0" * 100,
    b"<html><script>alert(1)</script></html>",
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    image("GIF"),
    image("BMP", size=(30, 30)),
    image()[:200],
    b"\x89PNG\r\n\x1a\n" + b"nothing",
], ids=["empty", "program", "html", "svg", "gif", "bmp", "cut", "head"])  # fmt: skip
def test_what_is_no_picture_is_refused_by_its_content(app, ada, raw):
    answer = upload(ada, raw)
    assert answer.status_code == 400
    assert "not a picture we can read" in answer.text
    with app.app_context():
        assert db.session.scalars(sa.select(HostLogo)).all() == []


@pytest.mark.case("D61")
def test_a_picture_too_large_is_not_unfolded(context):
    with pytest.raises(Refused, match="too many pixels"):
        pictures.read(image(size=(7000, 7000)))
    with pytest.raises(Refused, match="at most 4 MB"):
        pictures.read(b"x" * (pictures.LARGEST + 1))


def test_a_file_that_says_another_name_is_judged_by_what_it_holds(app, ada):
    assert upload(ada, image("WEBP"), name="logo.exe").status_code == 303


def test_a_picture_is_taken_away(app, ada):
    upload(ada, image())
    token = ada.page(f"{HOSTS}/wiphalas").field("csrf_token")
    ada.post(f"{HOSTS}/wiphalas/logo", data={"csrf_token": token, "act": "remove"})
    assert "<img" not in ada.page("/events/evening").text


def test_the_host_has_a_picture_too(app, ada):
    assert upload(ada, image(), key="friends").status_code == 303
    assert 'alt="Friends of Something"' in ada.page("/events/evening").text
    assert ada.post(f"{HOSTS}/friends", data={"csrf_token": ada.page(HOSTS).field("csrf_token")}).status_code == 404  # fmt: skip


def test_nobody_moves_what_a_colleague_took_out(app, event_id):
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        user = db.session.scalars(sa.select(events.User)).first()
        with pytest.raises(Refused):
            operations.move_up(event, "nobody", NOW, user)
