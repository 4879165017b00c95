from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from marketplace.moderation import decisions
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.admin.sellers import matching
from marketplace.moderation.deciding import Choice
from sellers.models import Category, Product, Variant

Status = Product.Status


class VariantInline(DeskInline):
    model = Variant
    fields = ["sku", "title", "price", "in_stock", "is_active"]
    readonly_fields = ["title", "in_stock", "price"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("stock", "product")

    @shown(_("in stock"))
    def in_stock(self, variant):
        return variant.stock.available


@admin.register(Product)
class ProductAdmin(DeskAdmin):
    list_display = ["title", "seller", "category", "state", "created_at"]
    list_filter = ["status", ("category", AutocompleteSelectFilter)]
    state = status_label(
        "status", _("status"), in_review="warning", published="success"
    )
    list_select_related = ["seller", "category"]
    search_fields = ["title"]
    autocomplete_fields = ["seller", "category"]
    fieldsets = [
        (None, {"fields": ["title", "shop", "category", "status", "status_reason"]}),
        (_("What shoppers see"), {"fields": ["pictures", "text"]}),
        (_("Dates"), {"fields": ["created_at", "updated_at", "published_at"]}),
    ]
    readonly_fields = ["shop", "pictures", "text"]
    inlines = [VariantInline]
    choices = [
        Choice(
            "publish",
            _("Publish"),
            decisions.publish_product,
            lambda product: product.status == Status.IN_REVIEW,
        ),
        Choice(
            "send-back",
            _("Send back"),
            decisions.send_back_product,
            lambda product: product.status == Status.IN_REVIEW,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "remove",
            _("Take off the shelf"),
            decisions.send_back_product,
            lambda product: product.status == Status.PUBLISHED,
            needs_reason=True,
            variant="danger",
        ),
    ]

    def view_on_site(self, product):
        is_public = product.is_published and product.seller.is_open
        return product.get_absolute_url() if is_public else None

    def get_search_results(self, request, queryset, search_term):
        return (matching(queryset, search_term) if search_term else queryset), False

    @shown(_("shop"))
    def shop(self, product):
        return link_to(product.seller)

    @shown(_("pictures"))
    def pictures(self, product):
        pictures = [(m.image.url, m.alt) for m in product.media.all()[:8]]
        return format_html(
            '<div class="desk-pictures">{}</div>',
            format_html_join("", '<img src="{}" alt="{}">', pictures),
        )

    @shown(_("description"))
    def text(self, product):
        # Cleaned by nh3 before it was stored.
        return mark_safe(product.description)  # noqa: S308


@admin.register(Category)
class CategoryAdmin(ModelAdmin):
    list_display = ["name", "parent", "slug", "position"]
    list_select_related = ["parent"]
    search_fields = ["name"]
    autocomplete_fields = ["parent"]
    prepopulated_fields = {"slug": ["name"]}
    change_form_after_template = "moderation/_trail.html"
