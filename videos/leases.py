"""What a worker asks often while it makes a video: may I go on?"""

import time

from marketplace import draining
from videos.models import Video

HEARTBEAT_SECONDS = 2


class WorkerStops(Exception):
    """The worker was asked to stop, and this cannot be finished in time."""


class Lease:
    """A claimed video, kept by being asked; cheap, because it writes rarely."""

    def __init__(self, video: Video):
        self.video = video
        self.percent = 1
        self.next_at = time.monotonic() + HEARTBEAT_SECONDS

    def keep(self, percent: int = 0) -> None:
        """Renew it with the progress; or LeaseLost, or WorkerStops."""
        self.percent = max(self.percent, percent)
        if draining.is_over():
            raise WorkerStops(f"video {self.video.pk}")
        if time.monotonic() >= self.next_at:
            self.video.renew_lease(self.percent)
            self.next_at = time.monotonic() + HEARTBEAT_SECONDS

    def hear(self, line: str) -> None:
        """`keep` for each line that a child prints."""
        self.keep()
