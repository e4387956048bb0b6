"""The verbs of an event's team: who may manage it, and who of them decides about the others.

Owners and admins add people, change what they are, and take them out; everybody may leave. There is
always an owner who can sign in. None commits.
"""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from webapp import addresses
from webapp.accounts import queries as accounts
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries
from webapp.events.models import ROLES, Event, Membership
from webapp.events.operations import locked, record


def may_change(members: list[Membership], user: User) -> bool:
    """Whether ``user`` decides who is in the team."""
    return user.is_admin or any(m.user_id == user.id and m.is_owner for m in members)


def is_needed(members: list[Membership], member: Membership) -> bool:
    """Whether nobody would be left who owns the event and can sign in, were it not for ``member``."""
    return member.is_owner and not any(
        other.is_owner and other.user.is_active and other.user_id != member.user_id
        for other in members
    )


def _decided_by(event: Event, by: User) -> list[Membership]:
    """The team as it is now, held until the commit: two owners who take each other out come one after
    the other. Raises Refused for somebody who may not change it."""
    locked(event)
    members = queries.members(event)
    if not may_change(members, by):
        raise Refused(_("Only an owner of the event decides who is in its team."), "role")
    return members


def _find(members: list[Membership], user_id: int) -> Membership:
    found = next((member for member in members if member.user_id == user_id), None)
    if found is None:
        raise Refused(_("That person is not in the team (any more)."), "gone")
    return found


def _keep_an_owner(members: list[Membership], member: Membership) -> None:
    if is_needed(members, member):
        raise Refused(
            _("%(name)s is the only owner. Make somebody else owner first.", name=member.user.label),
            "last_owner",
        )  # fmt: skip


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise Refused(_("In a team people are owners or organisers."), "role")
    return role


def add(event: Event, email: str, role: str, *, at: dt.datetime, by: User) -> Membership:
    """Lets the person with this account manage the event.

    Raises Refused for what is no address ("email"), an address whose account does not exist or may not
    sign in ("unknown"), somebody who is in the team already ("member"), and an unknown role ("role").
    """
    members = _decided_by(event, by)
    _known_role(role)
    try:
        address = addresses.parse(email, local=True)
    except ValueError as error:
        raise Refused(str(error), "email") from None
    user = accounts.by_email(address.text)
    if user is None or not user.is_active:
        raise Refused(_("Nobody can sign in with %(email)s yet.", email=address.text), "unknown")
    if any(member.user_id == user.id for member in members):
        raise Refused(_("%(name)s is in the team already.", name=user.label), "member")
    member = Membership(event_id=event.id, user_id=user.id, role=role, created_at=at)
    db.session.add(member)
    db.session.flush()
    record(event, "team.added", at, by, user.email, account=user.email, role=role)
    return member


def change_role(event: Event, user_id: int, role: str, *, at: dt.datetime, by: User) -> Membership:
    """Makes a member owner or organiser. Raises Refused: "gone", "role", or "last_owner" if nobody would
    own the event any more."""
    members = _decided_by(event, by)
    member = _find(members, user_id)
    if _known_role(role) == member.role:
        return member
    if role != "owner":
        _keep_an_owner(members, member)
    member.role = role
    record(event, "team.role", at, by, member.user.email, account=member.user.email, role=role)
    return member


def remove(event: Event, user_id: int, *, at: dt.datetime, by: User) -> User:
    """Takes a member out of the team; everybody may take themselves out. Answers who it was. Raises
    Refused: "gone", "role", or "last_owner"."""
    if user_id == by.id:
        locked(event)
        members = queries.members(event)
    else:
        members = _decided_by(event, by)
    member = _find(members, user_id)
    _keep_an_owner(members, member)
    user = member.user
    record(
        event, "team.left" if user.id == by.id else "team.removed", at, by, user.email, account=user.email
    )  # fmt: skip
    db.session.delete(member)
    db.session.flush()
    return user
