from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.utils.translation import gettext_lazy as _

from marketplace.moderation import decisions
from marketplace.moderation.admin.base import DeskAdmin, DeskInline, status_label
from marketplace.moderation.deciding import Choice
from sellers.models import CatalogImport, ImportProblem, Seller, SellerMember

Status = Seller.Status


def matching(queryset, term):
    """Full-text search by the index that shoppers search with."""
    return queryset.filter(
        search=SearchQuery(term, config="english", search_type="websearch")
    )


class MemberInline(DeskInline):
    model = SellerMember
    fields = ["user", "role"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")


@admin.register(Seller)
class SellerAdmin(DeskAdmin):
    list_display = ["name", "state", "country", "email", "is_payable", "applied_at"]
    list_filter = ["status", "is_payable"]
    state = status_label(
        "status", _("status"), pending="warning", approved="success", suspended="danger"
    )
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "status", "status_reason", "applied_at"]}),
        (_("Shop"), {"fields": ["slug", "tagline", "description"]}),
        (
            _("Business"),
            {
                "fields": [
                    "legal_name",
                    "business_address",
                    "country",
                    "tax_number",
                    "email",
                    "phone",
                    "currency",
                ]
            },
        ),
        (
            _("Payments"),
            {
                "fields": [
                    "stripe_account_id",
                    "is_payable",
                    "requirements_due",
                    "requirements_due_by",
                ]
            },
        ),
    ]
    inlines = [MemberInline]
    choices = [
        Choice(
            "approve",
            _("Approve"),
            decisions.approve_seller,
            lambda seller: seller.status == Status.PENDING,
        ),
        Choice(
            "reject",
            _("Reject"),
            decisions.reject_seller,
            lambda seller: seller.status == Status.PENDING,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "suspend",
            _("Suspend"),
            decisions.suspend_seller,
            lambda seller: seller.status == Status.APPROVED,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "reinstate",
            _("Reinstate"),
            decisions.reinstate_seller,
            lambda seller: seller.status == Status.SUSPENDED,
        ),
    ]

    def view_on_site(self, seller):
        return seller.get_absolute_url() if seller.is_open else None

    def get_search_results(self, request, queryset, search_term):
        return (matching(queryset, search_term) if search_term else queryset), False


class ProblemInline(DeskInline):
    model = ImportProblem
    fields = ["row", "column", "message", "is_refusal"]


@admin.register(CatalogImport)
class CatalogImportAdmin(DeskAdmin):
    list_display = [
        "file_name",
        "seller",
        "status",
        "products_done",
        "products_total",
        "products_refused",
        "created_at",
    ]
    list_filter = ["status"]
    list_select_related = ["seller"]
    fields = [
        "seller",
        "file_name",
        "status",
        "failure_reason",
        "encoding",
        "delimiter",
        "products_total",
        "products_done",
        "products_refused",
        "created_at",
        "finished_at",
    ]
    inlines = [ProblemInline]
