"""A statement to keep: as CSV for the bookkeeping, as PDF for the file."""

from collections.abc import Iterator
from io import BytesIO
from xml.sax.saxutils import escape

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from checkout.packing_slip import STRONG, TEXT, TITLE
from checkout.statements import Statement, StatementLine
from marketplace.money import format_minor, to_major

SMALL = ParagraphStyle("small", TEXT, fontSize=8, leading=10)
SMALL_STRONG = ParagraphStyle("small-strong", STRONG, fontSize=8, leading=10)
NUMBER = ParagraphStyle("number", SMALL, alignment=TA_RIGHT)
NUMBER_STRONG = ParagraphStyle("number-strong", SMALL_STRONG, alignment=TA_RIGHT)
WIDTHS = [24 * mm, 62 * mm, 40 * mm, *[28 * mm] * 5]


def amounts_of(line: StatementLine) -> list[int | None]:
    kept = (line.gross_minor, line.commission_minor, line.tax_minor)
    return [
        *(kept if line.is_trade else (None, None, None)),
        line.change_minor,
        line.balance_minor,
    ]


def csv_rows(statement: Statement) -> Iterator[list]:
    yield [
        _("Date"),
        _("Entry"),
        _("Reference"),
        _("Order"),
        _("Currency"),
        _("Price"),
        _("Commission"),
        _("Tax on it"),
        _("Yours"),
        _("Balance"),
    ]
    for line in statement.lines:
        entry = line.entry
        yield [
            localtime(entry.created_at).isoformat(timespec="seconds"),
            entry.get_kind_display(),
            entry.reference,
            entry.order.number if entry.order else "",
            statement.currency,
            *(
                "" if amount is None else to_major(amount, statement.currency)
                for amount in amounts_of(line)
            ),
        ]


def draw(statement: Statement) -> BytesIO:
    """A4, landscape, with what each line is and what it sums up to."""
    paper = BytesIO()
    document = SimpleDocTemplate(
        paper,
        pagesize=landscape(A4),
        title=statement.number,
        author=statement.seller.name,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=15 * mm,
        bottomMargin=15 * mm,
    )
    document.build(story(statement))
    paper.seek(0)
    return paper


def story(statement: Statement) -> list[Flowable]:
    seller = statement.seller
    month = date_format(statement.month, "YEAR_MONTH_FORMAT")
    title = _("Statement %(month)s") % {"month": month}
    address = seller.business_address.replace("\r", "").split("\n")
    return [
        Paragraph(escape(title), TITLE),
        Paragraph(escape(seller.legal_name), STRONG),
        Paragraph("<br/>".join(map(escape, address)), TEXT),
        Paragraph(escape(statement.number), SMALL),
        Spacer(0, 6 * mm),
        summary_table(statement),
        Spacer(0, 6 * mm),
        line_table(statement),
    ]


def summary(statement: Statement) -> list[tuple[str, int]]:
    return [
        (_("At the beginning"), statement.opening_minor),
        (_("Sales less refunds"), statement.gross_minor),
        (_("Commission"), statement.commission_minor),
        (_("Tax on the commission"), statement.tax_minor),
        (_("Reserve and debts"), statement.moved_minor),
        (_("Transferred"), statement.sent_minor),
        (_("At the end"), statement.closing_minor),
    ]


def summary_table(statement: Statement) -> Table:
    rows = [
        [Paragraph(escape(label), TEXT), money(amount, statement, NUMBER)]
        for label, amount in summary(statement)
    ]
    table = Table(rows, colWidths=[70 * mm, 40 * mm], hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("LINEABOVE", (0, -1), (-1, -1), 0.5, colors.black),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return table


def money(amount: int | None, statement: Statement, style: ParagraphStyle) -> Paragraph:
    text = "" if amount is None else format_minor(amount, statement.currency)
    return Paragraph(escape(text), style)


def line_table(statement: Statement) -> Table:
    names = [_("Date"), _("Entry"), _("Order")]
    figures = [_("Price"), _("Commission"), _("Tax on it"), _("Yours"), _("Balance")]
    rows = [
        [
            *(Paragraph(escape(name), SMALL_STRONG) for name in names),
            *(Paragraph(escape(name), NUMBER_STRONG) for name in figures),
        ]
    ]
    for line in statement.lines:
        entry = line.entry
        texts = [
            date_format(localtime(entry.created_at), "SHORT_DATE_FORMAT"),
            entry.get_kind_display(),
            entry.order.number if entry.order else "",
        ]
        rows.append(
            [
                *(Paragraph(escape(text), SMALL) for text in texts),
                *(money(amount, statement, NUMBER) for amount in amounts_of(line)),
            ]
        )
    table = Table(rows, colWidths=WIDTHS, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table
