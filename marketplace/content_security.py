"""What browsers may load for our pages, and from where."""

from csp.constants import NONE, SELF

STRIPE = ["https://js.stripe.com", "https://*.js.stripe.com"]


def policy(*, media, connections, stripe_sandbox):
    """Of origins; where there is a sandbox it stands in for Stripe."""
    stripe = [stripe_sandbox] if stripe_sandbox else STRIPE
    # The form with which sellers connect is answered by a redirect to there.
    onboarding = stripe_sandbox or "https://connect.stripe.com"
    return {
        "DIRECTIVES": {
            "default-src": [SELF],
            "script-src": [SELF, *stripe],
            "style-src": [SELF],
            "img-src": [SELF, "data:", "blob:", *media],
            "media-src": [SELF, "blob:", *media],
            "connect-src": [SELF, *dict.fromkeys(connections)],
            "frame-src": [SELF, *stripe, "https://hooks.stripe.com"],
            "worker-src": [SELF, "blob:"],
            "object-src": [NONE],
            "base-uri": [NONE],
            "form-action": [SELF, onboarding],
            "frame-ancestors": [NONE],
        }
    }
