"""Documents as PDF: drawn from what was frozen, so always the same."""

from datetime import date
from io import BytesIO
from xml.sax.saxutils import escape

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import (
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from checkout.models import Invoice
from checkout.paper import RIGHT, SMALL, STRONG, STRONG_RIGHT, TEXT, TITLE
from marketplace.money import BASIS_POINTS, format_minor

RULED = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.lightgrey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def draw(invoice: Invoice) -> BytesIO:
    with override(invoice.content["language"]):
        return draw_in_language(invoice)


def draw_in_language(invoice: Invoice) -> BytesIO:
    content, seller = invoice.content, invoice.content["seller"]
    name = f"{invoice.get_kind_display()} {invoice.label}"
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=name,
        author=seller["name"],
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        invariant=1,
    )
    document.build(
        [
            Paragraph(escape(name), TITLE),
            paragraph([seller["name"], *seller["address"].splitlines()], TEXT),
            paragraph(contact(seller), TEXT),
            Spacer(0, 8 * mm),
            paragraph(content["buyer"], TEXT),
            Spacer(0, 8 * mm),
            paragraph(references(invoice), TEXT),
            Spacer(0, 5 * mm),
            lines_table(invoice),
            Spacer(0, 5 * mm),
            totals_table(invoice),
            Spacer(0, 8 * mm),
            Paragraph(escape(ending(invoice)), SMALL),
        ]
    )
    file.seek(0)
    return file


def paragraph(lines: list[str], style) -> Paragraph:
    return Paragraph("<br/>".join(escape(line) for line in lines), style)


def contact(seller: dict) -> list[str]:
    number = seller["tax_number"]
    taxed = [_("Tax number: %(number)s") % {"number": number}] if number else []
    return [seller["email"], *taxed]


def references(invoice: Invoice) -> list[str]:
    content = invoice.content
    day = date_format(timezone.localdate(invoice.issued_at), "DATE_FORMAT")
    ordered = date_format(date.fromisoformat(content["ordered_on"]), "DATE_FORMAT")
    lines = [
        _("Date: %(date)s") % {"date": day},
        _("Order %(number)s, placed on %(date)s")
        % {"number": content["order"], "date": ordered},
        _("Shop: %(shop)s") % {"shop": content["seller"]["shop"]},
    ]
    if invoice.kind == Invoice.Kind.CORRECTION:
        note = {"number": content["credit_note"]}
        lines.append(_("Cancels credit note %(number)s") % note)
    if invoice.kind != Invoice.Kind.INVOICE:
        lines.append(_("To invoice %(number)s") % {"number": content["invoice"]})
        lines.append(_("Reason: %(reason)s") % {"reason": content["reason"]})
    return lines


def lines_table(invoice: Invoice) -> Table:
    head = [_("Quantity"), _("Product"), _("Tax rate"), _("Amount")]
    rows = [[Paragraph(text, STRONG) for text in head]]
    rows[0][-1] = Paragraph(head[-1], STRONG_RIGHT)
    for line in invoice.content["lines"]:
        title = escape(line["title"])
        if line["sku"]:
            title += f'<br/><font size="8">{escape(line["sku"])}</font>'
        rows.append(
            [
                Paragraph(str(line["quantity"]), TEXT),
                Paragraph(title, TEXT),
                Paragraph(rate_text(line["rate"]), TEXT),
                Paragraph(format_minor(line["total_minor"], invoice.currency), RIGHT),
            ]
        )
    widths = [20 * mm, 90 * mm, 25 * mm, 35 * mm]
    return Table(rows, colWidths=widths, repeatRows=1, style=RULED)


def totals_table(invoice: Invoice) -> Table:
    def row(text, amount, styles=(TEXT, RIGHT)):
        money = format_minor(amount, invoice.currency)
        return [Paragraph(text, styles[0]), Paragraph(money, styles[1])]

    rows = []
    for tax in invoice.content["taxes"]:
        rate = {"rate": rate_text(tax["rate"])}
        rows.append(row(_("Net at %(rate)s") % rate, tax["net_minor"]))
        rows.append(row(_("Tax at %(rate)s") % rate, tax["tax_minor"]))
    is_credit = invoice.kind == Invoice.Kind.CREDIT_NOTE
    label = _("Paid back, tax included") if is_credit else _("Total, tax included")
    rows.append(row(label, invoice.total_minor, (STRONG, STRONG_RIGHT)))
    return Table(rows, colWidths=[135 * mm, 35 * mm], style=RULED)


def rate_text(rate: int | None) -> str:
    if rate is None:
        return _("several rates")
    return f"{rate * 100 / BASIS_POINTS:g} %"


def ending(invoice: Invoice) -> str:
    if invoice.kind == Invoice.Kind.CREDIT_NOTE:
        return _("Paid back to the means of payment that the order was paid with.")
    if invoice.kind == Invoice.Kind.CORRECTION:
        return _("Paid already: nothing is to be paid for this document.")
    return _("Paid with the order.")
