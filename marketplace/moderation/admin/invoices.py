from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from checkout.invoice_views import invoice_file
from checkout.models import Invoice
from marketplace.moderation.admin.base import DeskAdmin, DeskInline, link_to, shown
from marketplace.money import format_minor


def link_to_pdf(invoice):
    address = reverse("admin:checkout_invoice_pdf", args=[invoice.pk])
    return format_html('<a href="{}">{}</a>', address, invoice.file_name)


class InvoiceInline(DeskInline):
    model = Invoice
    fields = ["kind", "pdf", "total", "issued_at"]
    readonly_fields = ["pdf", "total"]

    @shown(_("document"))
    def pdf(self, invoice):
        return link_to_pdf(invoice)

    @shown(_("total"))
    def total(self, invoice):
        return format_minor(invoice.total_minor, invoice.currency)


@admin.register(Invoice)
class InvoiceAdmin(DeskAdmin):
    list_display = ["label", "kind", "seller", "order", "total", "tax", "issued_at"]
    list_filter = ["kind"]
    list_select_related = ["seller", "order__group"]
    search_fields = ["order__group__number"]
    search_help_text = _("The order's number, in full.")
    fields = ["pdf", "kind", "shop", "order_page", "total", "tax", "issued_at"]
    readonly_fields = ["pdf", "shop", "order_page", "total", "tax"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.file)
        route = path("<path:object_id>/pdf/", view, name="checkout_invoice_pdf")
        return [route, *super().get_urls()]

    def file(self, request, object_id):
        if not self.has_view_permission(request):
            raise PermissionDenied
        invoice = self.get_object(request, unquote(object_id))
        if invoice is None:
            raise Http404
        return invoice_file(invoice)

    def get_search_results(self, request, queryset, search_term):
        number = search_term.strip().partition("-")[0]
        return (
            queryset.filter(order__group__number=number) if number else queryset
        ), False

    @shown(_("number"))
    def label(self, invoice):
        return invoice.label

    @shown(_("document"))
    def pdf(self, invoice):
        return link_to_pdf(invoice)

    @shown(_("shop"))
    def shop(self, invoice):
        return link_to(invoice.seller)

    @shown(_("order"))
    def order_page(self, invoice):
        return link_to(invoice.order)

    @shown(_("total"))
    def total(self, invoice):
        return format_minor(invoice.total_minor, invoice.currency)

    @shown(_("tax"))
    def tax(self, invoice):
        return format_minor(invoice.tax_minor, invoice.currency)
