"""The sheet of paper that goes into the parcel."""

from io import BytesIO
from xml.sax.saxutils import escape

from django.utils.formats import date_format
from django.utils.translation import gettext as _
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

from checkout.paper import STRONG, TEXT, TITLE


def draw(order) -> BytesIO:
    """An A4 PDF with the address, what to pack, and how to send things back."""
    group = order.group
    slip = BytesIO()
    document = SimpleDocTemplate(
        slip,
        pagesize=A4,
        title=_("Packing slip %(number)s") % {"number": order.number},
        author=order.seller.name,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
    )
    document.build(
        [
            Paragraph(escape(order.seller.name), TITLE),
            Paragraph(escape(order.seller.business_address), TEXT),
            Spacer(0, 10 * mm),
            Paragraph("<br/>".join(escape(line) for line in group.lines()), TEXT),
            Spacer(0, 10 * mm),
            Paragraph(
                _("Order %(number)s, placed on %(date)s")
                % {
                    "number": order.number,
                    "date": date_format(group.created_at, "DATE_FORMAT"),
                },
                STRONG,
            ),
            Paragraph(escape(order.shipping_name), TEXT),
            Spacer(0, 5 * mm),
            _table(order),
            Spacer(0, 10 * mm),
            Paragraph(
                _("You may return what you do not like within %(days)d days.")
                % {"days": order.seller.return_days},
                TEXT,
            ),
        ]
    )
    slip.seek(0)
    return slip


def _table(order):
    head = [_("Quantity"), _("SKU"), _("Product")]
    rows = [[Paragraph(text, STRONG) for text in head]]
    for line in order.lines.all():
        name = " · ".join(filter(None, [line.title, line.variant_title]))
        left = line.quantity - line.refunded_quantity
        rows.append(
            [Paragraph(escape(text), TEXT) for text in (str(left), line.sku, name)]
        )
    table = Table(rows, colWidths=[20 * mm, 40 * mm, 110 * mm], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.lightgrey),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    return table
