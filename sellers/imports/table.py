"""Bytes of somebody's file → a header and rows of text, whatever wrote it."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 400
DELIMITERS = [",", ";", "\t", "|"]

# What spreadsheets outside UTF-8 write; anything else is guessed wrong more often
# than it is met.
LEGACY = ["cp1252", "cp1250", "mac_roman", "cp1251", "shift_jis", "gb18030"]
SAMPLE_BYTES = 64 * 1024
BYTE_ORDER_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# What the seller may choose where the guess was wrong.
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "cp1252": "Western Europe (Windows 1252)",
    "cp1250": "Central Europe (Windows 1250)",
    "cp1251": "Cyrillic (Windows 1251)",
    "mac_roman": "Macintosh",
}
# A spreadsheet program took such a cell for a formula; an export puts ' before it.
DEFUSED = re.compile(r"^'(?=[=+\-@\t\r])")


class UnreadableFile(Exception):
    """Says to a person why the file cannot be read."""


@dataclass(frozen=True)
class Row:
    """One row; `number` is the one a spreadsheet shows beside it."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def first(self, *columns: str) -> str:
        """The first of the columns that says something."""
        return next(filter(None, (self[column] for column in columns)), "")


@dataclass(frozen=True)
class Table:
    encoding: str
    delimiter: str
    columns: frozenset[str]
    rows: list[Row]


def column_name(text: str) -> str:
    """“ Variant  Price” and “variant price” are one column."""
    return " ".join(text.replace("\ufeff", "").split()).casefold()


def read_table(data: bytes, encoding: str = "") -> Table:
    """The file as a table, or UnreadableFile."""
    refuse_other_files(data)
    encoding = encoding or guess_encoding(data)
    text = decode(data, encoding)
    delimiter = guess_delimiter(text)
    records = read_records(text, delimiter)
    header = [column_name(cell) for cell in next(records, (0, []))[1]]
    if len(header) < 2:
        raise UnreadableFile(_("The first row must name the columns."))
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(_("The file has too many columns."))
    rows = [
        Row(number, cells_of(header, record))
        for number, record in records
        if any(cell.strip() for cell in record)
    ]
    return Table(encoding, delimiter, frozenset(header), rows)


def refuse_other_files(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise UnreadableFile(_("The file has more than 10 MB: split it."))
    if not data.strip():
        raise UnreadableFile(_("The file is empty."))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(
            _("This is a workbook. Save it as CSV (UTF-8) and send that file.")
        )
    if data.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"%pdf")):
        raise UnreadableFile(_("This is not a CSV file."))


def guess_encoding(data: bytes) -> str:
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return name
    if (wide := wide_encoding(data)) is not None:
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return guess_legacy(data, error.start)
    return "utf-8"


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 without its mark shows as a zero in every other byte."""
    start = data[:400]
    if start.count(0) < len(start) // 4:
        return None
    return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"


def guess_legacy(data: bytes, first_odd_byte: int) -> str:
    """From the lines around the first byte that is not UTF-8."""
    start = max(0, first_odd_byte - SAMPLE_BYTES // 4)
    sample = data[start : start + SAMPLE_BYTES]
    matches = list(from_bytes(sample, cp_isolation=LEGACY))
    if not matches:
        return LEGACY[0]
    # Of those that read it equally well the first of the list is likeliest.
    best = min(matches, key=lambda m: (round(m.chaos, 2), LEGACY.index(m.encoding)))
    is_same = sample.decode(LEGACY[0], "replace") == str(best)
    return LEGACY[0] if is_same else best.encoding


def decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFile(
            _("The characters of the file cannot be read as %(encoding)s.")
            % {"encoding": encoding}
        ) from error
    if "\x00" in text:
        raise UnreadableFile(_("This is not a text file."))
    return text.removeprefix("\ufeff")


def guess_delimiter(text: str) -> str:
    """The one that cuts the first record into most cells."""
    head = io.StringIO(text[:65536], newline="")

    def cells(delimiter):
        head.seek(0)
        try:
            return len(next(csv.reader(head, delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=cells)


def read_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with its number; a cell may hold several lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(
                _("Row %(row)s cannot be read: a cell is too long or badly quoted.")
                % {"row": number}
            ) from error
        if record is None:
            return
        if number > MAX_ROWS + 1:
            raise UnreadableFile(
                _("The file has more than %(most)s rows: split it.")
                % {"most": MAX_ROWS}
            )
        yield number, record


def cells_of(header: list[str], record: list[str]) -> dict[str, str]:
    """Text as it stands: what looks like a formula stays what it looks like."""
    cells = {}
    for name, cell in zip(header, record, strict=False):
        # Of two columns with one name the first that says something counts.
        if not cells.get(name):
            cells[name] = DEFUSED.sub("", cell.strip())
    return cells
