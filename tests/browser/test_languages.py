"""Spanish from the poster to the person's own page, without JavaScript and by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, expect

from tests.browser.cast import Cast, Evening, make_evening
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.test_signing_up import tab_to
from webapp.accounts.models import User
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import links
from webapp.signup.models import Question, Signup

Visitor = Callable[..., BrowserContext]
SPANISH = {
    "title": "Una noche entre vecinas",
    "questions/river/label": "¿Cuál es tu río?",
    "questions/river/choices/The big one": "El grande",
}


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    with site.rows():
        found = make_evening(db.session.get_one(User, cast.ada), starts_in=3000)
        choices = ["The big one", "The small one"]
        db.session.add(
            Question(event_id=found.id, key="river", label="Which river is yours?", type="choice",
                     choices=choices, position=0, required=False)
        )  # fmt: skip
        event = db.session.get_one(Event, found.id)
        event.translations = {"es": {"texts": SPANISH, "of": {}}}
        event.touch()
    return found


def test_a_whole_sign_up_in_spanish_without_javascript(site: Site, evening: Evening, visitor: Visitor) -> None:  # fmt: skip
    browser = visitor(java_script_enabled=False, viewport=PHONE, locale="en-GB")
    page = browser.new_page()
    page.goto(evening.page)
    assert not browser.cookies()
    page.get_by_role("link", name="Español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SPANISH["title"])
    assert not browser.cookies()
    page.get_by_role("link", name="Reservar mi lugar").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reserva tu lugar")
    page.get_by_label("Tu nombre").fill("Ana")
    page.get_by_label("Tu dirección de correo").fill("ana en casa")
    page.get_by_label("El grande").check()
    page.get_by_label("Acepto que").check()
    page.get_by_role("button", name="Reservar mi lugar").click()
    # The browser itself says no to such an address, or we do.
    page.get_by_label("Tu dirección de correo").fill("ana.es@example.org")
    page.get_by_role("button", name="Reservar mi lugar").click()
    if page.get_by_role("button", name="Soy una persona").count():
        page.get_by_role("button", name="Soy una persona").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revisa tu correo")
    with site.rows():
        signup = db.session.scalars(
            sa.select(Signup).where(Signup.email == "ana.es@example.org")
        ).one()
        assert signup.language == "es"
        assert [answer.value for answer in signup.answers] == ["The big one"]
        my = links.my_token(signup)
    # Their own page knows it, in a browser that asks for English.
    page.goto(f"{site.url}/my/{my}")
    expect(page.get_by_role("heading", name="Ana, tienes un lugar")).to_be_visible()
    expect(page.get_by_text("El grande")).to_be_visible()
    page.get_by_role("link", name="Cambiar mis datos").click()
    page.get_by_label("Idioma de tus páginas y correos").select_option("en")
    page.get_by_label("Tu zona horaria").select_option("America/La_Paz")
    page.get_by_role("button", name="Guardar mis datos").click()
    expect(page.get_by_role("heading", name="Ana, you have a place")).to_be_visible()
    expect(page.get_by_text("On your own clock")).to_be_visible()


def test_the_switch_is_reached_by_keyboard(evening: Evening, visitor: Visitor) -> None:
    page = visitor(locale="en-GB").new_page()
    page.goto(evening.page)
    tab_to(page, "Español")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(SPANISH["title"])
    assert page.get_by_role("link", name="Español").get_attribute("aria-current") == "true"
    tab_to(page, "English")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(evening.title)


def test_a_spanish_browser_needs_no_choice(evening: Evening, visitor: Visitor) -> None:
    page = visitor(locale="es-BO").new_page()
    page.goto(evening.page)
    expect(page.get_by_role("heading", level=1)).to_have_text(SPANISH["title"])
    assert page.evaluate("document.documentElement.lang") == "es"
