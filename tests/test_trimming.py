"""Another beginning and end, from the kept source; tags and captions move along."""

from array import array

import pytest
from django.core.files import File
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from marketplace.video_files import video_files
from tests.clips import encode, make_clip
from tests.factories import make_product, make_seller, make_tag, make_user, make_video
from videos import encoding, versions
from videos.captioning import cues_of, save_track
from videos.captions import Cue
from videos.cutting import Piece, Span, recut
from videos.models import TagHotspot, Video, VideoConflict
from videos.tasks import transcode_video
from videos.transcoding import inspect, part_of

Publication, Status = Video.Publication, Video.Status


@pytest.fixture
def sent(monkeypatch):
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


@pytest.fixture
def shop(client, owner, seller):
    client.force_login(owner)
    return client


@pytest.fixture
def video(seller):
    return make_video(
        seller=seller, source="sources/x/y", duration_ms=8000, source_ms=8000
    )


def address(video):
    return reverse("videos:trim", args=[video.public_id])


def spans(video):
    return [(t.product_id, t.starts_ms, t.ends_ms) for t in video.tags.all()]


def cut(video, starts_ms, ends_ms):
    """All but the encoding."""
    versions.change_cut(video.pk, Span(starts_ms, ends_ms))
    video.refresh_from_db()
    assert video.claim()
    length = (video.trim_ends_ms or 8000) - video.trim_starts_ms
    versions.publish(video, [], folder="videos/cut", duration_ms=length, source_ms=8000)
    video.refresh_from_db()


@pytest.mark.django_db
def test_tags_and_captions_move_along_and_come_back(video):
    product = make_product(seller=video.seller)
    early = make_tag(video=video, product=product, starts_ms=0, ends_ms=3000)
    TagHotspot.objects.create(tag=early, x_permille=250, y_permille=500)
    late = make_tag(video=video, starts_ms=6000, ends_ms=8000).product
    cues = [Cue(500, 1500, "One"), Cue(1500, 4000, "Two"), Cue(6000, 7000, "Three")]
    save_track(video, "en", cues)
    save_track(video, "de", [Cue(0, 1000, "Eins")])

    cut(video, 2000, 6000)

    assert spans(video) == [(product.pk, 0, 1000)]
    assert video.tags.get().hotspot.x_permille == 250
    assert cues_of(video.captions.get()) == [Cue(0, 2000, "Two")]
    cut(video, 1000, 7000)
    assert spans(video) == [(product.pk, 0, 2000), (late.pk, 5000, 6000)]
    cut(video, 0, 8000)
    assert spans(video) == [(product.pk, 0, 3000), (late.pk, 6000, 8000)]
    assert [tag.hotspot.y_permille for tag in video.tags.all()[:1]] == [500]
    tracks = {track.language: cues_of(track) for track in video.captions.all()}
    assert tracks == {"en": cues, "de": [Cue(0, 1000, "Eins")]}
    assert video.trim_ends_ms is None


pieces = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 5)),
    max_size=4,
    unique_by=lambda p: p[0],
).map(
    lambda found: [
        Piece(n * 1000, min(10_000, (n + length) * 1000), f"{n}")
        for n, length in sorted(found)
    ]
)
cuts = st.tuples(st.integers(0, 8), st.integers(1, 9)).map(
    lambda c: Span(c[0] * 1000, min(10_000, (c[0] + c[1]) * 1000))
)


@given(pieces, st.lists(cuts, max_size=4))
def test_after_any_cuts_the_whole_brings_all_back(shown, wanted):
    whole = Span(0, 10_000)
    now, away, old = shown, [], whole
    for new in [*wanted, whole]:
        now, away = recut(now, away, (old, new), 500)
        length = new.ends_ms - new.starts_ms
        assert all(0 <= p.starts_ms < p.ends_ms <= length for p in now)
        old = new

    assert sorted(now, key=str) == sorted(shown, key=str)
    assert away == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("former", "new", "after"),
    [
        ((0, 8000), (1000, 7000), Publication.PUBLISHED),
        ((2000, 6000), (3000, 6000), Publication.PUBLISHED),
        ((2000, 6000), (1000, 6000), Publication.IN_REVIEW),
        ((2000, 6000), (0, 8000), Publication.IN_REVIEW),
    ],
)
def test_only_what_was_reviewed_stays_published(video, former, new, after):
    cut(video, *former)
    Video.objects.update(publication=Publication.PUBLISHED)

    cut(video, *new)

    assert video.publication == after


@pytest.mark.django_db
def test_the_page_cuts_and_the_old_version_stays_meanwhile(shop, video, sent):
    answer = shop.post(address(video), {"starts": "0:01.5", "ends": "6"})

    assert answer.status_code == 302
    video.refresh_from_db()
    assert (video.cut, video.status) == (Span(1500, 6000), Status.UPLOADED)
    assert Video.objects.published().get() == video
    assert sent == [video.pk]
    assert shop.get(address(video)).status_code == 404
    with pytest.raises(VideoConflict):
        versions.change_cut(video.pk, Span(0, 1000))
    versions.keep_former(video)
    video.refresh_from_db()
    assert (video.cut, video.source.name) == (Span(0, 8000), "sources/x/y")


@pytest.mark.django_db
def test_the_whole_file_is_brought_back_by_one_button(shop, video, sent):
    cut(video, 1000, 5000)
    assert "Bring the whole file back" in shop.get(address(video)).content.decode()

    shop.post(address(video), {"whole": "1"})

    video.refresh_from_db()
    assert (video.cut, video.trim_ends_ms) == (Span(0, 8000), None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("0", "8", "there already"),
        ("5", "2", "must end after"),
        ("2", "2", "must end after"),
        ("1", "1.1", "must be left"),
        ("1", "9", "ends at 0:08.000"),
        ("soon", "4", "Write the time like"),
        ("-1", "4", "Write the time like"),
        ("", "", "required"),
    ],
)
def test_impossible_cuts_are_refused(shop, video, sent, starts, ends, words):
    answer = shop.post(address(video), {"starts": starts, "ends": ends})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    video.refresh_from_db()
    assert (video.status, video.cut) == (Status.READY, Span(0, 8000))
    assert sent == []


@pytest.mark.django_db
def test_only_its_seller_cuts_a_video(client, video, owner):
    stranger = make_user()
    make_seller(owner=stranger)

    assert client.get(address(video)).status_code == 302
    client.force_login(stranger)
    assert client.get(address(video)).status_code == 404
    assert client.post(address(video), {"whole": "1"}).status_code == 404
    client.force_login(owner)
    assert client.get(address(video)).status_code == 200


@pytest.mark.django_db
def test_the_task_makes_the_part_from_the_source_and_the_whole_again():
    video = make_video(status=Status.UPLOADED, folder="")
    with make_clip(seconds=3, size="180x320").open("rb") as clip:
        video.source.save("film.mp4", File(clip))
    transcode_video(video.pk)
    video.refresh_from_db()
    source, full = video.source.name, video.source_ms
    assert full == pytest.approx(3000, abs=60)

    versions.change_cut(video.pk, Span(1000, 2500))
    transcode_video(video.pk)

    video.refresh_from_db()
    assert video.status == Status.READY, video.failure_reason
    assert video.duration_ms == pytest.approx(1500, abs=60)
    assert (video.source.name, video.source_ms) == (source, full)
    versions.change_cut(video.pk, Span(0, full))
    transcode_video(video.pk)
    video.refresh_from_db()
    assert video.duration_ms == pytest.approx(3000, abs=60)


def test_the_one_run_seeks_in_the_source_and_copies_no_packets():
    source = make_clip(seconds=3, size="180x320")
    probe = inspect(source)

    part = part_of(probe, Video(trim_starts_ms=1000, trim_ends_ms=2500))

    assert (part.starts_ms, part.duration_ms, part.is_plain) == (1000, 1500, False)
    command = encoding.loudness_command(source, part, None)
    assert command[command.index("-ss") + 1] == "1.000"
    assert command[command.index("-t") + 1] == "1.500"
    assert part_of(probe, Video()) == probe


def make_marked():
    """White for a second, then black; silent for two seconds, then a tone."""
    return encode(
        "marked.mp4",
        "-f", "lavfi", "-i", "color=white:size=180x320:rate=30:duration=4,"
        "drawbox=enable='gte(t,1)':color=black:t=fill",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4,"
        "volume=0:enable='lt(t,2)'",
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
        "-g", "120",
    )  # fmt: skip


@pytest.mark.django_db
def test_the_cut_is_exact_between_key_frames_and_the_sound_stays_in_time(tmp_path):
    video = make_video(
        status=Status.UPLOADED, folder="", trim_starts_ms=1000, trim_ends_ms=3000
    )
    with make_marked().open("rb") as clip:
        video.source.save("film.mp4", File(clip))

    transcode_video(video.pk)

    video.refresh_from_db()
    made = tmp_path / "video.mp4"
    made.write_bytes(video_files().open(f"{video.folder}/video.mp4").read())
    picture = encode("first.png", "-i", str(made), "-frames:v", "1")
    with Image.open(picture) as first:
        assert max(first.convert("L").resize((1, 1)).getextrema()) < 40
    sound = encode("sound.raw", "-i", str(made), "-ac", "1", "-f", "s16le")
    samples = array("h", sound.read_bytes())
    loud = next(n for n, sample in enumerate(samples) if abs(sample) > 1000)
    assert loud / 48000 == pytest.approx(1, abs=0.05)
