"""The evening, from the event file to the corrected report, as one story.

Who does what and when stands in counted.py, with every figure worked out by hand. What is said here is
what people do; what is asserted is what they see.
"""

from __future__ import annotations

import pytest

from tests.flows import counted, papers
from tests.flows.browser import SITE
from tests.flows.cast import Cast
from tests.flows.conftest import Announce
from tests.flows.story import Chair, Organiser, Story

WHEN = "Tuesday, 6 April 2027, 19:00 to 21:20"
TITLE = "Bolivia Shows There Is An Alternative: Putting People and Planet First"


@pytest.mark.case("D07")
@pytest.mark.case("D17")
@pytest.mark.case("D21")
@pytest.mark.case("D22")
@pytest.mark.case("D49")
@pytest.mark.case("D52")
@pytest.mark.case("D67")
@pytest.mark.case("D68")
@pytest.mark.case("D77")
def test_the_evening(story: Story, announce: Announce) -> None:
    ada = the_event_is_announced(story, announce)
    cast = Cast(story)
    people_sign_up(story, cast, ada)
    the_mails_arrive(story, cast)
    some_cannot_come_after_all(story, cast, ada)
    chair = they_wait_at_the_door(story, cast, ada)
    the_evening_takes_place(story, cast, ada, chair)
    everything_is_counted(story, ada)
    published = the_report_is_published(story, ada)
    people_go_and_the_report_stays(story, cast, ada, published)
    a_mistake_is_put_right_in_sight(story, ada, published)


def the_event_is_announced(story: Story, announce: Announce) -> Organiser:
    ada = announce()
    ada.open().says("Bolivia Shows There Is An Alternative", "Starts in 19 days")
    story.browser().open("/events/bolivia").says("Kate Hudson", "Jeremy Corbyn", "19:00 to 21:20")
    return ada


def people_sign_up(story: Story, cast: Cast, ada: Organiser) -> None:
    """Fifty-nine of the sixty; Lena hears of it on the evening itself."""
    robot, doubled = cast.late[2], cast.whole[1]
    for person in cast.everybody:
        if person is cast.lena:
            continue
        if person is robot:
            # Something on his machine fills in every field it finds.
            person.fills_in_the_form(homepage="https://example.org").says("One more click")
            story.work()
            assert story.mails(person.email) == []
            ada.board_says(pending="1")
            thanks = person.browser.press("I am a person")
        else:
            thanks = person.signs_up(q_heard="A friend")
        thanks.says(f"A mail is on its way to {person.email}.")
        assert "/join/" not in thanks.html
        assert "/my/" not in thanks.html
    # He is not sure whether it worked the first time.
    again = doubled.fills_in_the_form(email=f" {doubled.email.upper()} ")
    assert again.path == "/events/bolivia/signup/thanks"
    ada.board_says(confirmed="59", pending="0", cancelled="0")


def the_mails_arrive(story: Story, cast: Cast) -> None:
    story.work()
    # Fifty-nine, and the links once more for the one who asked twice.
    assert len(story.receiver.messages) == 60
    uids = set()
    for person in cast.everybody:
        if person is cast.lena:
            continue
        mails = story.mails(person.email)
        assert len(mails) == (2 if person is cast.whole[1] else 1), person.name
        for mail in mails:
            assert mail.name == person.name
            mail.says(TITLE, WHEN, "London time", f"Hello {person.name},", f"{SITE}/events/bolivia")
            entry = mail.entry
            assert (entry.method, entry.status, entry.sequence) == ("REQUEST", "CONFIRMED", 0)
            assert (entry.starts_at, entry.ends_at) == (story.moment(0), story.moment(140))
            assert (entry.summary, entry.zone) == (TITLE, "Europe/London")
            assert (entry.attendee, entry.attendee_name) == (person.email, person.name)
            assert (entry.organizer, entry.organizer_name) == ("turnout@localhost", "Friends of Bolivia")  # fmt: skip
            assert entry.location == SITE + mail.link("join")
            assert entry.url == SITE + mail.link("my")
            uids.add(entry.uid)
        for mail in mails if len(mails) > 1 or person.browser.strict else ():
            person.browser.open(mail.link("my")).says(f"{person.name}, you have a place")
    assert len(uids) == 59


def some_cannot_come_after_all(story: Story, cast: Cast, ada: Organiser) -> None:
    story.wait(days=7)
    undecided = cast.whole[4]
    for person in (*cast.left_for_good, undecided):
        invited = person.mail.entry
        person.gives_the_place_back()
        story.work()
        person.mail.says(TITLE, WHEN, "you gave your place back")
        called_off = person.mail.entry
        assert (called_off.method, called_off.status) == ("CANCEL", "CANCELLED")
        assert (called_off.uid, called_off.sequence) == (invited.uid, 1)
        assert called_off.attendee == person.email
        assert called_off.location == ""
    undecided.wants_it_back()
    story.work()
    undecided.mail.says("good that you are back")
    entry = undecided.mail.entry
    assert (entry.method, entry.sequence, entry.uid) == ("REQUEST", 2, invited.uid)
    ada.signs_in()
    ada.board_says(confirmed="55", cancelled="4")
    for person in cast.crew:
        ada.finds(person.name)
        ada.browser.press("Count as crew").says("Counted as crew from now on.")


def they_wait_at_the_door(story: Story, cast: Cast, ada: Organiser) -> Chair:
    story.at(-45)
    ada.signs_in()
    guests = ada.link_to_pass_on("guest")
    chair = Chair(story, ada.link_to_pass_on("chair"))
    chair.sees().says("First comes", "Kate Hudson")
    # The mail may come too late now, so everybody gets the same link that names nobody.
    story.at(-20)
    assert cast.lena.signs_up().link("To the waiting room") == guests
    again = cast.whole[2].fills_in_the_form()
    assert again.link("To the waiting room") == guests
    story.at(-10)
    for person in (*cast.whole, *cast.left_at_eight, cast.two_tabs, cast.came_back, *cast.crew):
        person.waits_at_the_door()
    # The place that was given back has no link any more, but a way in as a guest.
    sheet = cast.bruno.browser.open(story.mails(cast.bruno.email)[0].link("join"))
    sheet.says("This sign-up is no longer on")
    assert sheet.link("Join as a guest") == guests
    story.work()
    ada.board_says(confirmed="56", doors="0", present="0", not_joined="56", status="Starts in 10 min")  # fmt: skip
    return chair


def the_evening_takes_place(story: Story, cast: Cast, ada: Organiser, chair: Chair) -> None:
    guests = ada.link_to_pass_on("guest")
    rosa, nameless, unscripted, second_device = (story.somebody() for _ in range(4))

    story.at(0)
    for person in (*cast.whole, *cast.left_at_eight, cast.two_tabs, cast.came_back, *cast.crew):
        person.is_taken_in()
    story.until(1)
    chair.starts("Kate Hudson").says("Now speaking, 1 of 8", "10:00 left")
    story.until(2)
    for person in cast.closed_tabs:
        person.joins()
    story.until(4)
    laptop = cast.laptop.joins()
    story.until(5)
    lenas_first = cast.lena.joins_as_guest(guests)
    story.until(6)
    ada.board_says(present="34", doors="34", confirmed="56", not_joined="22")

    story.until(10)
    chair.next("Tim Young")
    one_tab = cast.two_tabs.tab
    other_tab = cast.two_tabs.joins()
    assert one_tab is not None
    assert other_tab.pulses()["now"]["heading"] == "Tim Young"
    assert other_tab.pulses()["next"]["heading"] == "Claudia Turbet-Delof"
    ada.notes("tim-young", "A hunger bonus reached 4 million people")
    story.until(12)
    laptop.falls_silent()
    for person in cast.late:
        person.joins()
    story.until(15)
    rosa.joins_as_guest(guests, "Rosa Méndez")
    cast.whole[3].says_who_watches_along(3)
    cast.whole[4].says_who_watches_along(1)
    story.until(20)
    cast.looked_in.joins()
    cast.whole[4].says_who_watches_along(2)
    story.until(22)
    cast.looked_in.leaves()
    story.until(25)
    lenas_first.says_goodbye()
    cast.lena.joins()
    story.until(30)
    cast.came_back.leaves()
    nameless.joins_as_guest(guests)
    ada.board_says(present="44", doors="47", not_joined="11")

    story.until(31)
    # The train is in a tunnel: the press is sent twice, and counts once.
    pressed = chair.form_of("Next: Claudia")
    assert chair.sends(pressed)["outcome"] == "applied"
    assert chair.sends(pressed)["outcome"] == "repeated"
    ada.notes("claudia-turbet-delof", "an inspiration around the world", quote=True)
    story.until(33)
    unscripted.joins_as_guest(guests).never_runs_scripts()
    story.until(40)
    for person in cast.closed_tabs:
        assert person.tab is not None
        person.tab.falls_silent()
    cast.bruno.joins_as_guest(guests, "Bruno Díaz")

    story.until(50)
    late, stale = chair.form_of("Next: Leonardo"), chair.form_of("Next: Leonardo")
    story.until(51.5)
    # Her finger was on the button a minute and a half ago.
    assert chair.sends(late, late_ms=90_000)["outcome"] == "applied"
    # Somebody else's page still believed that Claudia was speaking.
    answer = chair.sends(stale)
    assert (answer["outcome"], answer["state"]["now"]) == ("stale", "leonardo-flores")
    story.until(60)
    for person in cast.left_at_eight:
        person.leaves()
    story.until(70)
    one_tab.says_goodbye()
    story.until(72)
    chair.next("Miriam Amancay Colque")
    story.until(80)
    cast.came_back.joins()
    story.until(90)
    nameless.leaves()
    story.until(92)
    chair.next("Ollie Vargas")
    story.until(100)
    other_tab.says_goodbye()
    second_device.joins_as_guest(guests, "ana álvarez  mamani")
    story.until(110)
    chair.next("Jeremy Corbyn")
    story.until(120)
    second_device.leaves()
    story.until(132)
    laptop.wakes_up()
    story.until(134)
    chair.next("Kate Hudson").says("Now speaking, 8 of 8", "Nobody comes after this.")
    story.until(142)
    ada.board_says(present="37", doors="49", not_joined="11")
    story.until(143)
    chair.ends().says("The evening has ended", "Thank you")
    assert laptop.pulses()["ended"] is True
    story.until(150)
    cast.no_shows[0].browser.open(cast.no_shows[0].mail.link("join")).says("This event is over")
    ada.board_says(present="0", doors="49", not_joined="11", status="Ended 21:23")


def everything_is_counted(story: Story, ada: Organiser) -> None:
    by_command, by_verb = story.figures_by_command(), story.figures_by_verb()
    by_program = story.by_api("/events/bolivia/figures", ada.email).json
    assert by_command == by_verb == by_program
    assert by_command.pop("as_of") == counted.at(150)
    assert by_command["attendance"] == counted.ATTENDANCE
    assert by_command["sessions"] == counted.SESSIONS
    assert by_command == counted.FIGURES
    ada.open("attendance").says("45 to 48", "2 visitors without a name", "1 that may be somebody’s second device")  # fmt: skip


def the_report_is_published(story: Story, ada: Organiser) -> papers.Papers:
    story.at(14 * 60)
    ada.signs_in()
    ada.open("report")
    ada.browser.press("Write the draft from the data").says("Written from the data.")
    ada.browser.press("Save the text", headline="Six voices on Bolivia", closing="Unity and solidarity.",
                      byline_name="Ben Hayes").says("Saved.")  # fmt: skip
    assert story.browser().client.get("/events/bolivia/report").status_code == 404
    ada.open("report/preview").says("A preview: nothing is published.")
    ada.open("report/publish")
    ada.browser.press("Publish the report").says("Version 1 is published.")
    sheet = story.browser().open("/events/bolivia/report")
    sheet.says(
        "Six voices on Bolivia", "By Ben Hayes", "45–48",
        "Between 45 and 48 people joined", "hosted by Friends of Bolivia",
        "Kate Hudson (General Secretary, Campaign for Nuclear Disarmament) was in the chair",
        "A hunger bonus reached 4 million people.",
        "45 people were in the room while Tim Young spoke.",
        "35 people were in the room while Jeremy Corbyn spoke.",
        "“an inspiration around the world”", "Claudia Turbet-Delof, Wiphalas Across The World",
        "Unity and solidarity.", "45 (80 %)", "At 6 Apr 2027, 19:20 (London time).",
        # Two of the crew signed up and pressed Join; they are in those figures and not in the others.
        "who of them signed up or pressed Join is counted there. 2",
    )  # fmt: skip
    assert sheet.link("More from Friends of Bolivia") == "https://friends-of-bolivia.example.org"
    found = papers.Papers(story)
    assert story.by_api("/events/bolivia/report", ada.email).data == found.bytes[".json"]
    document = found.document()
    assert document["version"] == 1
    assert document["figures"]["attendance"] == counted.ATTENDANCE
    assert document["figures"]["sessions"] == counted.SESSIONS
    for words in ("Six voices on Bolivia", "Between 45 and 48 people joined", "Jeremy Corbyn"):
        assert words in found.paper()
    return found


def people_go_and_the_report_stays(
    story: Story, cast: Cast, ada: Organiser, published: papers.Papers
) -> None:
    # Ana asks for it herself, and Ada removes somebody who rang her up.
    cast.ana.browser.open(cast.ana.mail.link("my"))
    cast.ana.browser.press("Delete my data").says("A mail with the link that deletes your data")
    story.work()
    cast.ana.browser.open(cast.ana.mail.link("erase"))
    cast.ana.browser.press("Delete my data")
    # Pressed once more, in the same browser.
    cast.ana.browser.open(cast.ana.mail.link("erase")).says("Your data is deleted")
    rang_up = cast.looked_in
    person = ada.finds(rang_up.name)
    ada.browser.open(person.link("Delete this person's data"))
    ada.browser.press("Delete the data").says("The person's data is deleted.")
    for gone in (cast.ana, rang_up):
        assert story.finds_in_the_database(gone.name, gone.email) == []
    published.are_as_they_were()
    assert story.figures_by_verb()["attendance"] == counted.ATTENDANCE

    # Thirty days after the end everybody goes.
    story.at(31 * 24 * 60)
    assert "deleted" in story.flask("privacy", "run")
    names = [p.name for p in cast.everybody if p not in cast.crew] + ["Rosa Méndez"]
    assert story.finds_in_the_database(*names, *(p.email for p in cast.everybody)) == []
    published.are_as_they_were()
    assert "1 published version checked" in story.flask("reports", "verify")
    found = story.figures_by_verb()
    assert found["attendance"] == counted.ATTENDANCE
    assert found["sessions"] == counted.SESSIONS
    assert found["signups"] == counted.SIGNUPS


def a_mistake_is_put_right_in_sight(story: Story, ada: Organiser, first: papers.Papers) -> None:
    story.wait(days=1)
    ada.signs_in()
    ada.open("report")
    ada.browser.press("Save the text", closing="Unity, solidarity, and thanks.").says("Saved.")
    first.are_as_they_were()
    ada.open("report/publish")
    ada.browser.press("Publish the correction", 400).says("Say in one sentence what this version corrects.")  # fmt: skip
    note = "The closing was given without the thanks."
    ada.browser.press("Publish the correction", correction=note).says("Version 2 is published.")
    browser = story.browser()
    new = browser.open("/events/bolivia/report")
    new.says("Corrected.", note, "Unity, solidarity, and thanks.", "45–48")
    old = browser.open(new.link("The version before"))
    old.says("This is version 1. It was replaced by a corrected one.", "Unity and solidarity.")
    old.never_says("Unity, solidarity, and thanks.", note)
    first.stay_as_version(1)
    second = papers.Papers(story)
    assert second.document()["version"] == 2
    assert second.document()["figures"]["attendance"] == counted.ATTENDANCE
    assert "2 published versions checked" in story.flask("reports", "verify")
