"""granian --interface wsgi checkout.stripe_sandbox.wsgi:application --port 8001

One process: `--workers 1 --blocking-threads 8`.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    ALLOWED_HOSTS=["*"],  # a development service; a phone uses the machine's address
    ROOT_URLCONF="checkout.stripe_sandbox.urls",
    MIDDLEWARE=[
        "checkout.stripe_sandbox.pages.open_to_the_site",
        "checkout.stripe_sandbox.timetable.on_time",
        # Tests have what the site asks held against stripe-python's types.
        *filter(None, [os.environ.get("STRIPE_SANDBOX_JUDGE")]),
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parent / "assets"],
        }
    ],
    USE_I18N=False,
    USE_TZ=False,
    LOGGING_CONFIG=None,
)
application = get_wsgi_application()

# After the configuration, which everything below reads.
from checkout.stripe_sandbox import deliveries, events, timetable  # noqa: E402

SITE_URL = os.environ.get("SITE_URL") or "http://localhost:8000"
events.add_site(
    f"{SITE_URL.rstrip('/')}/stripe/webhook",
    secret=os.environ.get("STRIPE_WEBHOOK_SECRET") or "whsec_sandbox",
)
deliveries.start(timetable.catch_up)
