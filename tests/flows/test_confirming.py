"""Events where a place needs one more step: the click in the mail, or an organiser's yes."""

from __future__ import annotations

import pytest

from tests.flows.browser import SITE
from tests.flows.conftest import Announce
from tests.flows.story import Story


@pytest.mark.case("D17")
@pytest.mark.case("D37")
def test_the_address_is_proved_before_there_is_a_place(story: Story, announce: Announce) -> None:
    ada = announce(confirm_address=True, capacity=2, waitlist=False)
    ana, ben, cem, dee = (story.person(name, f"{name.lower()}@example.org", strict=True) for name in ("Ana", "Ben", "Cem", "Dee"))  # fmt: skip
    for person in (ana, ben, cem, dee):
        # None of them has a place yet, so the fourth one is not too many.
        person.signs_up().says("Press the button in it within 48 hours: that gives you your place.")
    ada.board_says(confirmed="0", pending="4")
    story.work()
    for person in (ana, ben, cem, dee):
        person.mail.says("one more step", "Bolivia Shows There Is An Alternative")
        assert not person.mail.has_entry
        assert not person.mail.has("join")
        assert not person.mail.has("my")

    # Mail scanners open links; that gives nobody a place.
    link = ana.mail.link("confirm")
    for method in (ana.browser.client.get, ana.browser.client.head):
        assert method(link).status_code == 200
    ada.board_says(confirmed="0", pending="4")
    for person in (ana, ben):
        person.browser.open(person.mail.link("confirm")).says(
            f"we know that {person.email} is yours"
        )
        person.browser.press("Yes, this is my address").says(f"{person.name}, you have a place")
    # The button once more changes nothing, and nobody is told off for it.
    ana.browser.open(link)
    ana.browser.press("Yes, this is my address").says("Ana, you have a place")
    cem.browser.open(cem.mail.link("confirm"))
    cem.browser.press("Yes, this is my address", 409).says("All places are taken")
    story.work()
    ada.board_says(confirmed="2", pending="2")
    for person in (ana, ben):
        assert len(story.mails(person.email)) == 2
        entry = person.mail.entry
        assert (entry.method, entry.attendee) == ("REQUEST", person.email)
        assert entry.location == SITE + person.mail.link("join")
    assert len(story.mails(cem.email)) == 1

    # After two days the link is worth nothing; a new one can be had.
    story.wait(hours=48, seconds=1)
    dee.browser.open(dee.mail.link("confirm"), 404)
    ben.gives_the_place_back()
    dee.browser.open("/events/bolivia/my-link")
    dee.browser.press("Send me my link", email=dee.email)
    story.work()
    dee.browser.open(dee.mail.link("confirm"))
    dee.browser.press("Yes, this is my address").says("Dee, you have a place")
    story.work()

    story.at(1)
    ana.joins().pulses()
    dee.joins().pulses()
    story.until(4)
    ada.signs_in()
    ada.board_says(confirmed="2", present="2", not_joined="0", pending="1", cancelled="1")
    found = story.figures_by_command()
    assert found["signups"] == {"confirmed": 2, "pending": 1, "cancelled": 1, "waitlisted": 0, "offered": 0, "declined": 0}  # fmt: skip
    # Who never proved the address is no no-show.
    assert found["attendance"]["show_up_rate"] == 1.0


@pytest.mark.case("D37")
def test_an_organiser_says_yes_or_no(story: Story, announce: Announce) -> None:
    ada = announce(approval=True)
    ana, ben, cem = (story.person(name, f"{name.lower()}@example.org", strict=True) for name in ("Ana", "Ben", "Cem"))  # fmt: skip
    for person in (ana, ben, cem):
        person.signs_up().says("The organisers look at each sign-up and then write to you.")
    story.work()
    for person in (ana, ben, cem):
        person.mail.says("your sign-up has arrived", "until they do, you have no place yet")
        assert not person.mail.has("join")
        assert not person.mail.has_entry
        sheet = person.browser.open(person.mail.link("my"))
        sheet.says("We have your sign-up")
        assert "/join/" not in sheet.html
    ada.board_says(confirmed="0", pending="3")

    ada.finds("Ana")
    ada.browser.press("Approve").says("Approved. A mail says so, with the links")
    ada.finds("Ben")
    ada.browser.press("Decline", reason="It is for members only; write to us to join.").says("Declined.")  # fmt: skip
    story.work()
    ada.board_says(confirmed="1", pending="1")
    ana.mail.says("you have a place")
    assert ana.mail.entry.location == SITE + ana.mail.link("join")
    ben.mail.says("could not give you a place", "It is for members only; write to us to join.")
    assert not ben.mail.has_entry
    assert not ben.mail.has("join")
    first = story.mails(ben.email)[0]
    ben.browser.open(first.link("my")).says("There was no place for you this time")
    # Nothing waits any more, so a late yes changes nothing.
    assert "Approve" not in ada.finds("Ben").text

    story.at(0)
    ana.joins().pulses()
    story.until(2)
    ada.signs_in()
    ada.board_says(confirmed="1", pending="1", present="1", doors="1", not_joined="0")
    assert story.figures_by_command()["signups"] == {"confirmed": 1, "pending": 1, "declined": 1, "cancelled": 0, "waitlisted": 0, "offered": 0}  # fmt: skip
