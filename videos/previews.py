"""Something to play long before the ladder is done; for the seller's eyes alone.

What a browser can play as it came is copied, in a tenth of a second.  Anything else
gets a small quick rendition, where the ladder takes long enough to wait for it.
"""

import logging
from pathlib import Path

from videos import encoding, ffmpeg
from videos.leases import Lease
from videos.storing import store_file

logger = logging.getLogger(__name__)

PREVIEW = "preview.mp4"
# What phones write for 1080 at 30 frames a second, and what a line at home brings; and
# no more pixels than the largest rung has.
COPIED_BPS = 20_000_000
COPIED_EDGE = 1080
# With one rung, or little to do, the whole is ready nearly as soon.
WORTH_PIXELS = 1920 * 1080 * 30 * 4


def offer_preview(
    lease: Lease, plan: encoding.Plan, limits: ffmpeg.Limits, folder: str
) -> None:
    """Make, store and show a preview, where there is something to gain by it."""
    command = preview_command(plan)
    if command is None:
        return
    try:
        ffmpeg.run([ffmpeg.binary(), *command], limits=limits, on_line=lease.hear)
    except ffmpeg.FFmpegError as error:
        # The ladder says what is wrong with the file, if it is the file.
        logger.info("Video %s has no preview: %s", lease.video.pk, error)
        return
    name = f"{folder}/{PREVIEW}"
    store_file(lease, plan.source_preview, name)
    lease.video.show_preview(name, plan.probe.width, plan.probe.height)


def preview_command(plan: encoding.Plan) -> list[str] | None:
    if is_copied(plan.probe, plan.source):
        return encoding.copy_command(plan)
    pixels = plan.probe.width * plan.probe.height * plan.probe.frame_rate
    seconds = plan.probe.duration_ms / 1000
    if len(plan.rungs) > 1 and pixels * seconds >= WORTH_PIXELS:
        return encoding.quick_command(plan)
    return None


def is_copied(probe: ffmpeg.Probe, source: Path) -> bool:
    """Whether a browser can play the source's own packets, upright and in time."""
    rate = source.stat().st_size * 8000 / probe.duration_ms
    edge = min(probe.width, probe.height)
    return probe.is_plain and rate <= COPIED_BPS and edge <= COPIED_EDGE
