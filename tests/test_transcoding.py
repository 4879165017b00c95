"""The output set, looked at as a player and a validator would."""

import io

import av
import m3u8
import numpy as np
import pytest
from django.core.files import File
from PIL import Image

from marketplace.video_files import video_files
from tests.clips import make_clip, make_hdr_clip, make_rotated
from tests.factories import make_video
from tests.hls_rules import first_moment
from tests.packages import folder_of, output_of, transcoded
from videos import transcoding
from videos.ffmpeg import UnreadableVideo
from videos.models import Video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]


def make_upload(clip, **fields):
    video = make_video(status=Video.Status.UPLOADED, folder="", **fields)
    with clip.open("rb") as opened:
        video.source.save("film.mp4", File(opened))
    return video


def text_of(name):
    with video_files().open(name) as stored:
        return stored.read().decode()


def bytes_of(name):
    with video_files().open(name, "rb") as stored:
        return stored.read()


def index_of(video):
    return m3u8.loads(text_of(f"{video.folder}/index.m3u8"))


def media_playlist(video, uri):
    return m3u8.loads(text_of(f"{video.folder}/{uri}"))


def video_playlists(video):
    return [(p, media_playlist(video, p.uri)) for p in index_of(video).playlists]


def decode_first(video, uri, segment):
    """The init segment and one media segment, alone."""
    folder = f"{video.folder}/{uri.split('/')[0]}"
    init = media_playlist(video, uri).segment_map[0].uri
    return av.open(
        io.BytesIO(bytes_of(f"{folder}/{init}") + bytes_of(f"{folder}/{segment}"))
    )


def test_a_portrait_clip_becomes_a_ladder_that_a_player_understands():
    video = transcoded(make_clip(size="720x1280", seconds=5))

    index = index_of(video)
    assert index.is_variant
    assert index.is_independent_segments
    found = {p.stream_info.resolution: p.stream_info for p in index.playlists}
    assert set(found) == {(360, 640), (540, 960), (720, 1280)}
    for info in found.values():
        assert info.codecs.startswith("avc1.64")
        assert info.codecs.endswith(",mp4a.40.2")
        assert info.frame_rate == 30
        assert info.average_bandwidth <= info.bandwidth
    assert [m.type for m in index.media] == ["AUDIO"]
    assert (video.status, video.width, video.height) == ("ready", 720, 1280)
    assert video.duration_ms == pytest.approx(5000, abs=40)
    assert video.has_audio


def test_segments_of_all_rungs_are_aligned_and_about_two_seconds():
    video = transcoded(make_clip(size="720x1280", seconds=5, rate=60))

    durations = [
        [s.duration for s in playlist.segments]
        for _, playlist in video_playlists(video)
    ]
    assert len({tuple(d) for d in durations}) == 1
    assert durations[0][:2] == [2, 2]
    for _, playlist in video_playlists(video):
        assert playlist.is_endlist
        assert playlist.playlist_type == "vod"
        assert all(
            round(s.duration) <= playlist.target_duration for s in playlist.segments
        )


def test_every_segment_begins_with_a_key_frame_every_two_seconds():
    video = output_of(make_clip(size="540x960", seconds=5))

    for entry, playlist in video_playlists(video):
        starts = []
        for segment in playlist.segments:
            with decode_first(video, entry.uri, segment.uri) as container:
                packet = next(container.demux(container.streams.video[0]))
                assert packet.is_keyframe
            # Not by libav, which adds each segment's own delay of reordering.
            data = (folder_of(video) / entry.uri).with_name(segment.uri).read_bytes()
            starts.append(float(first_moment(data) * packet.time_base))
        assert starts == pytest.approx([0, 2, 4], abs=0.001)


def test_the_bandwidth_that_is_told_is_the_bandwidth_that_is_used():
    video = output_of(make_clip(size="540x960", seconds=5))

    audio = index_of(video).media[0]
    sound = peak_of(video, audio.uri)
    for entry, _ in video_playlists(video):
        measured = peak_of(video, entry.uri) + sound
        assert entry.stream_info.bandwidth == pytest.approx(measured, rel=0.1)


def peak_of(video, uri):
    folder = f"{video.folder}/{uri.split('/')[0]}"
    return max(
        video_files().size(f"{folder}/{s.uri}") * 8 / s.duration
        for s in media_playlist(video, uri).segments
        if s.duration >= 1
    )


def test_a_silent_clip_plays_without_an_audio_group():
    video = transcoded(make_clip(has_audio=False))

    index = index_of(video)
    assert not index.media
    assert "mp4a" not in index.playlists[0].stream_info.codecs
    assert not video.has_audio


def test_a_rotated_clip_comes_out_upright():
    video = transcoded(make_rotated(make_clip(size="640x360"), 90))

    assert (video.width, video.height) == (360, 640)
    with decode_first(video, "360p/playlist.m3u8", "segment-000.m4s") as container:
        frame = next(container.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (360, 640, 0)


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, 1), (180, 2)])
def test_a_mirrored_clip_is_shown_as_its_player_shows_it(degrees, turns):
    """First turned against the clock, then mirrored, as its matrix says."""
    clip = make_clip(size="360x360")
    with av.open(clip) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="gray")

    video = transcoded(make_rotated(clip, degrees, is_mirrored=True))

    with decode_first(video, "360p/playlist.m3u8", "segment-000.m4s") as container:
        shown = next(container.decode(video=0)).to_ndarray(format="gray")
    expected = np.fliplr(np.rot90(stored, turns)).astype(int)
    difference = np.abs(shown - expected).mean()
    assert difference < 6
    assert np.abs(shown - np.fliplr(expected)).mean() > 2 * difference


def test_hdr_becomes_sdr():
    video = transcoded(make_hdr_clip())

    with decode_first(video, "360p/playlist.m3u8", "segment-000.m4s") as container:
        frame = next(container.decode(video=0))
        assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (1, 1, 1)


def test_the_poster_is_a_picture_and_the_mp4_plays_from_its_start():
    video = transcoded(make_clip(size="720x1280"))

    assert video.poster in video.frame_names
    for name in video.frame_names:
        with Image.open(io.BytesIO(bytes_of(name))) as frame:
            assert (frame.format, frame.size) == ("JPEG", (720, 1280))
    mp4 = bytes_of(f"{video.folder}/video.mp4")
    assert mp4.index(b"moov") < mp4.index(b"mdat")
    with av.open(io.BytesIO(mp4)) as container:
        assert [s.type for s in container.streams] == ["video", "audio"]
        assert container.streams.video[0].height == 960


def test_where_and_with_what_it_was_filmed_is_dropped():
    clip = make_clip(
        options=["-metadata", "location=+52.5200+013.4050/", "-metadata",
                 "title=Canary", "-movflags", "+use_metadata_tags"],
    )  # fmt: skip
    assert b"+52.5200" in clip.read_bytes()

    video = transcoded(clip)

    names = all_files(video.folder)
    assert len(names) > 5
    for name in names:
        assert b"+52.5200" not in bytes_of(name)
        assert b"Canary" not in bytes_of(name)


def all_files(folder):
    folders, files = video_files().listdir(folder)
    below = [name for f in folders for name in all_files(f"{folder}/{f}")]
    return below + [f"{folder}/{name}" for name in files]


def test_the_renditions_are_written_down():
    video = transcoded(make_clip(size="540x960"))

    assert [(r.width, r.height) for r in video.renditions.all()] == [
        (360, 640), (540, 960),
    ]  # fmt: skip


def test_a_second_run_replaces_the_first_output_set(settings):
    video = transcoded(make_clip())
    first = video.folder
    Video.objects.filter(pk=video.pk).update(status=Video.Status.UPLOADED)
    video.refresh_from_db()
    assert video.claim()

    transcoding.transcode(video)

    assert video.folder != first
    assert video_files().listdir(f"videos/{video.public_id}")[0] == ["2"]
    assert video.renditions.count() == 1
    assert not any(settings.VIDEO_WORK_ROOT.iterdir())


def test_a_damaged_picture_publishes_nothing(settings):
    clip = make_clip(seconds=2, options=["-g", "10", "-movflags", "+faststart"])
    content = bytearray(clip.read_bytes())
    for n in range(len(content) // 2, len(content), 3):
        content[n] = 0xFF
    broken = clip.with_name("broken.mp4")
    broken.write_bytes(content)
    video = make_upload(broken)
    assert video.claim()

    with pytest.raises(UnreadableVideo, match="rror"):
        transcoding.transcode(video)

    video.refresh_from_db()
    assert (video.status, video.folder) == ("processing", "")
    assert not video_files().exists(f"videos/{video.public_id}/1")
    assert not any(settings.VIDEO_WORK_ROOT.iterdir())
