import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("vitrine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")

# The clock needs names and times alone; without the apps it is half the size.  Not
# the current app: tasks would lose what Django gives them, `delay_on_commit`.
clock = Celery("vitrine", fixups=[], set_as_current=False)
clock.config_from_object("django.conf:settings", namespace="CELERY")
