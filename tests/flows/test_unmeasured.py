"""The meeting is in another app, so nobody measures who is there: every page says so in words."""

from __future__ import annotations

import json

import pytest

from tests.flows.conftest import Announce
from tests.flows.story import Chair, Person, Story

MEETING = "https://meet.example.org/bolivia"


def goes_through_the_door(person: Person, address: str) -> None:
    """Opens the link, presses the button, and is on a page of ours that leads to the meeting."""
    sheet = person.browser.open(address)
    assert MEETING not in sheet.html
    sheet = person.browser.press("Go in" if "/join/" in address else "Go in as a guest")
    sheet.says("You are in", "We note that you went through this door, not how long you stay.")
    assert sheet.link("Open Meeting") == MEETING


@pytest.mark.parametrize("presence", ["door", "platform"])
def test_what_nobody_measured_is_unknown_everywhere(
    story: Story, announce: Announce, presence: str
) -> None:
    ada = announce(presence=presence)
    ana, ben, cem, dee = (story.person(name, f"{name.lower()}@example.org", strict=True) for name in ("Ana", "Ben", "Cem", "Dee"))  # fmt: skip
    for person in (ana, ben, cem, dee):
        person.signs_up()
    story.work()
    story.at(-30)
    ada.signs_in()
    guests, chair = ada.link_to_pass_on("guest"), Chair(story, ada.link_to_pass_on("chair"))
    ana.waits_at_the_door()
    story.at(0)
    chair.starts("Kate Hudson")
    for person in (ana, ben):
        goes_through_the_door(person, person.mail.link("join"))
    goes_through_the_door(story.somebody(), guests)
    # The phone put the tab to sleep: nobody is shown as gone for that.
    story.until(60)
    goes_through_the_door(cem, cem.mail.link("join"))
    # Ana's call broke down; she comes through the door again and is still one person.
    goes_through_the_door(ana, ana.mail.link("join"))
    story.until(80)
    ada.board_says(present="unknown", doors="4", confirmed="4", not_joined="1")
    ada.open().says("How many are there is unknown")
    ada.open("cockpit").says("how many are there is unknown until a file or the platform says so")
    chair.ends()
    story.until(90)

    found = story.figures_by_command()
    attendance = found["attendance"]
    assert attendance["people"] == {"low": 3, "high": 4, "identified": 3, "name_only": 0, "ambiguous": 0, "anonymous": 1}  # fmt: skip
    for part in (attendance, attendance["everybody"], attendance["by_source"][0]):
        assert (part["peak"], part["minutes"]) == (None, None)
    assert (attendance["doors"], attendance["guests"], attendance["crew"]) == (4, 1, 0)
    assert (attendance["registered_attended"], attendance["show_up_rate"]) == (3, 0.75)
    assert len(found["sessions"]) == 8
    for row in found["sessions"]:
        for name in ("people", "stayed", "at_start", "peak", "minutes", "average"):
            assert row[name] is None, row
    page = ada.open("attendance")
    for name in ("Peak", "Minutes together", "Median stay in minutes", "Minutes that were measured"):  # fmt: skip
        page.says(f"{name} unknown")

    ada.open("report")
    ada.browser.press("Write the draft from the data").says(
        "Nobody measured who was in the room when, so the report says nothing about who heard whom."
    )
    # A number that nobody knows cannot be the headline, not even for somebody who forces the form.
    ada.browser.press("Save the text", number="peak")
    ada.open("report/publish").says("unknown: choose another one")
    ada.browser.press("Publish the report", 400).says("The headline number you chose is unknown for this event.")  # fmt: skip
    ada.open("report")
    ada.browser.press("Save the text", number="people").says("Saved.")
    ada.open("report/publish")
    ada.browser.press("Publish the report").says("Version 1 is published.")
    report = story.browser().open("/events/bolivia/report")
    report.says(
        "Between 3 and 4 people came through the door to",
        "We know who came through the door, not who was in the room when: there is no curve, and nobody is said to have heard anybody.",
    )
    report.never_says("were in the room", "was in the room while", "Who was there when")
    document = json.loads(story.browser().client.get("/events/bolivia/report.json").data)
    assert (document["curve"], document["presence_known"]) == (None, False)
