"""The verbs of a sign-up. Seats are exact: lock the event's row, count, write; the unique index on live
sign-ups has the last word. Each verb stands in the module that is named for what it does; callers find
them all here."""

from __future__ import annotations

from webapp.signup.operations import asking, many
from webapp.signup.operations.adding import add
from webapp.signup.operations.agreeing import agree_contact, ask_to_erase, withdraw_contact
from webapp.signup.operations.blocking import block, forget_blocks, remember_erased
from webapp.signup.operations.correcting import correct_address, correct_own
from webapp.signup.operations.deciding import approve, decline, mark_crew
from webapp.signup.operations.editing import edit
from webapp.signup.operations.entering import MADE, Outcome, SignedUp, send_link_again, sign_up
from webapp.signup.operations.leaving import cancel, come_back, give_up
from webapp.signup.operations.linking import add_link, copy_links, remove_link
from webapp.signup.operations.proving import drop_unproved, prove, prove_ids
from webapp.signup.operations.queueing import accept, move_seats
from webapp.signup.operations.queueing import fill as fill_seats
from webapp.signup.operations.resending import claim, send_links, send_links_to
from webapp.signup.operations.seats import By, check_invited, check_open, lock, lock_event
from webapp.signup.operations.tagging import (
    add_note,
    delete_note,
    forget_unused_tags,
    tag,
    tag_names,
    untag,
)

__all__ = [
    "MADE",
    "By",
    "Outcome",
    "SignedUp",
    "accept",
    "add",
    "add_link",
    "add_note",
    "agree_contact",
    "approve",
    "ask_to_erase",
    "asking",
    "block",
    "cancel",
    "check_invited",
    "check_open",
    "claim",
    "come_back",
    "copy_links",
    "correct_address",
    "correct_own",
    "decline",
    "delete_note",
    "drop_unproved",
    "edit",
    "fill_seats",
    "forget_blocks",
    "forget_unused_tags",
    "give_up",
    "lock",
    "lock_event",
    "many",
    "mark_crew",
    "move_seats",
    "prove",
    "prove_ids",
    "remember_erased",
    "remove_link",
    "send_link_again",
    "send_links",
    "send_links_to",
    "sign_up",
    "tag",
    "tag_names",
    "untag",
    "withdraw_contact",
]
