"""Every file of a folder through the upload page and the transcoding task.

    python -m bench.corpus FOLDER [--expected tests/real/clips.csv] [--only NAME]

Prints how each ended, why, and what it took; ends with 1 where one ended in
another way than the table expects, at an error of ours, or not at all.  Database
and storage are of its own (var/bench) and are emptied of the videos afterwards.
"""

import argparse
import csv
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import django

if __name__ == "__main__":  # in the tests Django is there already
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()

from django.conf import settings  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.timing import timed  # noqa: E402
from marketplace.accounts.models import User  # noqa: E402
from marketplace.celery import app as celery_app  # noqa: E402
from sellers.models import Seller, SellerMember  # noqa: E402
from videos import ffmpeg  # noqa: E402
from videos.models import Video  # noqa: E402
from videos.refusals import WORDS, words_for  # noqa: E402
from videos.tasks import transcode_video  # noqa: E402

GRACE_MS = 100
SHAPE_TOLERANCE = 0.01


@dataclass(frozen=True)
class Outcome:
    """As a row of the table; a file that is refused has no facts."""

    outcome: str  # ready, or a key of refusals.WORDS
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    has_audio: bool = False

    def __str__(self):
        if self.outcome != "ready":
            return self.outcome
        sound = "sound" if self.has_audio else "silent"
        seconds = self.duration_ms / 1000
        return f"ready {self.width}×{self.height} {seconds:.2f} s {sound}"

    def differs_from(self, expected):
        """The table has the source's size; what is made of it has the same shape."""
        return (
            (self.outcome, self.has_audio) != (expected.outcome, expected.has_audio)
            or abs(self.width * expected.height - self.height * expected.width)
            > SHAPE_TOLERANCE * self.height * expected.height
            or self.width > expected.width
            or abs(self.duration_ms - expected.duration_ms) > GRACE_MS
        )


def read_table(path):
    with path.open(newline="") as opened:
        return {
            row["file"]: Outcome(
                row["outcome"],
                *(int(row[name] or 0) for name in ("width", "height", "duration_ms")),
                has_audio=row["has_audio"] == "yes",
            )
            for row in csv.DictReader(opened)
        }


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expected", type=Path, help="table of how each must end")
    parser.add_argument("--only", default="", help="part of the names to take")
    arguments = parser.parse_args(words)
    expected = read_table(arguments.expected) if arguments.expected else {}
    files = files_of(arguments.folder, arguments.only)
    if not files:
        sys.exit(f"{arguments.folder} has no files")
    call_command("migrate", verbosity=0)
    cache.clear()  # how many uploads an hour may bring is not the question here
    celery_app.conf.task_always_eager = celery_app.conf.task_eager_propagates = True
    print(f"{ffmpeg.binary()}, {len(files)} files", flush=True)
    by = uploader()
    try:
        surprises = [
            name
            for name, path in files.items()
            if is_surprise(path, name, by, expected)
        ]
    finally:
        by[1].videos.all().delete()
        for left in (settings.VIDEO_ROOT, settings.PRIVATE_ROOT / "sources"):
            shutil.rmtree(left, ignore_errors=True)
    print(f"{len(files)} files, {len(surprises)} surprises")
    sys.exit(1 if surprises else 0)


def files_of(folder, part):
    """By their names in the table; of the shared data only what lies in media/."""
    folder = folder / "media" if (folder / "media").is_dir() else folder
    files = {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {name: path for name, path in files.items() if part in name}


def is_surprise(path, name, uploader, expected):
    """Take one file through and print its line."""
    ended = []
    wall, cpu = timed(lambda path: ended.append(settled(path, *uploader)), path)
    found, words = ended[0]
    surprise = ""
    if found is None:
        surprise = "did not settle"
    elif found.outcome == "processing":
        surprise = "neither ready nor refused"
    elif name in expected and found.differs_from(expected[name]):
        surprise = f"expected {expected[name]}"
    note = f"  SURPRISE: {surprise}" if surprise else ""
    print(f"{wall:7.1f} s {cpu:7.1f} CPU s  {name}: {found} {words}{note}", flush=True)
    return bool(surprise)


def uploader():
    """A shop of its own and a browser that is signed in to it."""
    seller, is_new = Seller.objects.get_or_create(
        slug="corpus", defaults={"name": "Corpus", "status": Seller.Status.APPROVED}
    )
    if is_new:
        owner = User.objects.create_user("corpus@example.com")
        SellerMember.objects.create(seller=seller, user=owner)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(seller.members.get().user)
    return client, seller


def settled(path, client, seller):
    answer = client.post(
        reverse("videos:upload"),
        {"files": SimpleUploadedFile(path.name, path.read_bytes(), "video/mp4")},
        headers={"accept": "application/json"},
    )
    if answer.status_code != 200:
        words = answer.json()["errors"][0]
        return Outcome(code_of(words)), f"(on the upload page) {words}"
    video = seller.videos.latest("pk")
    for _ in range(2):  # released for another attempt: now, not in 20 s
        if video.is_being_made:
            transcode_video(video.pk)
            video.refresh_from_db()
    return outcome_of(video), video.failure_reason


def code_of(words):
    return {words_for(code): code for code in WORDS}[words]


def outcome_of(video):
    if video.status == Video.Status.FAILED:
        return Outcome(code_of(video.failure_reason))
    if video.status != Video.Status.READY:
        return None
    return Outcome(
        "ready", video.width, video.height, video.duration_ms, video.has_audio
    )


if __name__ == "__main__":
    main()
