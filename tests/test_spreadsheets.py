"""Tables that other programs wrote: read whatever they look like, or refused with a sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from webapp import spreadsheets
from webapp.errors import Refused

FILES = Path(__file__).parent / "signup" / "files"
ROWS = [
    ["Name", "E-mail"],
    ["Túpac Katari", "tupac@example.org"],
    ["Łucja Żó", "lucja@example.org"],
]


def cells(data: bytes) -> list[list[str]]:
    return [line.cells for line in spreadsheets.read(data)[0].lines]


def refusal(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        spreadsheets.read(data)
    return caught.value.code


def survives(data: bytes) -> None:
    """Whatever comes, it is a table or a sentence."""
    said, tables = "", []
    try:
        tables = spreadsheets.read(data)
    except Refused as refused:
        said = str(refused)
    assert said or tables
    for table in tables:
        assert all(any(line.cells) and "\0" not in "".join(line.cells) for line in table.lines)


def text(rows: list[list[str]], delimiter: str) -> str:
    return "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_delimiter_and_encoding(context: Flask, delimiter: str, encoding: str) -> None:
    assert cells(text(ROWS, delimiter).encode(encoding)) == ROWS


def test_old_single_byte_files(context: Flask) -> None:
    assert cells("Nom;Courriel\nHélène;h@example.org\n".encode("cp1252")) == [
        ["Nom", "Courriel"], ["Hélène", "h@example.org"],
    ]  # fmt: skip


def test_utf16_with_an_odd_last_byte(context: Flask) -> None:
    assert cells(text(ROWS, "\t").encode("utf-16") + b"\n") == ROWS


def test_a_file_may_name_its_delimiter(context: Flask) -> None:
    assert cells(b"sep=;\nname, first;mail\nAna;a@example.org\n") == [
        ["name, first", "mail"], ["Ana", "a@example.org"],
    ]  # fmt: skip


@pytest.mark.case("D41")
def test_quotes_and_line_breaks_in_cells(context: Flask) -> None:
    table = spreadsheets.read(b'name,mail\n"Ana ""A"", of\nQuetzal",a@example.org\nBea,b@example.org')[0]  # fmt: skip
    assert [(line.number, line.cells) for line in table.lines] == [
        (1, ["name", "mail"]),
        (2, ['Ana "A", of\nQuetzal', "a@example.org"]),
        (4, ["Bea", "b@example.org"]),
    ]
    assert table.broken == []


@pytest.mark.parametrize("closed", ["", '"'])
def test_an_open_quote_swallows_nobody(context: Flask, closed: str) -> None:
    """Neither to the end of the file nor to the next quote that somebody wrote."""
    table = spreadsheets.read(
        f'name,mail\n"Ana,a@example.org\nBea,b@example.org\nCid {closed},c@example.org\nDan,d@example.org\n'.encode()
    )[0]
    assert [number for number, _why in table.broken] == [2]
    assert [line.number for line in table.lines] == [1, 3, 4, 5]


def test_many_open_quotes_are_no_table(context: Flask) -> None:
    rows = "".join(f'"p{n},p{n}@example.org\nq{n},q{n}@example.org\n' for n in range(50))
    assert refusal(("name,mail\n" + rows).encode()) == "quotes"


def test_lines_are_counted_as_people_do(context: Flask) -> None:
    table = spreadsheets.read(b"\n\nname,mail\n,,,\n\nAna,a@example.org\n")[0]
    assert [line.number for line in table.lines] == [3, 6]


@pytest.mark.parametrize("data", [
    b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n , ,\n", b"\0\0\0\0",
])  # fmt: skip
def test_nothing_in_it(context: Flask, data: bytes) -> None:
    assert refusal(data) in ("empty", "kind")


@pytest.mark.case("D61")
@pytest.mark.parametrize("data", [
    b"<!doctype html><title>x</title>", b"<?xml version='1.0'?><a/>", b'{"a": 1}', b"%PDF-1.7\n1 0 obj",
    b"\x7fELF\x02\x01\x01" + bytes(200), b"MZ\x90\0" + bytes(range(256)), b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(64), b"PK\x03\x04", b"PK\x03\x04" + bytes(range(256)),
])  # fmt: skip
def test_what_is_no_table_is_told_by_its_content(context: Flask, data: bytes) -> None:
    assert refusal(data) in ("kind", "broken")


@pytest.mark.case("D59")
def test_limits_of_text(context: Flask) -> None:
    assert refusal(b"a" * (spreadsheets.MOST_BYTES + 1)) == "large"
    assert refusal(b"a,b\n" + b"1,2\n" * (spreadsheets.MOST_ROWS + 200)) == "rows"
    assert refusal(b"a,b\n" + b"x," * 201) == "columns"
    assert refusal(b"a,b\nx," + b"y" * 10_001) == "cell"


# Workbooks


def workbook(*sheets: list[list[Any]]) -> bytes:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True, "strings_to_formulas": False}) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for place, row in enumerate(rows):
                for column, value in enumerate(row):
                    sheet.write(place, column, value)
    return data.getvalue()


def remade(data: bytes, part: str, content: bytes) -> bytes:
    """The workbook with one part of it exchanged."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:  # fmt: skip
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def sheet(rows: bytes) -> bytes:
    return remade(workbook(ROWS), SHEET, HEAD + b"<sheetData>" + rows + b"</sheetData></worksheet>")


def test_each_sheet_of_a_workbook(context: Flask) -> None:
    tables = spreadsheets.read(
        workbook([], [["", ""], ["Number", "Right"], [12.0, True], [1.5, "=1"]], ROWS)
    )
    assert [table.sheet for table in tables] == ["Sheet2", "Sheet3"]
    assert [(line.number, line.cells) for line in tables[0].lines] == [
        (2, ["Number", "Right"]), (3, ["12", "yes"]), (4, ["1.5", "=1"]),
    ]  # fmt: skip
    assert [line.cells for line in tables[1].lines] == ROWS


@pytest.mark.case("D62")
def test_a_workbook_that_unpacks_to_far_more(context: Flask) -> None:
    assert refusal(sheet(b"<!--" + b" " * 30_000_000 + b"-->")) == "bomb"


@pytest.mark.case("D62")
def test_a_workbook_that_lies_about_its_size(context: Flask) -> None:
    """What the archive says of itself is not believed."""
    data = bytearray(sheet(b"<!--" + b" " * 30_000_000 + b"-->"))
    for mark, place in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(mark)
        while at >= 0:
            data[at + place : at + place + 4] = struct.pack("<I", 100)
            at = data.find(mark, at + 4)
    assert refusal(bytes(data)) in ("bomb", "broken")


@pytest.mark.case("D62")
@pytest.mark.parametrize("rows", [
    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>',
    b"<row>" + b"<c><v>1</v></c>" * 300 + b"</row>",
    b'<row r="1"/>' + b"<row/>" * 150_000,
    b'<row r="1"><c r="GR1"><v>1</v></c></row><row r="100000"><c r="A100000"><v>1</v></c></row>',
    b"".join(b'<row r="%d"/>' % n for n in range(1, 1_048_577, 7)),
])  # fmt: skip
def test_sheets_that_reach_far_are_not_opened(context: Flask, rows: bytes) -> None:
    assert refusal(sheet(rows)) in ("rows", "columns", "cells", "bomb")


@pytest.mark.case("D62")
def test_outside_entities_are_not_read(context: Flask) -> None:
    content = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet>&e;</worksheet>'
    assert refusal(remade(workbook(ROWS), SHEET, content)) == "broken"


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", SHEET]
)
def test_broken_parts(context: Flask, part: str) -> None:
    for content in (b"", b"<", b"<a>", b"\xff\xfe\x00", b"<worksheet><sheetData><row><c t='s'><v>99</v>"):  # fmt: skip
        survives(remade(workbook(ROWS), part, content))


# Whatever comes, it is a table or a sentence.

# A workbook says when it was made, so it is made once: the same bytes for each example.
SAMPLES = {path.name: path.read_bytes() for path in sorted(FILES.iterdir())} | {
    "workbook": workbook(ROWS, [["a@example.org"]])
}


@given(st.binary(max_size=2000))
@example(b'"')
@example(b"\xff\xfe\n")
def test_any_bytes(migrated_app: Flask, data: bytes) -> None:
    with migrated_app.app_context():
        survives(data)


@given(st.text(alphabet='ab@.,;\t|"\n\r\0=\'é\ufeff', max_size=300), st.sampled_from(["utf-8", "utf-16", "cp1252"]))  # fmt: skip
def test_any_text(migrated_app: Flask, said: str, encoding: str) -> None:
    with migrated_app.app_context():
        survives(said.encode(encoding, errors="replace"))


@given(st.data())
def test_damaged_files(migrated_app: Flask, data: st.DataObject) -> None:
    """Samples of the field and a workbook, cut, doubled and with bytes changed."""
    raw = bytearray(SAMPLES[data.draw(st.sampled_from([*SAMPLES]))])
    for _turn in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        match data.draw(st.sampled_from(["set", "cut", "drop", "double"])):
            case "set":
                raw[at : at + 1] = data.draw(st.binary(min_size=1, max_size=3))
            case "cut":
                del raw[at:]
            case "drop":
                del raw[at : at + data.draw(st.integers(1, 40))]
            case "double":
                raw[at:at] = raw[at : at + 60]
    with migrated_app.app_context():
        survives(bytes(raw))


@given(st.data())
def test_damaged_sheets(migrated_app: Flask, data: st.DataObject) -> None:
    """Damage inside the archive, behind its checksums."""
    with zipfile.ZipFile(io.BytesIO(workbook(ROWS))) as archive:
        part = data.draw(st.sampled_from([SHEET, "xl/sharedStrings.xml", "xl/workbook.xml"]))
        raw = bytearray(archive.read(part))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    with migrated_app.app_context():
        survives(remade(workbook(ROWS), part, bytes(raw)))
