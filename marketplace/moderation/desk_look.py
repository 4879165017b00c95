"""How the desk looks and what its trail holds: settings, which may import no models."""

from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _


def is_on_videos(request):
    """unfold would mark the list on the queue's page too, whose address is below."""
    below = request.path.removeprefix(reverse("admin:videos_video_changelist"))
    return below != request.path and not below.startswith("queue/")


def page(title, icon, model, view="changelist", **more):
    app, _separator, name = model.partition("_")
    return more | {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_{view}"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD = {
    "SITE_TITLE": _("Vitrine desk"),
    "SITE_HEADER": _("Vitrine desk"),
    "SITE_SYMBOL": "storefront",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("build/favicon.svg"),
        },
    ],
    "SHOW_HISTORY": False,
    "STYLES": [lambda request: static("build/desk.css")],
    "DASHBOARD_CALLBACK": "marketplace.moderation.dashboard.show",
    "COLORS": {
        # The lamp of the shop window, as in static/src/css/tokens.css.
        "primary": {
            "50": "#fff8e6",
            "100": "#fff1cc",
            "200": "#ffe39a",
            "300": "#ffd265",
            "400": "#ffc233",
            "500": "#c98a00",
            "600": "#0a5566",
            "700": "#08444f",
            "800": "#06343d",
            "900": "#04262c",
            "950": "#02161a",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {
                        "title": _("What waits"),
                        "icon": "inbox",
                        "link": reverse_lazy("admin:index"),
                    },
                    page(_("Reports"), "flag", "moderation_report"),
                    page(_("Decisions"), "gavel", "moderation_moderationdecision"),
                ],
            },
            {
                "title": _("Shops"),
                "separator": True,
                "items": [
                    page(_("Sellers"), "storefront", "sellers_seller"),
                    page(_("Products"), "inventory_2", "sellers_product"),
                    page(
                        _("Videos"),
                        "smart_display",
                        "videos_video",
                        active=is_on_videos,
                    ),
                    page(_("Video queue"), "movie_edit", "videos_video", "queue"),
                    page(_("Categories"), "category", "sellers_category"),
                    page(_("Imports"), "upload_file", "sellers_catalogimport"),
                ],
            },
            {
                "title": _("Feed"),
                "separator": True,
                "items": [
                    page(
                        _("Health of the feed"),
                        "monitor_heart",
                        "videos_feedmodel",
                        "health",
                    ),
                    page(_("Experiments"), "science", "videos_experiment"),
                ],
            },
            {
                "title": _("Orders and money"),
                "separator": True,
                "items": [
                    page(_("Checkouts"), "shopping_bag", "checkout_ordergroup"),
                    page(_("Orders"), "package_2", "checkout_order"),
                    page(_("Coupons"), "sell", "checkout_coupon"),
                    page(_("Commission"), "percent", "checkout_commissionrule"),
                    page(_("Payments"), "credit_card", "checkout_payment"),
                    page(_("Disputes"), "gavel", "checkout_dispute"),
                    page(_("Refunds"), "currency_exchange", "checkout_refund"),
                    page(_("Returns"), "assignment_return", "checkout_returnrequest"),
                    page(_("Invoices"), "receipt_long", "checkout_invoice"),
                    page(_("Transfers"), "account_balance", "checkout_transfer"),
                    page(_("Payouts"), "account_balance_wallet", "checkout_payout"),
                    page(_("Payout terms"), "schedule", "checkout_payoutterms"),
                    page(_("Reserves"), "savings", "checkout_reserve"),
                    page(_("Debts of sellers"), "money_off", "checkout_sellerdebt"),
                    page(_("Ledger"), "menu_book", "checkout_journalentry"),
                    page(
                        _("Differences to Stripe"),
                        "rule",
                        "checkout_reconciliationdifference",
                    ),
                    page(_("Taxes told"), "request_quote", "checkout_taxrecord"),
                    page(_("Taxes taken back"), "undo", "checkout_taxreversal"),
                    page(_("Stripe events"), "webhook", "checkout_stripeevent"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    page(_("People"), "person", "accounts_user"),
                    page(_("Roles"), "groups", "auth_group"),
                    page(_("Notifications"), "notifications", "accounts_notification"),
                    page(_("Outgoing mail"), "mail", "accounts_outgoingmail"),
                    page(_("Audit trail"), "history", "auditlog_logentry"),
                ],
            },
        ],
    },
}

# State that changes by a conditional UPDATE is logged by the decision itself.
AUDITLOG_INCLUDE_TRACKING_MODELS = (
    {"model": "accounts.User", "exclude_fields": ["password", "last_login"]},
    {"model": "auth.Group", "m2m_fields": ["permissions"]},
    {"model": "sellers.Seller", "exclude_fields": ["search", "account_read_at"]},
    "sellers.SellerMember",
    "sellers.Category",
    {"model": "sellers.Product", "exclude_fields": ["search", "updated_at"]},
    "sellers.Variant",
    {"model": "videos.Video", "include_fields": ["title", "description"]},
    {
        "model": "videos.Experiment",
        "exclude_fields": ["status", "started_at", "stopped_at", "why_stopped"],
    },
    "videos.ExperimentArm",
    "checkout.ShippingRate",
    "checkout.ShippingZone",
    "checkout.CommissionRule",
    "checkout.PayoutTerms",
    {"model": "checkout.Coupon", "exclude_fields": ["uses"]},
)
