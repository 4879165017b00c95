"""Invoices, credit notes and corrections as files, for who bought and who sold."""

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from checkout import invoice_paper
from checkout.models import Invoice
from checkout.private_links import private_link
from sellers.access import seller_required


@private_link
@require_GET
def buyer_invoice(request, token, pk):
    found = Invoice.objects.filter(order__group__token=token)
    return invoice_file(get_object_or_404(found, pk=pk))


@seller_required
@require_GET
def seller_invoice(request, pk):
    return invoice_file(get_object_or_404(request.seller.invoices, pk=pk))


def invoice_file(invoice):
    return FileResponse(invoice_paper.draw(invoice), filename=invoice.file_name)
