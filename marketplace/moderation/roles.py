"""What moderators and operators may do at the desk."""

from django.contrib.auth.models import Group, Permission

from marketplace.accounts.models import User

MODERATOR = {
    "accounts": [],
    "auditlog": ["view_logentry"],
    "moderation": [
        "view_report",
        "view_moderationdecision",
        # Whoever may add a decision may decide.
        "add_moderationdecision",
    ],
    "sellers": ["view_seller", "view_product", "view_category"],
    "videos": ["view_video"],
    # Whoever may add a refund may pay lines of an order back.
    "checkout": [
        "view_ordergroup",
        "view_order",
        "view_refund",
        "add_refund",
        "view_returnrequest",
        "view_invoice",
    ],
}
OPERATOR = {
    "accounts": [
        "view_user",
        "change_user",
        "view_notification",
        "view_outgoingmail",
    ],
    "sellers": [
        "add_category",
        "change_category",
        "delete_category",
        "view_catalogimport",
    ],
    "videos": [
        "view_feedmodel",
        # Whoever may change an experiment may start and stop it.
        "view_experiment",
        "add_experiment",
        "change_experiment",
        "view_experimentarm",
        "add_experimentarm",
        "change_experimentarm",
        "delete_experimentarm",
    ],
    "checkout": [
        "view_coupon",
        "add_coupon",
        "change_coupon",
        "view_commissionrule",
        "add_commissionrule",
        "change_commissionrule",
        "delete_commissionrule",
        "view_payout",
        "view_reconciliationdifference",
        "view_payoutterms",
        "add_payoutterms",
        "change_payoutterms",
        "delete_payoutterms",
        "view_sellerdebt",
        "view_reserve",
        "view_payment",
        # Whoever may change a refund may say that it was paid by other means.
        "change_refund",
        "view_dispute",
        # Whoever may change a dispute may answer the bank.
        "change_dispute",
        "view_transfer",
        "view_journalentry",
        "view_stripeevent",
        "view_taxrecord",
        "view_taxreversal",
    ],
}
ROLES = {
    User.Role.MODERATOR: [MODERATOR],
    User.Role.OPERATOR: [MODERATOR, OPERATOR],
}


def grant() -> None:
    """Give both groups exactly these rights; other mixes need groups of their own."""
    permissions = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, rights in ROLES.items():
        group, _created = Group.objects.get_or_create(name=str(role.value))
        group.permissions.set(
            permissions[app, codename]
            for right in rights
            for app, codenames in right.items()
            for codename in codenames
        )
