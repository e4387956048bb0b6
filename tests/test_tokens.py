"""Signed links: one text for each right, and no other text that does the same."""

from __future__ import annotations

import string

import pytest
from flask import Flask

from webapp import tokens

LETTERS = string.ascii_letters + string.digits + "-_."


@pytest.mark.case("D39")
def test_a_token_with_any_one_letter_changed_opens_nothing(context: Flask) -> None:
    for number in range(20):
        token = tokens.sign("my", [number, tokens.public_id()])
        assert tokens.read("my", token).payload[0] == number
        # Every other letter in the last place, where two bits of the letter mean nothing by themselves.
        changed = {token[:-1] + letter for letter in LETTERS} - {token}
        changed |= {
            token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
            for place in range(len(token) - 1)
        }
        for text in changed:
            with pytest.raises(tokens.TokenInvalid):
                tokens.read("my", text)


@pytest.mark.parametrize("text", ["", ".", "x", "é", "a.b.c", "=" * 4])
def test_what_is_no_token_is_invalid(context: Flask, text: str) -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read("my", text)


def test_a_token_of_one_purpose_opens_nothing_of_another(context: Flask) -> None:
    with pytest.raises(tokens.TokenInvalid):
        tokens.read("join", tokens.sign("my", [1, "x"]))
