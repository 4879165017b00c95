import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

application = get_wsgi_application()
# All pages are imported before the first request.  Of what they hold nothing ever
# becomes garbage: to look through it again and again would stop a page each time.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
