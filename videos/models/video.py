import secrets
from dataclasses import dataclass

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.paths import path_to
from marketplace.user_files import private_files
from marketplace.video_addresses import address_of, seconds_left
from marketplace.video_files import PLAYLIST
from sellers.models import Seller
from videos.cutting import Span
from videos.models.processing import (
    Processing,
    ProcessingQuerySet,
    Status,
)
from videos.models.publishing import Publishing, PublishingQuerySet


def new_public_id():
    """An unguessable, short name for addresses and folders (66 bits)."""
    return secrets.token_urlsafe(8)


def clock(milliseconds):
    """83,400 is 1:23."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02}"


def source_path(video, filename):
    """Generated: nothing of the uploader's file name reaches the disk."""
    return f"sources/{video.public_id}/{secrets.token_hex(16)}"


@dataclass(frozen=True)
class VideoCard:
    """Of a published video."""

    public_id: str
    title: str
    poster: str

    @property
    def url(self):
        return path_to("videos:video", self.public_id)

    @property
    def poster_url(self):
        return address_of(self.poster, is_shared=True) if self.poster else ""


class VideoQuerySet(PublishingQuerySet, ProcessingQuerySet):
    def without_features(self, after=0):
        """Finished, in order of their numbers: made before features were kept."""
        is_shown = Q(status=Status.READY) | Q(is_changing=True)
        finished = self.kept().filter(is_shown, features=None, pk__gt=after)
        return finished.exclude(folder="").order_by("pk")

    def for_cards(self):
        """With no more than `videos/_video_card.html` shows."""
        return self.only("public_id", "title", "poster", "seller")


class Video(Publishing, Processing):
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    seller = models.ForeignKey(Seller, models.PROTECT, related_name="videos")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    title = models.CharField(_("title"), max_length=140)
    description = models.TextField(_("description"), max_length=2200, blank=True)

    source = models.FileField(upload_to=source_path, storage=private_files, blank=True)
    source_name = models.CharField(max_length=255, blank=True)
    source_bytes = models.PositiveBigIntegerField(default=0)
    source_sha256 = models.CharField(max_length=64, blank=True)
    source_etag = models.CharField(max_length=100, blank=True)

    # Of the picture as it is shown: rotation and pixel aspect applied.
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    has_audio = models.BooleanField(default=False)
    # The part of the source that is shown; without an end, to the source's own.
    trim_starts_ms = models.PositiveIntegerField(default=0)
    trim_ends_ms = models.PositiveIntegerField(null=True, blank=True)
    source_ms = models.PositiveIntegerField(
        default=0, help_text=_("Length of the source, whatever is cut away.")
    )
    cut_away = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Tags and captions outside the cut, in the time of the source."),
    )
    folder = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("Storage folder of the published output set."),
    )
    poster = models.CharField(max_length=200, blank=True)
    colour = models.CharField(max_length=7, blank=True)
    placeholder = models.TextField(
        blank=True, help_text=_("The poster as a tiny data URI, until it has loaded.")
    )
    frame_count = models.PositiveSmallIntegerField(
        default=0, help_text=_("How many frames were kept to choose the poster from.")
    )
    has_storyboard = models.BooleanField(default=False)

    # Added up from the events by a periodic job, never written per view.
    view_count = models.PositiveIntegerField(default=0)
    like_count = models.PositiveIntegerField(default=0)
    save_count = models.PositiveIntegerField(default=0)
    share_count = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = VideoQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            GinIndex(fields=["search"], name="video_search"),
            models.Index(fields=["publication", "-published_at"]),
            models.Index(
                fields=["seller", "-published_at"],
                condition=models.Q(publication="published"),
                name="published_of_seller",
            ),
            models.Index(fields=["seller", "source_sha256"]),
            models.Index(fields=["seller", "source_etag"]),
            models.Index(
                fields=["publish_at"],
                condition=models.Q(publication="scheduled"),
                name="scheduled_videos",
            ),
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(deleted_at__isnull=False),
                name="deleted_videos",
            ),
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(status="processing"),
                name="leased_videos",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(status="uploaded"),
                name="waiting_videos",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(status="failed"),
                name="failed_videos",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(has_leftovers=True),
                name="videos_with_leftovers",
            ),
            models.Index(
                fields=["seller", "-claimed_at"],
                condition=models.Q(claimed_at__isnull=False),
                name="videos_claimed_of_seller",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return path_to("videos:video", self.public_id)

    @property
    def card(self):
        return VideoCard(self.public_id, self.title, self.poster)

    @property
    def is_wide(self):
        return self.width > self.height

    @property
    def likes(self):
        """As people read it; empty where there are none."""
        return intcomma(self.like_count) if self.like_count else ""

    @property
    def playlist_url(self):
        """The HLS multivariant playlist."""
        return self._address("index.m3u8")

    @property
    def mp4_url(self):
        """The progressive rendition, for players without HLS and for sharing."""
        return self._address("video.mp4")

    @property
    def poster_url(self):
        if not self.poster:
            return ""
        return address_of(self.poster, is_shared=self.is_published)

    def addresses(self):
        """All of them, for a player whose own have ended."""
        return {
            "playlist": self.playlist_url,
            "mp4": self.mp4_url,
            "poster": self.poster_url,
            "captions": {track.language: track.url for track in self._tracks()},
            "seconds": seconds_left(),
        }

    def _tracks(self):
        return self.captions.all() if self.pk else []

    def _address(self, name):
        if not self.folder:
            return ""
        return address_of(f"{self.folder}/{name}", is_shared=self.is_published)

    @property
    def preview_url(self):
        """Of the attempt that runs now; the files of others are gone."""
        if self.status != self.Status.PROCESSING or not self.preview:
            return ""
        return address_of(self.preview, is_shared=False)

    @property
    def is_preview_growing(self):
        """Not one file but a playlist, which becomes longer as the ladder is made."""
        return bool(self.preview_url) and self.preview.endswith(PLAYLIST)

    @property
    def frame_names(self):
        """The frames that were kept to choose the poster from."""
        return [f"{self.folder}/frame-{n + 1}.jpg" for n in range(self.frame_count)]

    @property
    def frames(self):
        """Number and address of each frame, and whether it is the poster."""
        return [
            {
                "number": number,
                "url": address_of(name, is_shared=False),
                "is_poster": name == self.poster,
            }
            for number, name in enumerate(self.frame_names, start=1)
        ]

    @property
    def has_frame_as_poster(self):
        return self.poster in self.frame_names

    @property
    def storyboard_url(self):
        """WebVTT that tells which small picture belongs to which time."""
        return self._address("storyboard.vtt") if self.has_storyboard else ""

    @property
    def full_ms(self):
        """Length of the source; of videos made before it was kept, their own."""
        return self.source_ms or self.trim_starts_ms + self.duration_ms

    @property
    def cut(self):
        return Span(self.trim_starts_ms, self.trim_ends_ms or self.full_ms)

    @property
    def length(self):
        return clock(self.duration_ms)
