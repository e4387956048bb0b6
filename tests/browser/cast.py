"""Who and what the pages are visited with: an admin, an organiser, and evenings around the present moment."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from PIL import Image

from tests.agenda.evening import agenda
from tests.factories import make_event, make_signup, make_target, make_user
from webapp import clock, tokens
from webapp.accounts import operations as accounts
from webapp.accounts.models import User
from webapp.agenda import operations as agendas
from webapp.agenda.models import Speaker
from webapp.attendance import tickets
from webapp.cohosts import links as cohost_links
from webapp.cohosts import operations as cohosts
from webapp.db import db, to_ms
from webapp.demo import operations as demo
from webapp.events.models import CoHost, Event
from webapp.front import chair
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.mailing import operations as mailings
from webapp.mailing.models import Mailing, MailingText
from webapp.reports import operations as reports
from webapp.signup import links, mails
from webapp.signup.imports import operations as imports
from webapp.signup.invitations import links as invitation_links
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations import queries as invitation_queries
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Batch, BatchPerson, Question, Signup

_numbers = itertools.count(1)


# What no designer thinks of, and people are called.
LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
ARABIC = "عبد الرحمن بن محمد الحضرمي الإشبيلي"


@dataclasses.dataclass(frozen=True)
class Evening:
    """An event and the addresses of one person at it. ``join``, ``my``, ``guest`` … are paths."""

    id: int
    slug: str
    title: str
    person: str
    person_key: int
    my: str
    join: str
    room: str
    guest: str
    chair: str
    confirm: str
    erase: str
    remove: str

    @property
    def page(self) -> str:
        return f"/events/{self.slug}"

    @property
    def manage(self) -> str:
        return f"/manage/events/{self.slug}"


def make_evening(
    owner: User,
    starts_in: float,
    minutes: float = 105,
    *,
    items: list[dict[str, Any]] | None = None,
    name: str = "Ana Quispe",
    **values: Any,
) -> Evening:
    """An evening of the owner's that starts in so many minutes (or began, if negative), with the agenda
    of the sample evening and one person who signed up and has their mail. Inside ``site.rows()``."""
    at = clock.now()
    starts_at = at + dt.timedelta(minutes=starts_in)
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "slug": f"browser-{number}",
        "title": f"Evening {number}: people and planet first",
        "summary": "Seven people who were there tell in an hour what changed after the vote.",
        "starts_at": starts_at,
        "ends_at": starts_at + dt.timedelta(minutes=minutes),
        "host_name": "Friends of Something",
        "host_url": "https://friends.example.org/",
        "created_at": at - dt.timedelta(days=10),
    }
    event = make_event(owner, **(defaults | values))
    agendas.replace(event, agenda() if items is None else items, at)
    signup = make_signup(
        event, name, created_at=at - dt.timedelta(days=1), confirmed_at=at - dt.timedelta(days=1)
    )  # fmt: skip
    mails.confirmed(event, signup, at)
    return _evening(event, signup)


def sign_up(evening: Evening, name: str) -> str:
    """One more person with a place; answers the path of their join link. Inside ``site.rows()``."""
    event, at = db.session.get_one(Event, evening.id), clock.now()
    signup = make_signup(event, name, created_at=at, confirmed_at=at)
    return f"/join/{links.join_token(signup)}"


def publish_report(evening: Evening) -> None:
    """As written from the data, with a headline. Inside ``site.rows()``."""
    event, at = db.session.get_one(Event, evening.id), clock.now()
    report = reports.draft(event, at=at, by="Ada").report
    blocks = report.content["blocks"] | {"headline": "What seven people told us"}
    reports.save(
        event, blocks, headline="people", left_out=report.content["left_out"],
        revision=report.revision, at=at, by="Ada",
    )  # fmt: skip
    reports.publish(event, at=at, by="Ada")


def _evening(event: Event, signup: Signup) -> Evening:
    join = links.join_token(signup)
    return Evening(
        id=event.id,
        slug=event.slug,
        title=event.title,
        person=signup.public_id,
        person_key=signup.person_key or 0,
        my=f"/my/{links.my_token(signup)}",
        join=f"/join/{join}",
        room=f"/room/{join}",
        guest=f"/guest/{tickets.public_link(event.id)}",
        chair="/chair/" + chair.chair_url(event).rpartition("/")[2],
        confirm=_path(links.confirm_url(signup)),
        erase=_path(links.erase_url(signup)),
        remove=_path(links.remove_url(signup)),
    )


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def make_batch(evening: Evening) -> int:
    """Something done with many people, and somebody with whom it could not be done."""
    signup_id = db.session.scalars(sa.select(Signup.id).where(Signup.event_id == evening.id)).one()
    # Finished, since the jobs of the site would go on with it.
    batch = Batch(
        event_id=evening.id, key=tokens.public_id(), by="ada@example.org", act="cancel", at=clock.now(),
        people=3, done=1, refused=1, finished_at=clock.now(), is_stopped=True,
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    db.session.add(BatchPerson(batch_id=batch.id, signup_id=signup_id, refused="All places are taken."))  # fmt: skip
    db.session.flush()
    return batch.id


@dataclasses.dataclass(frozen=True)
class Cast:
    """``ada`` owns the evenings, ``dora`` is an admin and may see everything, ``token`` opens the API as
    her. ``words`` are what stands in the addresses of ``tests/browser/addresses.py``."""

    ada: int
    dora: int
    token: str
    words: dict[str, Any]


def make_mailings(event: Event, subject: str = "Bring a friend") -> tuple[int, int]:
    """A mail about a change that is held for hours, and a draft; answers their ids."""
    plan = mailings.make(event, clock.now())
    before = plan.told | {"starts_at": plan.told["starts_at"] - 3_600_000}
    now = to_ms(clock.now())
    held = Mailing(
        event_id=event.id, kind="changed", state="held", total=1, created_at=clock.now(),
        held_until=clock.now() + dt.timedelta(hours=20),
        details={"before": before, "after": plan.told, "first": now, "last": now},
    )  # fmt: skip
    db.session.add(held)
    draft = Mailing(
        event_id=event.id, kind="blast", state="draft", choice={}, created_at=clock.now(),
        texts=[MailingText(language="en", subject=subject, body=f"Hello {{name}},\n\n- {subject}\n\n{{join_button}}")],
    )  # fmt: skip
    db.session.add(draft)
    db.session.flush()
    return held.id, draft.id


def make_lists(event: Event) -> dict[str, Any]:
    """A list that waits to be looked at, one that came in, and people to be invited."""
    rows = "".join(
        f"Person {n} {LONG_WORD if n == 1 else ''},guest{n}@example.org,03/04/26 16:0{n},Paid\n"
        for n in range(6)
    )
    data = (
        f"Name,Email,Registration date,Status\n{rows}{ARABIC},wrong,,Sold\n,guest1@example.org,,\n"
    )
    waiting = imports.start(
        event, "A list of the spring.csv", data.encode(), clock.now(), by="ada@example.org"
    )
    stored = imports.start(
        event, "stored.csv", b"Email\nstored@example.org\n", clock.now(), by="ada@example.org"
    )
    imports.store(
        stored,
        event,
        "registered",
        "On our own form, to taking part",
        clock.now(),
        by="ada@example.org",
    )
    invitations.add_typed(
        event,
        f"{ARABIC} <one@example.org>\n{LONG_WORD} <two@example.org>",
        clock.now(),
        by="ada@example.org",
    )
    later = clock.now() + dt.timedelta(hours=3)
    mailings.approve(event, "invite", later, by="ada@example.org")
    invited = db.session.scalar(
        sa.select(Invitation).where(*invitation_queries.to_invite(event.id)).limit(1)
    )
    assert invited is not None
    return {
        "list": waiting.id,
        "stored": stored.id,
        "invitation": _path(invitation_links.url(invited)),
    }


def make_cast() -> Cast:
    ada, dora = make_user("Ada"), make_user("Dora", role="admin")
    before = make_evening(
        ada, starts_in=30, accent="#1f6b43", capacity=40, languages=["English", "Español"],
        access_needs=["Live captions"], description="**Bring a friend.**\n\n- Free\n- Online",
    )  # fmt: skip
    live = make_evening(ada, starts_in=-20, accent="#6b1f5c")
    door = make_evening(ada, starts_in=-20, presence="door")
    over = make_evening(ada, starts_in=-300)
    draft = make_evening(ada, starts_in=3000, state="draft")
    later = make_evening(ada, starts_in=9000, opens_at=clock.now() + dt.timedelta(days=1))
    closed = make_evening(ada, starts_in=60, closes_at=clock.now() - dt.timedelta(hours=1))
    full = make_evening(ada, starts_in=60, capacity=1, waitlist=False)
    waiting = make_evening(ada, starts_in=600, capacity=1)
    asked = make_evening(ada, starts_in=60, confirm_address=True, items=[])
    cancelled = make_evening(ada, starts_in=60, state="cancelled")
    long = make_evening(
        ada, starts_in=-25, title=f"{LONG_WORD}: {ARABIC} {LONG_WORD}", summary=" ".join([LONG_WORD] * 8),
        host_name=f"{LONG_WORD} und Freunde", name=f"{ARABIC} {LONG_WORD}", languages=[LONG_WORD, ARABIC],
        items=[
            {"title": f"{LONG_WORD} {LONG_WORD}", "kind": "talk", "minutes": 15,
             "speakers": [{"name": name, "role": "speaker", "title": LONG_WORD, "affiliation": LONG_WORD}]}
            for name in (ARABIC, LONG_WORD, "Wolfeschlegelsteinhausenbergerdorff von und zu Hohenberg-Ähren")
        ],
    )  # fmt: skip
    told = make_evening(ada, starts_in=-400, accent="#1f6b43")
    publish_report(told)
    for evening in (live, door):
        make_target(db.session.get_one(Event, evening.id))
    evenings = {
        "before": before, "live": live, "door": door, "over": over, "draft": draft, "later": later,
        "closed": closed, "full": full, "asked": asked, "cancelled": cancelled, "told": told, "waiting": waiting, "long": long,
    }  # fmt: skip
    words: dict[str, Any] = dict(evenings)
    words["bolivia"], words["open"] = demo.BOLIVIA, demo.OPEN
    words["ada"], words["dora"] = ada.id, dora.id
    words["sample_person"] = db.session.scalars(
        sa.select(Signup.public_id).join(Event).where(Event.slug == demo.BOLIVIA, Signup.status == "confirmed")
    ).first()  # fmt: skip
    words["speaker"] = db.session.scalars(
        sa.select(Speaker.id).where(Speaker.event_id == before.id)
    ).first()
    words["question"] = db.session.scalars(
        sa.select(Question.id).join(Event).where(Event.slug == demo.OPEN)
    ).first()
    words["mail"] = db.session.scalars(
        sa.select(OutgoingMail.id).where(OutgoingMail.event_id == before.id)
    ).first()
    words["mailing"], words["blast"] = make_mailings(db.session.get_one(Event, before.id))
    _notice, words["long_blast"] = make_mailings(db.session.get_one(Event, long.id), f"{LONG_WORD} {ARABIC}")  # fmt: skip
    words |= make_lists(db.session.get_one(Event, before.id))
    words["batch"] = make_batch(long)
    words["ticket"] = tickets.for_guest(live.id, tokens.person_key(), named=True)
    found = db.session.get_one(Event, before.id)
    words["cohost"] = db.session.scalars(
        sa.select(CoHost.key).join(Event).where(Event.slug == demo.BOLIVIA)
    ).first()
    partner = CoHost(event_id=before.id, key="partner", name="A partner", link_key="a-key")
    db.session.add(partner)
    db.session.flush()
    words["cohost_link"] = _path(cohost_links.url(partner) or "")
    picture = BytesIO()
    Image.new("RGB", (320, 120), "#6b1f5c").save(picture, "PNG")
    words["logo"] = cohosts.set_logo(
        found, found.host_key, picture.getvalue(), clock.now(), ada
    ).digest
    words["unsubscribe"] = _path(
        unsubscribing.url(MailList(found.host_key, found.id), "ana@example.org")
    )
    token = accounts.create_token(dora, at=clock.now(), label="The test suite")
    return Cast(ada.id, dora.id, token, words)
