"""Erased people are in no mailing any more, and get nothing that was let go to them."""

from __future__ import annotations

import pytest

from tests.factories import make_signup
from tests.mailing.conftest import DAY, at, coming_event, mailings, mails, run
from webapp.db import db
from webapp.mailing import operations
from webapp.mailing.models import MailingRecipient
from webapp.privacy import operations as privacy

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.case("D77")
def test_who_is_erased_between_letting_go_and_the_batch_gets_nothing() -> None:
    event = coming_event()
    ana = make_signup(event, "Ana")
    make_signup(event, "Bea")
    db.session.commit()
    (day,) = [m for m in mailings("reminder") if m.number == 24 * 60]
    assert operations.remind(day.id, event.starts_at - DAY)
    db.session.commit()
    privacy.erase_signup(ana, at(days=4), by="the person")
    db.session.commit()
    run(event.starts_at - DAY)
    assert [m.to_name for m in mails("reminder")] == ["Bea"]
    assert db.session.query(MailingRecipient).count() == 1
