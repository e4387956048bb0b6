"""The organisers' own words about people: tags."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.db import db
from webapp.signup.models import SignupTag, Tag


def forget_unused_tags(event_id: int) -> None:
    """A tag is there while somebody has it."""
    is_used = sa.exists().where(SignupTag.tag_id == Tag.id)
    db.session.execute(
        sa.delete(Tag)
        .where(Tag.event_id == event_id, ~is_used)
        .execution_options(synchronize_session=False)
    )
