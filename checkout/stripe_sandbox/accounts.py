"""Connected accounts and the links that onboard them."""

from checkout.stripe_sandbox import clock, errors, store
from checkout.stripe_sandbox.api import listed, secret_only
from checkout.stripe_sandbox.events import emit

LINK_SECONDS = 300
DUE = [
    "business_type",
    "external_account",
    "representative.first_name",
    "representative.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
]
CURRENCIES = {"GB": "gbp", "US": "usd", "CH": "chf", "JP": "jpy", "SE": "sek"}
CONTROLLER = {
    "fees": "payer",
    "losses": "payments",
    "requirement_collection": None,
    "stripe_dashboard": "type",
}


def create(call):
    secret_only(call)
    p = call.params
    p.accept(
        "type", "controller", "country", "email", "capabilities", "metadata",
        "business_profile", "business_type", "default_currency", "settings",
    )  # fmt: skip
    kind = p.text("type")
    if kind and p.mapping("controller"):
        raise errors.not_begun(
            "You may not provide the `type` parameter and `controller` parameters "
            "simultaneously. They are mutually exclusive.",
            param="type",
        )
    account = new_account(p, kind or "none")
    store.add(account)
    return account


def new_account(p, kind):
    country = p.text("country", "US").upper()
    return {
        "id": store.new_id("acct", 16),
        "object": "account",
        "business_profile": {
            "name": None,
            "url": None,
            **p.mapping("business_profile"),
        },
        "business_type": p.text("business_type"),
        "capabilities": dict.fromkeys(p.mapping("capabilities"), "inactive"),
        "charges_enabled": False,
        "controller": controller(p),
        "country": country,
        "created": clock.stamp(),
        "default_currency": p.text("default_currency", CURRENCIES.get(country, "eur")),
        "details_submitted": False,
        "email": p.text("email"),
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": "/v1/accounts/external_accounts",
        },
        "future_requirements": requirements([]),
        "metadata": p.mapping("metadata"),
        "payouts_enabled": False,
        "requirements": requirements(DUE),
        "settings": {"payouts": {"schedule": schedule(p, "manual")}},
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }


def controller(p):
    wanted = p.mapping("controller")
    shape = {"type": "application", "is_controller": True}
    for name, inner in CONTROLLER.items():
        if name in wanted:
            shape[name] = {inner: wanted[name][inner]} if inner else wanted[name]
    return shape


def schedule(p, interval):
    """`manual`: paid out when asked to; `daily`: by itself, all that is available."""
    wanted = p.mapping("settings").get("payouts", {}).get("schedule", {})
    return {"delay_days": 2, "interval": wanted.get("interval", interval)}


def requirements(due):
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def found(pk, param="account"):
    account = store.get("account", pk)
    if account is None:
        raise errors.missing("account", pk, param)
    return account


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def index(call):
    secret_only(call)
    return listed(call, store.find("account"), "/v1/accounts")


def update(call, pk):
    secret_only(call)
    call.params.accept("email", "metadata", "business_profile", "settings")
    account = found(pk)
    account["email"] = call.params.text("email", account["email"])
    payouts = account["settings"]["payouts"]
    payouts["schedule"] = schedule(call.params, payouts["schedule"]["interval"])
    account["metadata"] |= call.params.mapping("metadata")
    account["business_profile"] |= call.params.mapping("business_profile")
    return store.save(account)


def create_link(call):
    secret_only(call)
    p = call.params
    p.accept(
        "collect", "collection_options", "refresh_url", "return_url",
        required=("account", "type"),
    )  # fmt: skip
    if p.text("type") not in ("account_onboarding", "account_update"):
        raise errors.not_begun(f"Invalid type: {p.text('type')}", param="type")
    for name in ("return_url", "refresh_url"):
        if not p.text(name):
            raise errors.not_begun(f"You must provide `{name}`.", param=name)
    found(p.text("account"))
    now = clock.stamp()
    link = store.add(
        {
            "id": store.new_id("link", 32),
            "object": "account_link",
            "account": p.text("account"),
            "created": now,
            "expires_at": now + LINK_SECONDS,
            "return_url": p.text("return_url"),
            "refresh_url": p.text("refresh_url"),
            "is_used": False,
        }
    )
    return {
        "object": "account_link",
        "created": now,
        "expires_at": link["expires_at"],
        "url": f"{call.origin}/onboarding/{link['id']}",
    }


def finish_onboarding(call, account):
    """The seller gave everything that was due."""
    account["charges_enabled"] = account["payouts_enabled"] = True
    account["details_submitted"] = True
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["requirements"] = requirements([])
    store.save(account)
    emit(call, "account.updated", account, account=account["id"])


def restrict(call, account):
    """Stripe wants more and stops the account meanwhile."""
    account["charges_enabled"] = account["payouts_enabled"] = False
    account["capabilities"] = dict.fromkeys(account["capabilities"], "inactive")
    account["requirements"] = requirements(["individual.verification.document"])
    store.save(account)
    emit(call, "account.updated", account, account=account["id"])
