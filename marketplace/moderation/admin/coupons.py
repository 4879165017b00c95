"""Coupons of the platform, and those of the shops."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from checkout.coupon_forms import CouponForm
from checkout.models import Coupon
from marketplace.moderation.admin.base import EstimatingPaginator, shown
from marketplace.money import format_minor


def value_of(coupon):
    if coupon.kind == Coupon.Kind.PERCENT:
        return f"{coupon.percent} %"
    if coupon.kind == Coupon.Kind.FIXED:
        return format_minor(coupon.amount_minor, coupon.currency)
    return coupon.get_kind_display()


class DeskCouponForm(CouponForm):
    """Any coupon: of one shop or of all, borne by the shop or by the platform."""

    class Meta(CouponForm.Meta):
        fields = [
            *CouponForm.Meta.fields,
            "seller",
            "bearer",
            "valid_from",
            "valid_until",
            "is_active",
        ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        widgets = dict.fromkeys(
            ["percent", "amount", "minimum"], UnfoldAdminDecimalFieldWidget
        ) | {"code": UnfoldAdminTextInputWidget}
        for name in widgets.keys() & self.fields.keys():
            field = self.fields[name]
            field.widget = widgets[name](attrs=field.widget.attrs)


@admin.register(Coupon)
class CouponAdmin(ModelAdmin):
    """Nothing is deleted: orders point here.  A code stays what buyers know."""

    form = DeskCouponForm
    paginator = EstimatingPaginator
    show_full_result_count = False
    list_display = ["code", "value", "seller", "bearer", "used", "until", "is_active"]
    list_filter = ["is_active", "bearer", "kind"]
    list_select_related = ["seller"]
    search_fields = ["code__istartswith"]
    autocomplete_fields = ["seller", "products", "categories"]
    change_form_after_template = "moderation/_trail.html"
    fieldsets = [
        (None, {"fields": ["code", "is_active", "uses"]}),
        (_("What it takes off"), {"fields": ["kind", "percent", "amount", "bearer"]}),
        (
            _("What it is for"),
            {"fields": ["seller", "scope", "categories", "products", "minimum"]},
        ),
        (
            _("When and how often"),
            {
                "fields": [
                    "valid_from",
                    "valid_until",
                    "usage_limit",
                    "usage_limit_per_buyer",
                ]
            },
        ),
    ]

    def get_readonly_fields(self, request, obj=None):
        return ["uses", "code"] if obj else ["uses"]

    def has_delete_permission(self, request, obj=None):
        return False

    @shown(_("takes off"))
    def value(self, coupon):
        return value_of(coupon)

    @shown(_("used"))
    def used(self, coupon):
        limit = coupon.usage_limit
        return f"{coupon.uses} / {limit}" if limit else str(coupon.uses)

    @shown(_("until"))
    def until(self, coupon):
        return coupon.valid_until or "–"
