"""Everything that attendees, speakers and guests see is there in every language of the site."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.pofile import write_po

from tests import catalogue
from tests.texts import ROOT

LANGUAGES = catalogue.languages()
# Says the number in words, so a translation may do without it.
_MARK = re.compile(r"%\((\w+)\)\d*[a-z]")


def marks(text: str) -> list[str]:
    """What is put into a text: "%(name)s" by the server, "{name}" by a script."""
    braces = [name for _t, name, _f, _c in string.Formatter().parse(text.replace("%", "%%")) if name]  # fmt: skip
    return sorted(_MARK.findall(text) + braces)


def pairs(message: catalogue.Message) -> Iterator[tuple[str, str]]:
    if isinstance(message.id, tuple):
        yield from zip(message.id, message.string, strict=True)
    else:
        yield str(message.id), str(message.string)


def test_there_is_a_catalogue_for_every_language(app):
    assert [code for code in app.config["LANGUAGES"] if code != "en"] == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_that_attendees_see_is_translated(language):
    """If this names a text of yours: add its line to webapp/translations/<language>, in the order of the
    texts ("make texts" puts it there, empty). If only organisers see it, say so in tests/catalogue.py."""
    found = catalogue.read(language)
    missing = {}
    for text, place in catalogue.said_to_attendees().items():
        message = found.get(text)
        said = list(pairs(message)) if message and message.string else []
        if not said or not all(translated.strip() for _text, translated in said):
            missing[text] = place
    assert missing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_words_to_fill_in_and_nobody_guesses(language):
    for message in catalogue.read(language):
        if not message.id:
            continue
        assert not message.fuzzy, f"look at this one, then take its mark off: {message.id}"
        for text, translated in pairs(message):
            assert marks(translated) == marks(text), message.id
            # One space before and after, or none: texts are put together.
            assert translated[:1].isspace() == text[:1].isspace(), message.id
            assert translated[-1:].isspace() == text[-1:].isspace(), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_is_as_make_texts_writes_it(language, tmp_path):
    """Nothing in it that is said no more, in the order of the texts: two who add a line do not collide."""
    found = catalogue.read(language)
    ids = [message.id for message in found if message.id]
    assert sorted(map(str, set(ids) - set(catalogue.said_to_attendees()))) == []
    path = tmp_path / "messages.po"
    with path.open("wb") as file:
        write_po(file, found, width=0, no_location=True, sort_output=True)
    written = re.findall(r"^msgid .*", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert re.findall(r'^msgid .*', catalogue.file_of(language).read_text(encoding="utf-8"), re.MULTILINE) == written  # fmt: skip


def test_what_organisers_see_is_not_asked_for():
    said = catalogue.said_to_attendees()
    assert "Save my place" in said
    assert "You have a place: %(title)s" in said
    assert "Sign out" not in said
    assert "This page's people" not in said


def test_a_function_that_is_left_out_exists():
    for place in catalogue.SAID_TO_ORGANISERS | set(catalogue.TOOL_TEMPLATES):
        assert (ROOT / place.partition(" ")[0]).exists(), place


def test_marks():
    assert marks("%(n)s of {name}") == ["n", "name"]
    assert marks("%(h)d h %(m)02d min, 100 %") == ["h", "m"]
