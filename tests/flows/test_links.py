"""Links as they really go wrong: cut by a mail program, changed, outlived, used for something else."""

from __future__ import annotations

import pytest

from tests.flows.conftest import Announce
from tests.flows.story import Story


def spoiled(token: str) -> list[str]:
    """One character changed at the start, in the middle and at the end; cut; doubled; in other letters."""
    changed = []
    for place in (0, len(token) // 2, len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        changed.append(token[:place] + other + token[place + 1 :])
    return [*changed, token[:-3], token[: len(token) // 2], token * 2, token.swapcase(), "x", "…"]


@pytest.mark.case("D39")
@pytest.mark.case("D17")
def test_every_link_that_is_no_longer_good_is_the_same_page(
    story: Story, announce: Announce
) -> None:
    ada = announce()
    ana = story.person("Ana", "ana@example.org", strict=True)
    ana.signs_up()
    story.work()
    ana.browser.open(ana.mail.link("my"))
    invited = ana.mail
    ana.browser.press("Delete my data")
    story.work()
    erase = ana.mail.link("erase").removeprefix("/my/").removesuffix("/erase")
    my = invited.link("my").removeprefix("/my/")
    join = invited.link("join").removeprefix("/join/")
    guest = ada.link_to_pass_on("guest").removeprefix("/guest/")
    chair = ada.link_to_pass_on("chair").removeprefix("/chair/")
    announce(slug="another", confirm_address=True)
    ben = story.person("Ben", "ben@example.org")
    ben.signs_up()
    story.work()
    confirm = ben.mail.link("confirm").removeprefix("/confirm/")

    story.at(1)
    kinds = {
        "/my/{}": my, "/my/{}/cancel": my, "/my/{}/calendar.ics": my, "/my/{}/erase": erase,
        "/join/{}": join, "/room/{}": join, "/guest/{}": guest, "/chair/{}": chair,
        "/chair/{}/live": chair, "/confirm/{}": confirm,
    }  # fmt: skip
    stranger = story.browser().client
    pages = set()
    for path, good in kinds.items():
        foreign = [token for other, token in kinds.items() if token != good and other != path]
        for bad in (*spoiled(good), *foreign):
            answer = stranger.get(path.format(bad))
            assert answer.status_code == 404, path.format(bad)
            pages.add(answer.text)
    for path in ("/my/{}/cancel", "/my/{}/come-back", "/my/{}/ask-to-erase", "/my/{}/erase", "/join/{}",
                 "/guest/{}", "/room/{}/pulse", "/room/{}/leave", "/room/{}/together", "/confirm/{}",
                 "/chair/{}/press"):  # fmt: skip
        # The right link for the wrong thing, and one that was changed.
        wrong = chair if not path.startswith("/chair") else join
        for bad in (wrong, join[:-2] + "xx", "x"):
            answer = stranger.post(path.format(bad), data={"connection": "a", "act": "end"})
            assert answer.status_code == 404, path.format(bad)
            pages.add(answer.text)
    assert len(pages) == 1
    story.work()
    assert story.figures_by_command()["attendance"]["doors"] == 0

    # And all the while the good ones were good, but for the one whose time is over. The link that proves an
    # address has none: once it is on, whoever comes late is led to the door.
    story.slug = "bolivia"
    for path, good in kinds.items():
        expected = 404 if path == "/my/{}/erase" else 200
        assert stranger.get(path.format(good)).status_code == expected, path


@pytest.mark.case("D77")
def test_links_die_with_what_they_belong_to(story: Story, announce: Announce) -> None:
    ada = announce(retention_days=3)
    ana, ben = (story.person(name, f"{name.lower()}@example.org", strict=True) for name in ("Ana", "Ben"))  # fmt: skip
    for person in (ana, ben):
        person.signs_up()
    story.work()
    invited = {person.name: person.mail for person in (ana, ben)}
    ana.browser.open(invited["Ana"].link("my"))
    ana.browser.press("Delete my data")
    story.work()
    story.wait(hours=24, seconds=1)
    # Deleting for good is asked for again; the old mail opens nothing any more.
    ana.browser.open(ana.mail.link("erase"), 404)
    ana.browser.open(invited["Ana"].link("my"))
    ana.browser.press("Delete my data")
    story.work()
    ana.browser.open(ana.mail.link("erase"))
    ana.browser.press("Delete my data")
    for link in (invited["Ana"].link("my"), invited["Ana"].link("cancel")):
        ana.browser.open(link, 404)
    # The browser that pressed is told again that it is done; to any other the link is a bad one.
    ana.browser.open(ana.mail.link("erase")).says("Your data is deleted")
    ben.browser.open(ana.mail.link("erase"), 404)
    story.at(1)
    ana.browser.open(invited["Ana"].link("join"), 404)
    chair = ada.story.browser()
    ada.signs_in()
    link = ada.link_to_pass_on("chair")
    chair.open(link)
    # The chair's link sleeps a day after the end, the personal one when the data is gone.
    story.at(140 + 24 * 60 + 1)
    chair.open(link, 404)
    ben.browser.open(invited["Ben"].link("my")).says("This event is over")
    story.at(140 + 31 * 24 * 60)
    story.work()
    ben.browser.open(invited["Ben"].link("my"), 404)
