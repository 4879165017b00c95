"""Real workers with a Redis of their own, to be killed, starved and stopped."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import m3u8
import psutil
from django.conf import settings
from django.core.files import File
from django.db import connection

from marketplace import embedded
from marketplace.video_files import video_files
from tests.factories import make_video
from videos.models import Video

ROOT = Path(__file__).resolve().parent.parent


class Farm:
    """Workers of one site, each a process with a local disk of its own."""

    def __init__(self, folder: Path, broker: str):
        self.folder = folder
        self.broker = broker
        self.lease_seconds, self.sweep_seconds = 4, 1
        self.storage: dict[str, str] = {}
        self.workers: dict[str, subprocess.Popen] = {}

    def start(self, name, *options, **environment):
        """A worker for videos, with the tests' database and public files."""
        options = options or ("-Q", "media", "--pool", "solo")
        with (self.folder / f"{name}.log").open("ab") as log:
            self.workers[name] = subprocess.Popen(
                [
                    sys.executable, "-m", "tests.media_worker",
                    str(self.lease_seconds), "worker", "-n", f"{name}@%h", *options,
                    "--loglevel", "warning", "--without-gossip", "--without-mingle",
                    "--without-heartbeat",
                ],
                cwd=ROOT,
                env=os.environ | self.environment(name) | environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def start_clock(self):
        """What beat and the worker of its tasks do, in one process."""
        self.start("clock", "-Q", "default", "--pool", "solo", "-B")

    def environment(self, name):
        database = connection.settings_dict
        host = database["HOST"]
        return {
            "DJANGO_SETTINGS_MODULE": "tests.faults_settings",
            "PYTHONWARNINGS": "ignore",
            "TEST_VAR_DIR": str(self.folder / name),
            "PYTEST_XDIST_WORKER": "gw0",  # this Redis is nobody else's
            "TEST_DATABASE_URL": (
                f"postgresql://{database['USER']}@/{database['NAME']}?host={host}"
            ),
            "TEST_REDIS_URL": self.broker,
            "VIDEO_ROOT": str(settings.VIDEO_ROOT),
            "PRIVATE_ROOT": str(settings.PRIVATE_ROOT),
            "SWEEP_SECONDS": str(self.sweep_seconds),
            **self.storage,
        }

    def encoders(self, name):
        """The processes that this worker has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.workers[name].pid).children(recursive=True)
        return []

    def kill_tree(self, name):
        tree = [*self.encoders(name), psutil.Process(self.workers[name].pid)]
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.workers[name].wait()

    def kill_encoder(self, name):
        """True if there was one."""
        children = self.encoders(name)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        return bool(children)

    def stop(self):
        for worker in self.workers.values():
            if worker.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def is_encoding(self, name):
        return any("-filter_complex" in words for words in self.command_lines(name))

    def command_lines(self, name):
        for process in self.encoders(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                yield process.cmdline()

    def left_behind(self):
        """Files in the work folders, which should be empty when nothing runs."""
        # os.walk passes over a folder that goes meanwhile.
        places = self.folder.glob("*/work")
        return [
            name for place in places for _, _, names in os.walk(place) for name in names
        ]

    def log(self):
        return "\n".join(p.read_text() for p in sorted(self.folder.glob("*.log")))


def run_redis(folder):
    """A Redis of the test's own, with its keeper; see `marketplace.embedded`."""
    folder.mkdir(parents=True, exist_ok=True)
    return embedded.address_of("redis", folder), embedded.Redis(folder)


def stop_redis(server):
    """Before its folder goes: the keeper ends it once nobody holds the lease."""
    os.close(embedded.LEASES.pop(server.data))
    wait_until(lambda: server.running() is None, 30, "the end of Redis")


def upload(clip, **fields):
    video = make_video(status=Video.Status.UPLOADING, folder="", **fields)
    with clip.open("rb") as opened:
        video.source.save("film.mp4", File(opened), save=False)
    video.source_bytes = clip.stat().st_size
    video.save()
    video.queue()
    return video


def wait_until(is_true, seconds, what):
    """How long it took."""
    began = time.monotonic()
    while not is_true():
        waited = time.monotonic() - began
        assert waited < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


def files_below(folder):
    """All files of the public storage below a folder."""
    try:
        folders, files = video_files().listdir(folder)
    except FileNotFoundError:
        return []
    below = [path for name in folders for path in files_below(f"{folder}/{name}")]
    return [f"{folder}/{name}" for name in files] + below


def assert_one_whole_output_set(video):
    """What the row names is there, all of it, and nothing else is."""
    root = f"videos/{video.public_id}"
    assert video_files().listdir(root)[0] == [video.folder.removeprefix(f"{root}/")]
    stored = set(files_below(video.folder))
    assert f"{video.folder}/video.mp4" in stored
    for playlist in [f"{video.folder}/index.m3u8", *parts_of(video)]:
        assert playlist in stored
        folder = playlist.rpartition("/")[0]
        parsed = m3u8.loads(video_files().open(playlist).read().decode())
        named = {f"{folder}/{segment.uri}" for segment in parsed.segments}
        assert named <= stored
    assert video.renditions.count() == len(parts_of(video, sound=False))


def parts_of(video, sound=True):
    index = m3u8.loads(video_files().open(f"{video.folder}/index.m3u8").read().decode())
    media = index.media if sound else []
    return [f"{video.folder}/{part.uri}" for part in [*index.playlists, *media]]
