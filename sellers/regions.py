"""Where sellers can be, so that Stripe can send them their money.

Stripe transfers within a region; across borders only between those of `CORRIDOR`.
https://docs.stripe.com/connect/separate-charges-and-transfers, cross-border-payouts
"""

from django.conf import settings

EEA = frozenset([
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE",
    "IT", "LV", "LI", "LT", "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES",
    "SE",
])  # fmt: skip
CORRIDOR = EEA | {"GB", "CH", "US", "CA"}
ALONE = frozenset(["AE", "AU", "BR", "JP", "MX", "MY", "NZ", "SG"])


def transfer_countries() -> frozenset[str]:
    """The operator's own list, else what Stripe allows from the platform's country."""
    if settings.TRANSFER_COUNTRIES:
        return frozenset(settings.TRANSFER_COUNTRIES)
    home = settings.PLATFORM_COUNTRY
    if not home:
        return CORRIDOR | ALONE
    return CORRIDOR if home in CORRIDOR else frozenset({home})
