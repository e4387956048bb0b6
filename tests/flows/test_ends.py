"""When an event begins and when it is over: by a button, by nobody's button, and by one pressed too soon.

The evening is planned from minute 0 to 140.
"""

from __future__ import annotations

from tests.flows.conftest import Announce
from tests.flows.story import Chair, Organiser, Person, Story


def before(story: Story, announce: Announce, *names: str) -> tuple[Organiser, Chair, list[Person]]:
    """Everybody has signed up; it is ten minutes before the planned start."""
    ada = announce()
    people = [story.person(name, f"{name.lower()}@example.org", strict=True) for name in names]
    for person in people:
        person.signs_up()
    story.work()
    story.at(-10)
    ada.signs_in()
    return ada, Chair(story, ada.link_to_pass_on("chair")), people


def test_nobody_presses_end(story: Story, announce: Announce) -> None:
    ada, chair, (ana, ben, cem) = before(story, announce, "Ana", "Ben", "Cem")
    story.at(0)
    ana.joins()
    chair.starts("Kate Hudson")
    story.until(30)
    chair.next("Tim Young")
    story.until(150)
    # Ten minutes over the time it is as live as before, and people still come.
    ben.joins()
    ada.board_says(present="2", status="Live for 2 h 30 min")
    story.browser().open("/events/bolivia").says("Live now")
    story.until(199)
    cem.browser.open(cem.mail.link("join")).says("Live now")
    assert ana.tab is not None
    assert ana.tab.pulses()["ended"] is False
    story.until(200)
    # An hour after the planned end it is over, whoever is still looking at the page.
    assert ana.tab.pulses()["ended"] is True
    cem.browser.press("Go in").says("This event is over")
    refused = chair.browser.client.post(
        f"{chair.link}/press", headers={"Accept": "application/json"},
        data={"press_id": "a-late-finger", "act": "end", "expected_key": "tim-young"},
    )  # fmt: skip
    assert refused.status_code == 409
    assert refused.json["error"] == "Nobody pressed End, and the event is over since an hour after its planned end."  # fmt: skip
    story.until(210)
    ada.board_says(present="0", doors="2", not_joined="1", status="Over")

    found = story.figures_by_command()
    minutes = found["attendance"]["minutes"]
    # Ana was there from 0 to 200 and Ben from 150 to 200. Nobody said that the event took longer than
    # planned, so of the event itself they saw 140 minutes and none.
    assert (minutes["total"], minutes["within_event"]) == (250.0, 140.0)
    assert (minutes["average"], minutes["measured_share"]) == (125.0, 1.0)
    opening, tim, claudia = found["sessions"][:3]
    assert (opening["people"], opening["minutes"]) == (1, 30.0)
    # Tim's item was the last one that somebody started; it ran until the event was over.
    assert (tim["ended_at"], tim["people"], tim["minutes"]) == (None, 2, 170.0 + 50.0)
    # Claudia's never began as far as we know, so it stands with its planned time: 30 to 50.
    assert (claudia["started_at"], claudia["people"], claudia["minutes"]) == (None, 1, 20.0)


def test_an_end_pressed_too_soon_is_taken_back(story: Story, announce: Announce) -> None:
    ada, chair, (ana, ben) = before(story, announce, "Ana", "Ben")
    story.at(0)
    chair.starts("Kate Hudson")
    ana.joins()
    ben.joins()
    story.until(60)
    chair.ends().says("The evening has ended")
    assert ana.tab is not None
    assert ben.tab is not None
    assert ana.tab.pulses()["ended"] is True
    # Ben shuts his laptop at that; Ana leaves her page open.
    ben.tab.falls_silent()
    story.work()
    ada.board_says(present="0", status="Ended 20:00")
    story.at(62)
    chair.takes_the_end_back().says("The evening goes on.", "Kate Hudson")
    assert ana.tab.pulses()["ended"] is False
    story.work()
    ada.board_says(present="1", status="Live for 1 h 02 min")
    story.until(80)
    ben.joins()
    story.until(100)
    chair.ends()
    story.work()
    # Five minutes later it is done.
    story.at(105.1)
    refused = chair.browser.client.post(
        f"{chair.link}/press", headers={"Accept": "application/json"},
        data={"press_id": "too-late-an-undo", "act": "undo_end", "expected_key": ""},
    )  # fmt: skip
    assert refused.status_code == 409
    assert refused.json["error"] == "The end was more than five minutes ago and stays."
    chair.sees().never_says("Undo the end")
    story.until(110)

    found = story.figures_by_command()
    attendance = found["attendance"]
    # Two minutes of silence are bridged: Ana was there from 0 to 100, Ben until 60 and again from 80.
    assert attendance["minutes"]["total"] == 100.0 + 60.0 + 20.0
    assert attendance["people"]["low"] == attendance["people"]["high"] == 2
    assert attendance["minutes"]["measured_share"] == 1.0
    (opening, *_rest) = found["sessions"]
    assert opening["minutes"] == 180.0


def test_a_start_before_the_planned_time_opens_the_door(story: Story, announce: Announce) -> None:
    ada, chair, (ana, ben) = before(story, announce, "Ana", "Ben")
    ana.waits_at_the_door()
    story.at(-5)
    chair.starts("Kate Hudson")
    story.until(-4)
    ana.is_taken_in()
    ada.board_says(present="1", status="Live for 1 min")
    story.until(0)
    ben.joins()
    story.until(20)
    chair.next("Tim Young")
    story.until(40)
    chair.ends()
    story.until(44)
    found = story.figures_by_command()
    minutes = found["attendance"]["minutes"]
    # From -4 to 40, and from 0 to 40; all of it within the event, as it began early.
    assert (minutes["total"], minutes["within_event"]) == (84.0, 84.0)
    opening, tim = found["sessions"][:2]
    assert (opening["at_start"], opening["people"], opening["minutes"]) == (0, 2, 24.0 + 20.0)
    assert (tim["at_start"], tim["minutes"]) == (2, 40.0)
