"""A complete sign-up: the form opened, posted with its token, a row, a rendered mail with its calendar entry,
one commit."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from tests.load import rounds
from tests.load.crowd import Pause, Visitor, get, only, post
from tests.load.served import Served
from tests.load.sizes import Sizes
from tests.load.stage import Statements, event, stage
from tests.load.table import Row, at_least, at_most

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
# Each person comes from an address of their own, as a proxy reports it, so that limits count and let pass.
BEHIND_PROXY = {"PROXY_COUNT": 1}


class Forms:
    """Fills in the form of one event, as somebody else each time."""

    def __init__(self, slug: str) -> None:
        self.path = f"/events/{slug}/signup"
        self.numbers: Iterator[int] = itertools.count(1_000_000)

    def filled(self, token: str) -> tuple[dict[str, str], str]:
        """(the fields, the header that says where the person comes from)."""
        number = next(self.numbers)
        fields = {
            "csrf_token": token,
            "name": f"María Ångström {number}",
            "email": f"newcomer{number}@example.org",
            "consent": "yes",
            "consent_friends-of-bolivia": "yes",
            "q_heard": "A friend",
        }
        here = f"X-Forwarded-For: 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}\r\n"
        return fields, here

    def whole(self, thinking: float = 0.0) -> Visitor:
        """Opens the form and sends it."""
        answer = yield get(self.path, name="form")
        token = answer.must_be(200).must_hold(TOKEN)
        if thinking:
            yield Pause(thinking)
        fields, here = self.filled(token)
        answer = yield post(self.path, fields, answer.cookie, "send", here)
        answer.must_be(303)

    def opened(self, kept: list[str]) -> Visitor:
        """Opens the form and keeps its token and cookie."""
        answer = yield get(self.path, name="form")
        kept[:] = [answer.must_be(200).must_hold(TOKEN), answer.cookie]

    def sent(self, token: str, cookie: str) -> Visitor:
        """Sends a form that is open already."""
        fields, here = self.filled(token)
        answer = yield post(self.path, fields, cookie, "send", here)
        answer.must_be(303)


def _statements(ground_app: object, forms: Forms) -> int:
    app: object = ground_app
    client = app.test_client()  # type: ignore[attr-defined]

    def send() -> None:
        token = TOKEN.search(client.get(forms.path).get_data(as_text=True))
        assert token is not None
        assert client.post(forms.path, data=forms.filled(token[1])[0]).status_code == 303

    send()
    with Statements(app) as seen:  # type: ignore[arg-type]
        send()
    return seen.count


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder, SIGNUP_MIN_SECONDS=0.0) as ground:
        with ground.app.app_context():
            forms = Forms(event(starts_in=dt.timedelta(days=9)).slug)
        statements = _statements(ground.app, forms)
        with ground.serve(SIGNUP_MIN_SECONDS=0.0, **BEHIND_PROXY) as turnout, ground.ceiling() as bare:  # fmt: skip
            opened: list[str] = []
            only(turnout.port, forms.opened(opened))
            reached = rounds.alternate(
                {
                    "sign-up": rounds.steadily(turnout, forms.whole, sizes),
                    "POST": rounds.steadily(turnout, lambda: forms.sent(*opened), sizes),
                    "bare insert": rounds.bare_insert(bare, sizes),
                    "driver": rounds.bare_insert(bare, sizes, "/driver-insert"),
                },
                sizes.rounds,
            )
            _must_be_kept(turnout)
    rows = []
    for work, subject, must in (("complete sign-up", "sign-up", 0.2), ("the POST alone", "POST", 0.35)):  # fmt: skip
        strict = rounds.ratio(reached, subject, "driver")
        rows.append(
            at_least(f"{work}, {ground.name}", "of a bare insert", rounds.ratio(reached, subject, "bare insert"), must, f"{strict:.2f} of the naked driver's; {rounds.rates(reached)}")
        )  # fmt: skip
    rows.append(at_most(f"complete sign-up, {ground.name}", 10, " statements", statements))
    return rows


def _must_be_kept(turnout: Served) -> None:
    """Whatever the server complained of would make the figures worthless."""
    said = turnout.log.read_text()
    if "ERROR" in said or "Traceback" in said:
        raise RuntimeError(f"the server was in trouble: {said[-2000:]}")
