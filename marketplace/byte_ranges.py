"""One range of bytes of a file, as RFC 9110 section 14 asks for it."""

import re

RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.ASCII)


class Unsatisfiable(Exception):
    """The range lies behind the end of the file."""


def requested_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte; None for the whole file, also where nothing is understood.

    Several ranges at once are answered with the whole, which is allowed.
    """
    wanted = RANGE.fullmatch(header)
    if not wanted or wanted.groups() == ("", ""):
        return None
    first, last = wanted.groups()
    if not first:
        length = min(int(last), size)
        if not length:
            raise Unsatisfiable
        return size - length, size - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), min(int(last or size), size - 1)


def chunks(path, first: int, last: int):
    """The bytes of a file between these two, both included."""
    left = last - first + 1
    with open(path, "rb") as file:
        file.seek(first)
        while left and (chunk := file.read(min(left, 256 * 1024))):
            left -= len(chunk)
            yield chunk
