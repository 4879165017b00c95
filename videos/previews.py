"""Something to play long before the ladder is done; for the seller's eyes alone.

What a browser can play as it came is copied, in a tenth of a second.  Of anything else
the ladder's lowest rung is shown while it grows, from its first segment on.
"""

import logging
from pathlib import Path

from django.core.files import File

from marketplace.user_files import STORAGE_FAILURES
from marketplace.video_files import PREVIEWS, video_files
from videos import codecs, encoding, ffmpeg, loudness, playlists, storing
from videos.encoding import AUDIO, PLAYLIST
from videos.ladder import SEGMENT_SECONDS
from videos.leases import Lease

logger = logging.getLogger(__name__)

COPY = "preview.mp4"
# What phones write for 1080 at 30 frames a second, and what a line at home brings; and
# no more pixels than the largest rung has.
COPIED_BPS = 20_000_000
COPIED_EDGE = 1080
# The ladder of a shorter clip is done when its first segments could be played.
WORTH_SEGMENTS = 2


def is_copied(probe: ffmpeg.Probe, source: Path) -> bool:
    """Whether a browser can play the source's own packets, upright and in time."""
    rate = source.stat().st_size * 8000 / probe.duration_ms
    edge = min(probe.width, probe.height)
    return probe.is_plain and rate <= COPIED_BPS and edge <= COPIED_EDGE


def offer_copy(
    lease: Lease, plan: encoding.Plan, limits: ffmpeg.Limits, folder: str
) -> loudness.Loudness | None:
    """Make, store and show a copy, where one can be played.

    How loud its sound is, where that could be measured in the same run.
    """
    if not is_copied(plan.probe, plan.source):
        return None
    output = _copied(lease, plan, limits)
    if output is None:
        return None
    name = f"{folder}/{PREVIEWS}/{COPY}"
    storing.store_file(lease, plan.source_preview, name)
    lease.video.show_preview(name, plan.probe.width, plan.probe.height)
    return loudness.loudness_in(output)


def _copied(lease: Lease, plan: encoding.Plan, limits: ffmpeg.Limits) -> str | None:
    """What was measured; None where there is no copy."""
    # It may be the sound alone that cannot be decoded.
    for measures in (True, False):
        command = encoding.copy_command(plan, measures=measures)
        try:
            return ffmpeg.run(
                [ffmpeg.binary(), *command], limits=limits, on_line=lease.hear
            )
        except ffmpeg.FFmpegError as error:
            # The ladder says what is wrong with the file, if it is the file.
            logger.info("Video %s is not copied: %s", lease.video.pk, error)
    return None


class GrowingPreview:
    """The lowest rung in the storage, as far as the ladder's one run has come.

    It is a copy beside the output set, which is stored whole whatever becomes of this.
    """

    def __init__(self, lease: Lease, plan: encoding.Plan, folder: str):
        self.lease = lease
        self.plan = plan
        self.folder = f"{folder}/{PREVIEWS}"
        self.rung = plan.rungs[0]
        self.has_audio = AUDIO in plan.renditions
        names = [self.rung.name, *([AUDIO] if self.has_audio else [])]
        # What was last stored of each rendition, and of its files.
        self.texts = dict.fromkeys(names, "")
        self.stored: set[Path] = set()
        seconds = plan.probe.duration_ms / 1000
        is_long = seconds > WORTH_SEGMENTS * SEGMENT_SECONDS
        self.is_wanted = is_long and not lease.video.preview

    def grow(self) -> None:
        """Store what has been written since; cheap where nothing has."""
        if not self.is_wanted:
            return
        try:
            self._store_new()
        except STORAGE_FAILURES as error:
            # The ladder is not held up for it.
            logger.warning("The preview of %s stops: %s", self.folder, error)
            self.stop()

    def stop(self) -> None:
        """What is there can still be played."""
        self.is_wanted = False

    def _store_new(self) -> None:
        texts = {name: self._written(name) for name in self.texts}
        if not all(texts.values()) or texts == self.texts:
            return
        is_first = not any(self.texts.values())
        for name, text in texts.items():
            self._store_files(self.plan.target / name)
            storing.replace_text(f"{self.folder}/{name}/{PLAYLIST}", text)
        self.texts = texts
        if is_first:
            self._show()

    def _written(self, name: str) -> str:
        playlist = self.plan.target / name / PLAYLIST
        return playlist.read_text() if playlist.exists() else ""

    def _store_files(self, rendition: Path) -> None:
        init = next(rendition.glob("init*.mp4"))
        for path in (init, *(path for _, path in playlists.segments(rendition))):
            if path in self.stored:
                continue
            with path.open("rb") as opened:
                video_files().save(
                    f"{self.folder}/{rendition.name}/{path.name}", File(opened)
                )
            self.stored.add(path)
            self.lease.keep()

    def _show(self) -> None:
        word = codecs.codecs_word(playlists.init_of(self.plan.target / self.rung.name))
        index = playlists.growing(self.rung, word, self.has_audio)
        name = f"{self.folder}/{playlists.MULTIVARIANT}"
        storing.replace_text(name, index)
        probe = self.plan.probe
        self.lease.video.show_preview(name, probe.width, probe.height)
