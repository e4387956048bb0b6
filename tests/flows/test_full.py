"""Twenty places and twenty-five people."""

from __future__ import annotations

import pytest

from tests.flows.conftest import Announce
from tests.flows.story import Person, Story

NO_PLACE = "All places are taken"


@pytest.mark.case("D01")
@pytest.mark.case("D28")
def test_twenty_places_and_twenty_five_people(story: Story, announce: Announce) -> None:
    ada = announce(capacity=20, waitlist=False)
    people = [story.person(f"Person {n}", f"p{n}@example.org", strict=n > 19) for n in range(25)]
    inside, outside = people[:20], people[20:]
    story.browser().open("/events/bolivia").says("20 places left")
    for person in outside:
        # They open the form while there are places and take their time.
        person.browser.open("/events/bolivia/signup")
    for person in inside:
        person.signs_up()
    story.wait(minutes=1)
    for person in outside:
        sends(person).says(NO_PLACE)
    ada.board_says(confirmed="20", pending="0", waitlisted="0")

    # Somebody who has a place gets the page that strangers get, and a mail with the links.
    story.work()
    stranger, known = story.somebody(), story.somebody()
    stranger.email, known.email = "stranger@example.org", inside[3].email
    pages = []
    for person in (stranger, known):
        person.name = "Somebody"
        person.browser.open("/events/bolivia/signup").says(NO_PLACE)
        pages.append(person.browser.client.post("/events/bolivia/signup", data=form_of(person)))
    assert [page.status_code for page in pages] == [409, 409]
    assert pages[0].text == pages[1].text
    story.work()
    assert story.mails("stranger@example.org") == []
    assert [mail.has("join") for mail in story.mails(known.email)] == [True, True]
    assert all(story.mails(person.email) == [] for person in outside)
    ada.board_says(confirmed="20")

    # A place that is given back is there for the next one who asks, and for one only.
    inside[0].gives_the_place_back()
    story.work()
    ada.board_says(confirmed="19", cancelled="1")
    story.wait(seconds=3)
    assert outside[0].signs_up().path.endswith("/thanks")
    story.wait(seconds=3)
    outside[1].browser.open("/events/bolivia/signup").says(NO_PLACE)
    inside[0].browser.open(inside[0].mail.link("my"))
    inside[0].browser.press("I want my place back", 409).says("All places have been taken since you left.")  # fmt: skip
    inside[1].gives_the_place_back()
    inside[0].wants_it_back()
    ada.board_says(confirmed="20", cancelled="1")
    ada.open("signups").says("All 21", "Confirmed 20", "Cancelled 1", "20 places")


def form_of(person: Person) -> dict[str, str]:
    """What a form sends that was opened elsewhere on the site."""
    token = person.browser.open("/events/bolivia/my-link").forms[0].fields["csrf_token"]
    person.story.wait(seconds=3)
    return {"csrf_token": token, "name": person.name, "email": person.email, "consent": "yes"}


def sends(person: Person):
    return person.browser.press(
        "Save my place", 409, name=person.name, email=person.email, consent="yes"
    )
