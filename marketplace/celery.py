import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("vitrine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")

# The clock needs names and times alone; without the apps it is half the size.
clock = Celery("vitrine", fixups=[])
clock.config_from_object("django.conf:settings", namespace="CELERY")
