"""CSV that leaves the site: reports and catalogues that a spreadsheet may open."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from sellers.models import CatalogImport

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def defused(cell) -> str:
    """A text that a spreadsheet does not take for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_response(rows: Iterable[Iterable], file_name: str) -> StreamingHttpResponse:
    writer = csv.writer(Echo())
    lines = (writer.writerow([defused(cell) for cell in row]) for row in rows)
    # The mark tells Excel that it is UTF-8.
    body = (
        ("\ufeff" if number == 0 else "") + line for number, line in enumerate(lines)
    )
    response = StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def problem_rows(catalog_import: CatalogImport) -> Iterator[list]:
    yield [_("Row"), _("Product"), _("Column"), _("Result"), _("Why")]
    for problem in catalog_import.problems.iterator():
        result = _("Refused") if problem.is_refusal else _("Changed")
        yield [
            problem.row, problem.handle, problem.column, result, problem.message,
        ]  # fmt: skip
    failed = catalog_import.pictures.filter(status="failed").select_related("product")
    for picture in failed:
        title = picture.product.import_handle
        yield [picture.row, title, picture.url, _("No picture"), picture.message]
