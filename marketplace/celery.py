import os

from celery import Celery
from click import Option
from kombu.transport import TRANSPORT_ALIASES

# Before anything connects: “redis://” and “redis+socket://” mean ours.
TRANSPORT_ALIASES["redis"] = "marketplace.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
# A worker would run Django's checks, which import all pages and numpy with them, and
# pass over what they say.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("vitrine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="periodic")

app.steps["worker"].add("marketplace.clock:ClockStep")
app.user_options["worker"].add(
    Option(["--clock"], is_flag=True, help="Also ask for periodic work, as beat does.")
)

# The clock needs names and times alone; without the apps it is half the size.  Not
# the current app: tasks would lose what Django gives them, `delay_on_commit`.
clock = Celery("vitrine", fixups=[], set_as_current=False)
clock.config_from_object("django.conf:settings", namespace="CELERY")


def waiting_messages(queue):
    """How many messages of a queue no worker has taken yet."""
    with app.connection_for_write() as connection:
        bound = app.amqp.queues[queue](connection.default_channel)
        return bound.queue_declare().message_count
