"""The words in which the journeys are told: people, their tabs, the chair, the organiser, and the clock.

Everything goes through the door that people use: pages and buttons, links out of received mails, the
command line. The clock stands still until the story moves it on; what works in the background (the mail,
the pulses, the sweep, the retention) is the real code of the worker, one turn whenever the story says so.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

from flask import Flask

from tests.flows.browser import SITE, Browser, Sheet
from tests.flows.letters import Letter
from tests.receiver import Receiver
from webapp import clock, jobs
from webapp.attendance import presence
from webapp.attendance.figures import figures
from webapp.db import Base, begin_as_writer, db
from webapp.events import queries as events

UTC = dt.UTC
PULSE_EVERY = 2
# What a process remembers for two seconds by a clock that the story does not move.
_SHORT_MEMORIES = ("door_cache", "page_cache", "pulse_answers", "signup_cache")


class Story:
    """One event and everybody around it. Minutes count from its planned start."""

    def __init__(self, app: Flask, receiver: Receiver, traveller: Any) -> None:
        self.app, self.receiver = app, receiver
        self._traveller = traveller
        self.slug = ""
        self.starts_at = clock.now()
        self.people: list[Person] = []
        self.tabs: list[Tab] = []

    # The clock

    @property
    def now(self) -> float:
        """Minutes since the planned start."""
        return (clock.now() - self.starts_at) / dt.timedelta(minutes=1)

    def moment(self, minute: float) -> dt.datetime:
        return self.starts_at + dt.timedelta(minutes=minute)

    def move_to(self, moment: dt.datetime) -> None:
        assert moment >= clock.now(), "the story only goes forward"
        self._traveller.move_to(moment)
        for name in _SHORT_MEMORIES:
            self.app.extensions.get(name, {}).clear()

    def at(self, minute: float) -> None:
        """Moves on without anybody's page doing anything: for what comes before and after."""
        self.move_to(self.moment(minute))

    def wait(self, **time: float) -> None:
        self.move_to(clock.now() + dt.timedelta(**time))

    def until(self, minute: float) -> None:
        """The evening goes on: every two minutes each open tab says that it is there, and the worker
        has a turn. Pages in the background are woken about that seldom."""
        while (following := (self.now // PULSE_EVERY + 1) * PULSE_EVERY) <= minute:
            self.at(following)
            for tab in self.tabs:
                if tab.is_awake:
                    tab.pulses()
            self.work()
        self.at(minute)

    # The machine

    def work(self) -> dict[str, int]:
        """One turn of the worker: pulses are written, and every job does what is due."""
        begin_as_writer()
        with self.app.app_context():
            presence.current().flush(clock.now())
        done = {}
        for job in jobs.registered():
            done[job.name] = 0
            while turn := jobs.run_once(self.app, job):
                done[job.name] += turn
        return done

    def flask(self, *args: str, code: int = 0) -> str:
        """A command line, and what it says. Never a traceback, whatever the exit code."""
        begin_as_writer()
        result = self.app.test_cli_runner().invoke(args=list(args))
        assert result.exit_code == code, f"flask {' '.join(args)}: {result.output}"
        assert "Traceback" not in result.output
        return str(result.output)

    def announce(self, file: str, *, owner: str) -> None:
        """``flask events load``; from here on the story is about this event."""
        self.slug = self.flask("events", "load", file, "--owner", owner).split(":")[0]
        with self.app.app_context():
            event = events.by_slug(self.slug)
            assert event is not None
            self.starts_at = event.starts_at

    # Mail

    def mails(self, address: str) -> list[Letter]:
        """What arrived for an address, in order, each one opened and checked."""
        return [Letter(m) for m in self.receiver.messages if m.recipients == (address,)]

    # Numbers

    def figures_by_command(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.flask("attendance", "figures", self.slug))
        return found

    def figures_by_verb(self) -> dict[str, Any]:
        with self.app.app_context():
            event = events.by_slug(self.slug)
            assert event is not None
            found = figures(event, clock.now())
            db.session.rollback()
            return found

    def finds_in_the_database(self, *words: str) -> list[str]:
        """Which of these words stand in any column of any row."""
        with self.app.app_context(), db.engine.connect() as connection:
            stored = "\n".join(
                "\t".join(str(value) for value in row)
                for table in Base.metadata.sorted_tables
                for row in connection.execute(table.select())
            )
        assert self.slug in stored
        return [word for word in words if word in stored]

    def by_api(self, path: str, email: str) -> Any:
        """What a program is answered that has a token of that account's."""
        token = self.flask("accounts", "token", email).strip()
        client = self.app.test_client()
        answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer

    # People

    def browser(self, *, strict: bool = True) -> Browser:
        return Browser(self.app, strict=strict)

    def person(self, name: str, email: str, *, strict: bool = False) -> Person:
        person = Person(self, name, email, strict=strict)
        self.people.append(person)
        return person

    def somebody(self) -> Person:
        """Without a name, an address or a sign-up."""
        return Person(self, "", "", strict=False)


class Tab:
    """A tab in which the room is open. It is awake until it is closed or its machine sleeps."""

    def __init__(self, browser: Browser, sheet: Sheet, story: Story) -> None:
        assert sheet.path.startswith("/room/"), f"not in the room but at {sheet.path}: {sheet.text}"
        self.browser, self.story = browser, story
        self._pulse, self._leave = sheet.data["data-pulse"], sheet.data["data-leave"]
        self.connection = sheet.data["data-connection"]
        assert self.connection
        self.is_awake = True
        story.tabs.append(self)

    def pulses(self) -> dict[str, Any]:
        answer = self.browser.post(self._pulse, connection=self.connection)
        assert answer.status_code == 200
        said: dict[str, Any] = answer.json
        return said

    def says_goodbye(self) -> None:
        """What the browser sends by itself when a tab is closed or goes elsewhere."""
        self.is_awake = False
        assert self.browser.post(self._leave, connection=self.connection).status_code == 204

    def falls_silent(self) -> None:
        """Closed without goodbye, or asleep with its machine: the server hears nothing of it."""
        self.is_awake = False

    def wakes_up(self) -> None:
        self.is_awake = True
        self.pulses()

    def never_runs_scripts(self) -> None:
        self.is_awake = False


class Person:
    """Somebody with a mailbox and a browser. The links are those of the mails they got."""

    def __init__(self, story: Story, name: str, email: str, *, strict: bool) -> None:
        self.story, self.name, self.email = story, name, email
        self.browser = story.browser(strict=strict)
        self.tab: Tab | None = None

    @property
    def mail(self) -> Letter:
        """The latest mail."""
        return self.story.mails(self.email)[-1]

    def fills_in_the_form(self, **given: str | None) -> Sheet:
        """Opens the form, takes the time people take, and sends it."""
        self.browser.open(f"/events/{self.story.slug}/signup")
        self.story.wait(seconds=3)
        data = {"name": self.name, "email": self.email, "consent": "yes", **given}
        return self.browser.press("Save my place", **data)

    def signs_up(self, **given: str | None) -> Sheet:
        sheet = self.fills_in_the_form(**given)
        assert sheet.path == f"/events/{self.story.slug}/signup/thanks"
        return sheet

    def gives_the_place_back(self) -> None:
        """Through the link in the mail, which only shows a button."""
        self.browser.open(self.mail.link("cancel"))
        self.browser.press("Yes, give it back").says("You gave your place back")

    def wants_it_back(self) -> None:
        self.browser.open(self.mail.link("my"))
        self.browser.press("I want my place back").says("Welcome back.", "you have a place")

    # At the door

    def waits_at_the_door(self) -> Sheet:
        """Comes early by the link in the mail and lets the page take them in."""
        sheet = self.browser.open(self.mail.link("join"))
        sheet.says("to go", "Take me in when it starts")
        sheet = self.browser.press("Take me in when it starts")
        sheet.says("You are at the door.")
        assert sheet.data["data-armed"] == "yes"
        return sheet

    def is_taken_in(self) -> Tab:
        """The armed page sends its own form when the event starts."""
        sheet = self.browser.sheet
        assert sheet is not None
        (form,) = sheet.forms
        answer = self.browser.client.post(form.action, data=form.fields)
        assert answer.status_code == 303, Sheet(form.action, answer).text
        self.tab = Tab(self.browser, self.browser.open(answer.location), self.story)
        return self.tab

    def joins(self) -> Tab:
        """Opens the link of the mail while the event is live, and presses the button."""
        self.browser.open(self.mail.link("join")).says("Live now")
        self.tab = Tab(self.browser, self.browser.press("Go in"), self.story)
        return self.tab

    def joins_as_guest(self, address: str, name: str | None = None) -> Tab:
        """A browser that has been here before is asked for no name, unless somebody else sits at it."""
        self.browser.open(address)
        if not name:
            sheet = self.browser.press("Go in as a guest")
        else:
            if "Somebody else at this device?" in self.browser.sheet.text:
                self.browser.open(f"{address}?other=1")
            sheet = self.browser.press("Go in as a guest", name=name)
        self.tab = Tab(self.browser, sheet, self.story)
        return self.tab

    def leaves(self) -> None:
        """By the button in the room."""
        assert self.tab is not None
        self.tab.is_awake = False
        answer = self.browser.post(self.tab._leave, connection=self.tab.connection, by="button")
        assert "You have left" in answer.text

    def says_who_watches_along(self, count: int) -> None:
        assert self.tab is not None
        self.browser.open(self._room())
        self.browser.press("Say so", count=str(count)).says("Thank you, that is noted.")

    def _room(self) -> str:
        assert self.tab is not None
        return self.tab._pulse.removesuffix("/pulse") + f"?c={self.tab.connection}"


class Chair:
    """The person with the chair's private link. Presses without scripts go through the page's form."""

    def __init__(self, story: Story, link: str) -> None:
        self.story, self.link = story, link.removeprefix(SITE)
        self.browser = story.browser()

    def sees(self) -> Sheet:
        return self.browser.open(self.link)

    def _press(self, kind: str, status: int = 200) -> Sheet:
        self.sees()
        return self.browser.press(kind, status)

    def starts(self, who: str) -> Sheet:
        return self._press(f"Start: {who}")

    def next(self, who: str) -> Sheet:
        return self._press(f"Next: {who}")

    def ends(self) -> Sheet:
        return self._press("End it for everybody")

    def takes_the_end_back(self) -> Sheet:
        return self._press("Undo the end: the evening goes on")

    def form_of(self, label: str) -> dict[str, str]:
        """What the page would send if the button were pressed now."""
        _path, data = self.sees().filled(label)
        return data

    def sends(self, data: dict[str, str], *, late_ms: int = 0) -> dict[str, Any]:
        """What the page's script sends; ``late_ms`` ago the finger was on the button."""
        answer = self.browser.client.post(
            f"{self.link}/press",
            data=data | ({"age": str(late_ms)} if late_ms else {}),
            headers={"Accept": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found


class Organiser:
    """Somebody with an account, at the pages behind the sign-in."""

    def __init__(self, story: Story, email: str, password: str) -> None:
        self.story, self.email, self.password = story, email, password
        self.browser = story.browser()

    def signs_in(self) -> Sheet:
        """Asks for the event's board, is led to the sign-in, and comes back to the board."""
        board = f"/manage/events/{self.story.slug}"
        self.browser.client.delete_cookie("turnout")
        assert self.browser.open(board).path.startswith("/sign-in")
        sheet = self.browser.press("Sign in", email=self.email, password=self.password)
        assert sheet.path == board
        return sheet

    def open(self, page: str = "") -> Sheet:
        end = f"/{page}" if page else ""
        return self.browser.open(f"/manage/events/{self.story.slug}{end}")

    def board_says(self, **figures: str) -> None:
        """The board's live numbers, as they are sent to the page."""
        found = self.browser.json(f"/manage/events/{self.story.slug}/board/live")["figures"]
        assert {name: found[name] for name in figures} == figures, found

    def link_to_pass_on(self, kind: str) -> str:
        """ "public", "guest" or "chair", from the board."""
        found = re.search(rf'id="{kind}-link" readonly value="([^"]+)"', self.open().html)
        assert found, f"no {kind} link on the board"
        return found[1].removeprefix(SITE)

    def finds(self, name: str) -> Sheet:
        """The page of one sign-up, through the search of the list."""
        sheet = self.browser.open(f"/manage/events/{self.story.slug}/signups?q={name}")
        return self.browser.open(sheet.link(name))

    def notes(self, about: str, text: str, *, quote: bool = False) -> None:
        """Writes down what is being said; ``about`` is the key of an item."""
        sheet = self.open("cockpit")
        choices = dict(re.findall(rf'value="({about}:\d*)"()', sheet.html))
        assert len(choices) == 1, choices
        kind = "Add as a quote" if quote else "Add as a point"
        self.browser.press(kind, about=next(iter(choices)), text=text).says(text)
