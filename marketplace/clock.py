"""`celery worker --clock`: beat in a thread of the worker.

Celery's own `--beat` forks a process as large as the worker.  As with that one, of
all workers a single one may have it; its pool should be of threads, which are never
forked beside this one.
"""

import logging
from threading import Thread

from celery import bootsteps
from celery.beat import Service
from celery.platforms import EX_FAILURE
from celery.worker import state

logger = logging.getLogger(__name__)

# How soon the thread notices that it should stop.
TICK_SECONDS = 0.5
STOP_SECONDS = 3


class ClockStep(bootsteps.StartStopStep):
    conditional = True
    requires = {"celery.worker.components:Pool"}

    def __init__(self, parent, clock=False, **options):
        super().__init__(parent, **options)
        self.enabled = clock

    def create(self, parent):
        return Clock(parent.app, parent.schedule_filename)

    def close(self, parent):
        self.obj.service.stop()  # heard while the rest of the worker stops


class Clock(Thread):
    def __init__(self, app, schedule_filename):
        super().__init__(name="clock", daemon=True)
        self.service = Service(app, TICK_SECONDS, schedule_filename)

    def run(self):
        try:
            self.service.start()
        except Exception:
            # A worker without it would look well, and nothing would ever be swept.
            logger.exception("The clock has failed, so the worker stops.")
            state.should_stop = EX_FAILURE

    def stop(self):
        self.service.stop()
        self.join(STOP_SECONDS)  # it writes down what it has asked for
