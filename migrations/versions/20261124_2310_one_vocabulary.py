"""one vocabulary: mails to some of the people call the event and the links as all other mails do

Revision ID: 0731
Revises: 0821
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0731"
down_revision = "0821"
branch_labels = None
depends_on = None

# Before and after.
_NAMES = (("{title}", "{event}"), ("{my_link}", "{my_page}"), ("{event_link}", "{event_page}"))


def _rename(old: str, new: str) -> None:
    op.get_bind().execute(
        sa.text(
            "UPDATE mailing_texts SET subject = replace(subject, :old, :new), body = replace(body, :old, :new)"
        ),
        {"old": old, "new": new},
    )


def upgrade() -> None:
    for before, after in _NAMES:
        _rename(before, after)


def downgrade() -> None:
    for before, after in _NAMES:
        _rename(after, before)
