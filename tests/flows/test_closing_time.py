"""Sign-up has hours, and a form that comes too late loses nothing that was typed."""

from __future__ import annotations

import pytest

from tests.flows.conftest import Announce
from tests.flows.story import Story


@pytest.mark.case("D05")
def test_a_form_opened_before_the_closing_time_and_sent_after_it(
    story: Story, announce: Announce
) -> None:
    ada = announce(opens_at="2027-04-01T09:00:00+01:00", closes_at="2027-04-06T18:00:00+01:00")
    ana = story.person("Ana Álvarez", "ana@example.org", strict=True)
    ana.browser.open("/events/bolivia/signup").says("Sign-up has not opened yet", "It opens on 1 Apr 2027, 09:00 (London time).")  # fmt: skip
    story.at(-61)
    ben = story.person("Ben", "ben@example.org")
    ben.signs_up()
    story.at(-60.1)
    ana.browser.open("/events/bolivia/signup")
    story.at(-60)
    sheet = ana.browser.press("Save my place", 409, name=ana.name, email=ana.email, consent="yes",
                              q_heard="A friend")  # fmt: skip
    sheet.says(
        "Sign-up is closed", "It closed on 6 Apr 2027, 18:00 (London time).",
        "What you had filled in stands below", "Ana Álvarez", "ana@example.org", "A friend",
    )  # fmt: skip
    story.work()
    assert story.mails(ana.email) == []
    assert story.finds_in_the_database("ana@example.org", "Ana Álvarez") == []
    ada.signs_in()
    ada.board_says(confirmed="1")
    # Who has a place goes in as planned, and can have the link sent again.
    story.wait(seconds=3)
    ben.browser.open("/events/bolivia/my-link")
    ben.browser.press("Send me my link", email=ben.email)
    story.work()
    assert len(story.mails(ben.email)) == 2
    story.at(0)
    ben.joins()


@pytest.mark.case("D05")
def test_a_form_sent_after_the_event_was_called_off(story: Story, announce: Announce) -> None:
    ada = announce()
    ana = story.person("Ana Álvarez", "ana@example.org", strict=True)
    ana.browser.open("/events/bolivia/signup")
    story.wait(minutes=1)
    ada.open("cancel")
    ada.browser.press("Call the event off")
    story.wait(seconds=3)
    ana.browser.press("Save my place", 409, name=ana.name, email=ana.email, consent="yes").says(
        "This event was called off", "Ana Álvarez", "ana@example.org"
    )
    story.work()
    assert story.mails(ana.email) == []
