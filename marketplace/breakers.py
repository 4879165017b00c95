"""What a process knows of something outside, so that not each request has to ask."""

import logging
import threading
import time

logger = logging.getLogger(__name__)


class Breaker:
    """Open after so many failures in a row; then one request in a while has a look.

    `rest_seconds`: how long it is left alone.  `wait_seconds`: how long the one that
    looks may have to wait for an answer; the others do not look meanwhile.
    """

    def __init__(
        self, name: str, *, rest_seconds: float, wait_seconds: float, failures: int = 1
    ):
        self.name = name
        self.rest_seconds, self.wait_seconds = rest_seconds, wait_seconds
        self.most_failures, self.failures = failures, 0
        self.lock = threading.Lock()
        self.is_open = False
        self.look_at = 0.0

    def trip(self, error: BaseException) -> None:
        with self.lock:
            self.failures += 1
            if self.failures < self.most_failures:
                return
            if not self.is_open:
                logger.error("%s does not answer: %s", self.name, error)
            self.is_open = True
            self.look_at = time.monotonic() + self.rest_seconds

    def may_look(self) -> bool:
        """While it is open, whether this request is the one to look; few are."""
        with self.lock:
            now = time.monotonic()
            if now < self.look_at:
                return False
            # The others wait for what this one finds.
            self.look_at = now + self.wait_seconds + self.rest_seconds
            return True

    def mend(self) -> None:
        with self.lock:
            if self.is_open:
                logger.warning("%s answers again.", self.name)
            self.failures, self.is_open = 0, False
