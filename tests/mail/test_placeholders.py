"""Organisers' own words in a mail: placeholders are names, and nothing else happens in them."""

from __future__ import annotations

import pytest

from webapp.mail import placeholders, writing
from webapp.mail.placeholders import Placeholder, Values

KNOWN = placeholders.known(
    Placeholder("name", "word", "what they are called"),
    Placeholder("event", "word", "the title"),
    Placeholder("my_page", "link", "their own page"),
    Placeholder("join_button", "block", "the button"),
)
MINE = "https://turnout.test/my/abc"
LITERAL = ["{{7*7}} or {{8*8}}", "{0.__class__} and {1.__class__}", "%(x)s", "${7*7} ${8*8}", "{% if x %}", "#{7*7}"]  # fmt: skip
NASTY = ["Click http: //evil.\u200bexample now", "[Click](http: //evil)", "<b>x</b>", "*x* **y**", "`x`", "{my_page}", "# x", "qz0zq"]  # fmt: skip


def made(body: str, blocks: frozenset[str] = frozenset(), **more: str) -> tuple[writing.Part, ...]:
    words = {"name": "Ana", "event": "An evening"} | {k: v for k, v in more.items() if k in ("name", "event")}  # fmt: skip
    links = {"my_page": more.get("my_page", MINE), "gone": ""}
    return placeholders.written("x", body, Values(words, links, blocks)).parts


def one(body: str, **more: str) -> tuple[str, str]:
    (part,) = made(body, **more)
    return str(part.html).strip(), part.text


@pytest.mark.case("D45")
@pytest.mark.parametrize("text", LITERAL)
def test_the_language_of_another_template_stays_as_it_is_written(text: str) -> None:
    assert one(f"Hello, {text}.") == (f"<p>Hello, {text}.</p>", f"Hello, {text}.")
    assert placeholders.filled(text, Values({"name": "Ana", "x": "no"})) == text


@pytest.mark.case("D43")
@pytest.mark.parametrize("name", NASTY)
def test_a_name_in_a_placeholder_is_text_and_nothing_else(name: str) -> None:
    html, text = one("Hello **{name}**, see [your page]({my_page})", name=name)
    assert text == f"Hello {name}, see your page\n{MINE}"
    shown = name.replace("<", "&lt;").replace(">", "&gt;")
    assert html == f'<p>Hello <strong>{shown}</strong>, see <a href="{MINE}">your page</a></p>'


@pytest.mark.case("D19")
def test_a_name_with_a_line_break_makes_no_second_line_of_a_subject() -> None:
    values = Values({"name": "Ana\r\nBcc: x@example.org"})
    assert placeholders.filled("For {name}", values) == "For Ana Bcc: x@example.org"


@pytest.mark.case("D43")
def test_a_word_is_never_where_a_link_leads() -> None:
    for target in ("{name}", "https://x.example/{name}", "{my_page}{name}"):
        html, text = one(f"[Click]({target})", name="https://evil.example")
        assert html == "<p>Click</p>"
        assert text == "Click"


def test_text_and_html_say_the_same() -> None:
    body = """# One *heading*
Some **bold** [link]({my_page}) and [another](https://ok.example/?a=1&b=2).

- one
- two {my_page}

> A word of theirs

line \\
break"""
    html, text = one(body)
    assert (
        text
        == f"""One heading

Some bold link and another.
link: {MINE}
another: https://ok.example/?a=1&b=2

- one
- two {MINE}

> A word of theirs

line
break"""
    )
    assert "<h2>One <em>heading</em></h2>" in html
    assert f'<a href="{MINE}">link</a> and <a href="https://ok.example/?a=1&amp;b=2">another</a>' in html  # fmt: skip
    assert f'<li>two <a href="{MINE}">{MINE}</a></li>' in html


def test_raw_html_scripts_and_pictures_stay_text() -> None:
    html, _text = one("<script>x</script> ![pic](https://x.example/p.png) [j](javascript:alert(1))")
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_a_block_stands_between_the_parts_it_cuts() -> None:
    parts = made("Hello\n{join_button}\n\nBye {join_button}", frozenset({"join_button"}))
    assert [(part.block, part.text) for part in parts] == [
        ("", "Hello"), ("join_button", ""), ("", "Bye {join_button}"),
    ]  # fmt: skip


def test_a_link_that_a_person_does_not_have_takes_its_sentence_along() -> None:
    html, text = one("Hello\n\nCannot come? [Give it back]({gone})\n\n- {gone}\n\nBye")
    assert text == "Hello\n\nBye"
    assert html == "<p>Hello</p>\n<p>Bye</p>"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{naem}", "There is no placeholder {naem} here; did you mean {name}?"),
        ("[x]({My_Page})", "There is no placeholder {My_Page} here; did you mean {my_page}?"),
        ("{join button}", "There is no placeholder {join button} here; did you mean {join_button}?"),
        ("{first name}", "There is no placeholder {first name} here. There are: {name}, {event}, {my_page}, {join_button}."),
        ("{title}", "There is no placeholder {title} here. There are: {name}, {event}, {my_page}, {join_button}."),
        ("{{name}}", "“{{name}}” would stay as it is. Write {name}."),
        ("${name}", "“${name}” would stay as it is. Write {name}."),
        ("%(name)s", "“%(name)s” would stay as it is. Write {name}."),
        ("{ name }", "“{ name }” would stay as it is. Write {name}."),
        ("{{x}}", "There is no placeholder {x} here. There are: {name}, {event}, {my_page}, {join_button}."),
        ("{name}\nHi {name, or", "Line 2: “{name” lacks one of its braces, and people would read it as it is. Write it whole, as {name}, or without a brace."),
        ("Hi name} or", "Line 1: “name}” lacks one of its braces, and people would read it as it is. Write it whole, as {name}, or without a brace."),
        ("Press {join_button} now", "{join_button} needs a line of its own."),
        ("[x]({name})", "{name} is no address, so a link cannot lead there."),
        ("[x](https://a.example/{name})", "{name} cannot be part of an address."),
        ("[x](/page)", "A link needs its whole address, with https:// in front: “/page”."),
        ("", "A mail needs a text."),
        ("a\x00b", "There is a character in it that cannot be seen. Please type it anew."),
        ("x" * 20_001, "That is too long: at most 20000 characters."),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("context")
def test_what_cannot_be_sent_is_said_by_name(body: str, problem: str) -> None:
    assert placeholders.body_problems(body, KNOWN) == [problem]


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("body", ["Hello {name},\n{join_button}\n[x]({my_page}?from=mail) {{7*7}} {0.__class__} %(x)s"])  # fmt: skip
def test_what_can_be_sent_has_no_problem(body: str) -> None:
    assert placeholders.body_problems(body, KNOWN) == []


@pytest.mark.usefixtures("context")
def test_a_subject_is_one_line_of_words() -> None:
    assert placeholders.subject_problems("Hello {name}", KNOWN) == []
    assert placeholders.subject_problems("", KNOWN) == ["A mail needs a subject."]
    assert placeholders.subject_problems("a\nb", KNOWN) == ["A subject is one line."]
    assert "“{name” lacks one of its braces" in placeholders.subject_problems("Hi {name", KNOWN)[0]
    assert placeholders.subject_problems("{my_page}", KNOWN) == [
        "There is no placeholder {my_page} here. There are: {name}, {event}."
    ]


def test_a_subject_of_many_mails_stands_for_none_of_them() -> None:
    assert placeholders.in_general("News for {name}: {{x}} {event}") == "News for …: {{x}} …"
