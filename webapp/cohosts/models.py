"""The pictures of an event's hosts."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class HostLogo(Base):
    """The picture of a host or co-host, named by the host's key: re-encoded by us as WebP, never the bytes
    that were uploaded. ``digest`` is of its content and stands in its address."""

    __tablename__ = "host_logos"
    __table_args__ = (sa.UniqueConstraint("event_id", "host_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id", ondelete="CASCADE"))
    host_key: Mapped[str] = mapped_column(sa.String(60))
    digest: Mapped[str] = mapped_column(sa.String(32), index=True)
    width: Mapped[int]
    height: Mapped[int]
    # Read only where it is served.
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)

    @property
    def path(self) -> str:
        return f"/logos/{self.digest}.webp"
