"""A machine begins no encoding for which it has no memory or disk."""

import psutil
import pytest

from tests.factories import make_seller, make_video
from videos import capacity, tasks
from videos.models import Video
from videos.tasks import machine_name, transcode_video

GIB = 1024**3


def make_group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".", 1)).write_text(f"{text}\n")


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    monkeypatch.setattr(capacity, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(capacity, "CGROUPS", tmp_path / "fs")
    return tmp_path


def test_a_service_with_a_limit_of_its_own_has_what_that_leaves(kernel):
    (kernel / "own").write_text("0::/system.slice/media.service\n")
    make_group(
        kernel / "fs/system.slice/media.service",
        memory__max=2 * 1024**2,
        memory__current=1024**2,
        memory__stat="anon 5\ninactive_file 4096",
    )
    make_group(
        kernel / "fs/system.slice", memory__max="max", memory__current=3 * 1024**2
    )

    assert capacity.available_memory() == 1024**2 + 4096


def test_a_container_of_the_older_kind_has_what_its_limit_leaves(kernel):
    (kernel / "own").write_text("4:memory:/docker/abc\n1:cpu:/\n")
    make_group(
        kernel / "fs/memory",
        memory__limit_in_bytes=1024**2,
        memory__usage_in_bytes=1000,
        memory__stat="inactive_file 7\ntotal_inactive_file 50",
    )

    assert capacity.available_memory() == 1024**2 - 1000 + 50


def test_without_limits_it_is_what_the_machine_has(kernel):
    (kernel / "own").write_text("0::/\n")
    make_group(kernel / "fs", memory__max="max")

    free = psutil.virtual_memory().available
    assert capacity.available_memory() == pytest.approx(free, rel=0.2)


def test_this_machine_is_read_without_an_error():
    assert 0 < capacity.available_memory() <= psutil.virtual_memory().total


def run_here(count):
    for _ in range(count):
        make_video(
            status=Video.Status.PROCESSING, worker=f"media@{machine_name()}", attempt=1
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("running", "gib", "is_room"),
    [(0, 1, True), (1, 5, False), (1, 6, True), (2, 8, False), (2, 9, True)],
)
def test_the_next_is_begun_where_all_could_grow_to_their_limit(
    monkeypatch, settings, running, gib, is_room
):
    settings.VIDEO_MEMORY_BYTES = 3 * GIB
    monkeypatch.setattr(capacity, "available_memory", lambda: gib * GIB)
    run_here(running)
    make_video(status=Video.Status.PROCESSING, worker="media@another-machine")

    assert capacity.has_memory(machine_name()) is is_room


@pytest.mark.django_db
def test_a_worker_without_memory_puts_its_message_back(monkeypatch):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    sent = []
    monkeypatch.setattr(transcode_video, "delay", sent.append)
    monkeypatch.setattr(tasks, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(capacity, "has_memory", lambda machine: False)

    transcode_video(video.pk)

    video.refresh_from_db()
    assert sent == [video.pk]
    assert (video.status, video.attempt) == (Video.Status.UPLOADED, 0)


@pytest.mark.django_db
def test_a_worker_with_a_full_disk_hands_the_video_back(settings, tmp_path):
    settings.VIDEO_WORK_ROOT = tmp_path
    video = make_video(
        seller=make_seller(),
        status=Video.Status.UPLOADED,
        folder="",
        source_bytes=10**15,
    )

    transcode_video(video.pk)

    video.refresh_from_db()
    assert (video.status, video.attempts_left) == (Video.Status.UPLOADED, 3)
    assert "no room" in video.failure_reason
