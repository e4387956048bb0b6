from __future__ import annotations

import io
import logging
from typing import Any

import pypdf
import pytest

from tests.reports.evening import AFTER, make_evening
from webapp.db import db
from webapp.reports import article, operations, pdf, prose, queries

pytestmark = pytest.mark.usefixtures("context")


def published(blocks: dict[str, str] | None = None, **values: Any) -> Any:
    event = make_evening(**values)
    report = operations.draft(event, at=AFTER, by="Ben Hayes").report
    if blocks:
        operations.save(
            event, blocks, headline="people", left_out=[],
            revision=report.revision, at=AFTER, by="Ben Hayes",
        )  # fmt: skip
    return operations.publish(event, at=AFTER, by="Ben Hayes")


def read(data: bytes) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    return reader, " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def roles(reader: pypdf.PdfReader) -> set[str]:
    """The kinds of structure elements the file is tagged with."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.add(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


def test_paper_says_what_the_page_says_and_is_tagged() -> None:
    reader, text = read(published().pdf)
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "Three voices on “Bolivia Shows There Is An Alternative”"
    assert reader.metadata.author == "Ben Hayes"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    assert root["/MarkInfo"]["/Marked"]
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure", "/Link"} <= roles(reader)
    for words in ("5–7", "Between 5 and 7 people joined", "Claudia Turbet-Delof", "How we counted", "Fingerprint"):  # fmt: skip
        assert words in text, words


def test_the_same_bytes_every_time() -> None:
    version = published()
    assert pdf.render(article.of(version, 1)) == version.pdf


@pytest.mark.parametrize(
    "name", ["Túpac Áñez Moïse", "Łukasz Žižek", "Юлия Сергеевна", "Ελένη Παπαδοπούλου", "محمد علي", "דוד כהן"]
)  # fmt: skip
def test_names_of_many_scripts_keep_the_standard(name: str) -> None:
    reader, text = read(published({"byline_name": name}).pdf)
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert reader.metadata is not None
    assert reader.metadata.author == name
    if name.isascii() or name[0] in "TŁЮΕ":
        assert name in text


def test_a_character_without_a_font_is_said_on_paper_and_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="webapp.reports.pdf"):
        reader, text = read(published({"byline_name": "王小明"}).pdf)
    assert "set without PDF/UA" in caplog.text
    assert b"pdfuaid" not in reader.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert "This file does not meet the accessibility standard PDF/UA" in text


INJECTIONS = (
    '#panic("out")', "#read(\"/etc/passwd\")", "$x^2$", "] #text(red)[x", "\\ backslash \\",
    "*not bold*", "= no heading", "@nobody", "<label>", '"quoted"', "`raw`", "// no comment", "/* no */",
    "#import \"@preview/x:1.0.0\"", "~ -- ...",
)  # fmt: skip


@pytest.mark.case("D44")
@pytest.mark.parametrize("payload", INJECTIONS)
def test_what_people_type_is_never_markup(payload: str) -> None:
    version = published({"headline": payload, "quote": payload, "byline_name": payload})
    reader, text = read(version.pdf)
    assert reader.metadata is not None
    assert reader.metadata.title == payload
    assert " ".join(payload.split()) in text


def test_markdown_becomes_a_tree_of_data() -> None:
    tree = prose.blocks(
        "One *two* **three** `four` [five](https://x.example) [six](javascript:alert(1))\n\n"
        "- a\n- b\n\n> said\n\n# Big\n\n<script>x</script>"
    )
    assert [node["t"] for node in tree] == ["p", "ul", "quote", "h", "p"]
    assert {piece["t"] for piece in tree[0]["c"]} == {"text", "em", "strong", "code", "link"}
    links = [piece["href"] for piece in tree[0]["c"] if piece["t"] == "link"]
    assert links == ["https://x.example"]
    assert tree[4]["c"] == [{"t": "text", "text": "<script>x</script>"}]


def test_every_kind_of_block_can_be_set() -> None:
    text = (
        "Para with *em*, **strong**, `code`, [link](https://x.example) and  \na break.\n\n"
        "1. one\n2. two\n   - nested\n\n> a quotation\n\n### Small heading\n\n---\n\n"
        "```\ncode #block\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n![picture](https://x.example/y.png)"
    )
    _reader, words = read(published({"opening": text, "closing": text}).pdf)
    for part in ("nested", "a quotation", "Small heading", "code #block", "picture"):
        assert part in words


def test_the_newest_report_keeps_its_paper() -> None:
    version = published()
    db.session.expunge_all()
    found = queries.published("bolivia")
    assert found is not None
    assert found[0].pdf == version.pdf
