"""Tables that other programs wrote: bytes in, rows of text out, or one sentence why not.

What a file is says its content, never its name. CSV with any delimiter and in any of the encodings that
occur (UTF-8 and UTF-16 with and without their marks, cp1252), and XLSX. Everything is bounded before it is
read, so that no file takes more memory or time than a large honest one.
"""

from __future__ import annotations

import codecs
import csv
import dataclasses
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import python_calamine
from flask_babel import gettext as _

from webapp.errors import Refused

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
# A sheet is read with all that lies between its first and its last cell, so that counts.
MOST_CELLS = 5_000_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 100
# Lines before the table itself (a title, figures) stand on top of the rows.
_ABOVE = 100
# More lines than this with a quote that nobody closed, and it is no table.
_MOST_BROKEN = 20
_LOOK_AT = 60

Cells = list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One row and the line of the file it begins on, both as people count: the first is 1."""

    number: int
    cells: Cells


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Rows that are not empty, and ``broken``: lines that cannot be read, each with the reason. ``sheet``
    is the name of a workbook's sheet."""

    lines: list[Line]
    broken: list[tuple[int, str]] = dataclasses.field(default_factory=list)
    sheet: str | None = None


def read(data: bytes) -> list[Table]:
    """The tables in a file: one of a CSV file, one for each sheet of a workbook that has rows. Raises
    Refused with a sentence, whatever the bytes are."""
    if len(data) > MOST_BYTES:
        raise Refused(_("The file is larger than 10 MB."), "large")
    if data.startswith(b"PK\x03\x04"):
        tables = _workbook(data)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(_("This is a workbook of an old kind, or one with a password. Please save it as XLSX or CSV, without a password."), "kind")  # fmt: skip
    else:
        tables = [_text_table(_decoded(data))]
    found = [table for table in tables if table.lines]
    if not found:
        raise Refused(_("There is nothing in this file."), "empty")
    return found


def _check_size(number: int, cells: Cells) -> None:
    if len(cells) > MOST_COLUMNS:
        raise Refused(_("Line %(line)s has more than %(n)s columns.", line=number, n=MOST_COLUMNS), "columns")  # fmt: skip
    for cell in cells:
        if len(cell) > LONGEST_CELL:
            raise Refused(_("A cell in line %(line)s has more than %(n)s characters.", line=number, n=LONGEST_CELL), "cell")  # fmt: skip


def _check_rows(count: int) -> None:
    if count > MOST_ROWS + _ABOVE:
        raise Refused(_("There are more than %(n)s rows. Please split the file.", n=f"{MOST_ROWS:,}"), "rows")  # fmt: skip


# Text


def _decoded(data: bytes) -> str:
    """The text of a file. Raises Refused for what is none."""
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
    for mark, encoding in marks:
        if data.startswith(mark):
            return _plain(_as(data[len(mark) :], encoding))
    head = data[:2000]
    if len(head) >= 4 and (even := head[::2].count(0)) + (odd := head[1::2].count(0)):
        # UTF-16 without its mark: half of the bytes of ordinary text are zero, all on the same side.
        if odd > len(head) * 0.3 and even < len(head) * 0.05:
            return _plain(_as(data, "utf-16-le"))
        if even > len(head) * 0.3 and odd < len(head) * 0.05:
            return _plain(_as(data, "utf-16-be"))
    try:
        return _plain(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _plain(data.decode("cp1252", errors="replace"))


def _as(data: bytes, encoding: str) -> str:
    if encoding.startswith("utf-16"):
        # An odd last byte is a rest of nothing.
        data = data[: len(data) // 2 * 2]
    return data.decode(encoding, errors="replace")


_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")


def _plain(text: str) -> str:
    """The text with line breaks of one kind. Raises Refused for pages, documents and programs."""
    start = text[:1000].lstrip("\ufeff \t\r\n")
    if start[:1] in ("<", "{") or start.startswith(("%PDF", "[{", "[[", "\x7fELF", "MZ")):
        raise Refused(_("This is no table. Please save the list as CSV or XLSX and choose that file."), "kind")  # fmt: skip
    sample = text[:20_000]
    if len(_CONTROLS.findall(sample)) > len(sample) * 0.02:
        raise Refused(_("This is no table. Please save the list as CSV or XLSX and choose that file."), "kind")  # fmt: skip
    text = text.removeprefix("\ufeff").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _delimiter(rows: list[str]) -> str:
    """The one that stands most often in the line of headings: that of the widest early line."""
    best, found = 0, ","
    for line in rows[:_LOOK_AT]:
        bare = re.sub(r'"[^"]*"', "", line)
        for delimiter in ("\t", ";", ",", "|"):
            count = bare.count(delimiter)
            if count > best:
                best, found = count, delimiter
    return found


def _text_table(text: str) -> Table:
    rows = text.split("\n")
    first = 0
    if (said := re.fullmatch(r'"?sep=(.)"?[\s,;]*', rows[0])) is not None:
        # So spreadsheets tell one another.
        first, delimiter = 1, said[1]
    else:
        delimiter = _delimiter([row for row in rows[: 4 * _LOOK_AT] if row.strip()])
    lines: list[Line] = []
    broken: list[tuple[int, str]] = []
    while first < len(rows):
        found, stopped = _records(rows, first, delimiter, lines)
        if found is None:
            break
        if len(broken) >= _MOST_BROKEN:
            raise Refused(_("Quotes are opened and not closed in many lines, from line %(line)s on. Please save the list anew.", line=broken[0][0]), "quotes")  # fmt: skip
        broken.append((found, _("A quote is opened in this line and not closed.")))
        first = stopped
    return Table(lines, broken)


def _records(rows: list[str], first: int, delimiter: str, lines: list[Line]) -> tuple[int | None, int]:  # fmt: skip
    """Reads from the row ``first`` on and adds to ``lines``. Answers the line number of one whose quote
    swallows others, and the row to go on with; (None, …) at the end."""
    taken = 0

    def feed() -> Iterator[str]:
        nonlocal taken
        for row in rows[first:]:
            taken += 1
            yield row + "\n"

    reader = csv.reader(feed(), delimiter=delimiter)
    begins = first
    try:
        for cells in reader:
            spans, begin = first + taken - begins, begins
            begins = first + taken
            if spans > 1 and _swallows(rows, begin, begins, delimiter, cells):
                return begin + 1, begin + 1
            _check_size(begin + 1, cells)
            cells = [_cell(cell) for cell in cells]
            if any(cells):
                lines.append(Line(begin + 1, cells))
                _check_rows(len(lines))
    except csv.Error:
        # The library's own limit of what one cell may hold: a quote that swallowed very much.
        return begins + 1, begins + 1
    return None, len(rows)


def _swallows(rows: list[str], begin: int, end: int, delimiter: str, cells: Cells) -> bool:
    """Whether a record of several lines is one only because a quote was never closed, or closed by
    another's: the quotes do not pair, or a cell holds a whole line with an address in it."""
    if end >= len(rows) and "\n".join(rows[begin:end]).count('"') % 2:
        return True
    columns = max(len(cells) - 1, 1)
    return any(
        "@" in part and part.count(delimiter) >= columns
        for cell in cells
        if "\n" in cell
        for part in cell.split("\n")[1:]
    )


_FORMULA = re.compile(r'="(.*)"', re.DOTALL)


def _cell(text: str) -> str:
    """Without the blanks around it, and without the formula that some programs wrap a text in."""
    text = text.strip()
    if text.startswith('="') and (found := _FORMULA.fullmatch(text)):
        return found[1].strip()
    return text


# Workbooks


def _workbook(data: bytes) -> list[Table]:
    _check_archive(data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return [_sheet(book, number) for number in range(len(book.sheet_names))]
    except Refused:
        raise
    except Exception as error:
        raise _unreadable() from error
    except BaseException as error:
        # How a fault in the library's own machine code is told.
        if type(error).__name__ == "PanicException":
            raise _unreadable() from error
        raise


def _unreadable() -> Refused:
    return Refused(_("This workbook cannot be read. Please save it anew as XLSX, or as CSV."), "broken")  # fmt: skip


def _sheet(book: python_calamine.CalamineWorkbook, number: int) -> Table:
    sheet = book.get_sheet_by_index(number)
    # Rows above the first that holds anything are not handed out; people count them.
    above = sheet.start[0] if sheet.start else 0
    lines: list[Line] = []
    for place, row in enumerate(sheet.to_python(skip_empty_area=True), above + 1):
        cells = [_shown(value) for value in row]
        if any(cells):
            while not cells[-1]:
                cells.pop()
            _check_size(place, cells)
            lines.append(Line(place, cells))
            _check_rows(len(lines))
    return Table(lines, sheet=sheet.name)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return _cell(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return str(value)


# A cell or a row that says where it stands; a row, and a cell, by their tags.
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,9})([0-9]{1,9})["']""")
_ROW = re.compile(rb"<(?:[\w.-]+:)?row\b")
_TAG = re.compile(rb"<(?:[\w.-]+:)?c[\s/>]")


def _check_archive(data: bytes) -> None:
    """Raises Refused unless this is a workbook that unpacks to something of an honest size. What the
    archive says of itself is not believed: it is unpacked, with a limit."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, OverflowError) as error:
        raise _unreadable() from error
    names = [entry.filename for entry in entries]
    if "xl/workbook.xml" not in {name.lower().lstrip("/") for name in names}:
        raise Refused(_("This is no table. Please save the list as CSV or XLSX and choose that file."), "kind")  # fmt: skip
    if len(names) > 2000:
        raise _bomb()
    total = 0
    for entry in entries:
        unpacked = _unpacked(data, entry, MOST_UNPACKED - total)
        total += len(unpacked)
        if total > MOST_UNPACKED or total > MOST_RATIO * max(len(data), 50_000):
            raise _bomb()
        if entry.filename.lower().endswith(".xml") and b"<!DOCTYPE" in unpacked[:2000]:
            raise _unreadable()
        if "worksheets/" in entry.filename.lower():
            _check_sheet(unpacked)


def _bomb() -> Refused:
    return Refused(_("This workbook unpacks to far more than it looks like. Please save the list as CSV."), "bomb")  # fmt: skip


def _unpacked(data: bytes, entry: zipfile.ZipInfo, most: int) -> bytes:
    """The bytes of one part, never more than ``most`` of them and one."""
    start = entry.header_offset
    head = data[start : start + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04" or entry.flag_bits & 1:
        raise _unreadable()
    begin = start + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")  # fmt: skip
    packed = data[begin : begin + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        return packed
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise _unreadable()
    try:
        return zlib.decompressobj(-15).decompress(packed, most + 1)
    except zlib.error as error:
        raise _unreadable() from error


def _check_sheet(xml: bytes) -> None:
    """Raises Refused for a sheet whose cells reach further than a list of people does. Cells may say
    where they stand or only follow one another: both are counted."""
    columns = rows = 0
    for found in _PLACE.finditer(xml):
        rows = max(rows, int(found[2]))
        if len(found[1]) > 3:
            raise Refused(_("A sheet has more than %(n)s columns.", n=MOST_COLUMNS), "columns")
        if len(found[1]) > 1 or not columns:
            place = 0
            for letter in found[1].upper():
                place = place * 26 + letter - 64
            columns = max(columns, place)
    parts = _ROW.split(xml)
    rows = max(rows, len(parts) - 1)
    columns = max(columns, 26, *(len(_TAG.findall(part)) for part in parts))
    if rows > MOST_ROWS + _ABOVE:
        _check_rows(rows)
    if columns > MOST_COLUMNS:
        raise Refused(_("A sheet has more than %(n)s columns.", n=MOST_COLUMNS), "columns")
    if rows * columns > MOST_CELLS:
        raise Refused(_("A sheet is too large: please leave only the columns that you need."), "cells")  # fmt: skip
