"""Captions: read from files, written by hand, shown as plain text."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from marketplace.video_files import video_files
from tests.factories import make_seller, make_user, make_video
from videos import captions
from videos.captioning import cues_of, save_track
from videos.captions import Cue

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</v><svg onload=alert(1)>",
    "00:00:00.000 --> 00:00:09.000",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "a --> b\x00\x1b[31m",
    "NOTE x",
    "WEBVTT",
    "STYLE\n::cue { background: url(https://example.com) }",
]


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
    return make_video(seller=seller, duration_ms=8000)


def upload(shop, video, text, name="c.vtt", language="de"):
    data = text if isinstance(text, bytes) else text.encode()
    file = SimpleUploadedFile(name, data)
    address = reverse("videos:captions", args=[video.public_id])
    return shop.post(address, {"language": language, "file": file})


def rows(*cues):
    """The form as the page sends it."""
    sent = {"cues-TOTAL_FORMS": len(cues), "cues-INITIAL_FORMS": 0}
    for number, (starts, ends, text) in enumerate(cues):
        sent |= {
            f"cues-{number}-starts": starts,
            f"cues-{number}-ends": ends,
            f"cues-{number}-text": text,
        }
    return sent


def page_of(video, language="de"):
    return reverse("videos:caption_track", args=[video.public_id, language])


def save(shop, video, *cues, **fields):
    return shop.post(page_of(video), rows(*cues) | fields)


def stored(video, language="de"):
    name = video.captions.get(language=language).file
    return video_files().open(name).read().decode()


@pytest.mark.django_db
def test_a_webvtt_file_is_written_anew_as_plain_text(shop, video):
    text = (
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nNOTE hidden\n\n"
        "1\n00:01.000 --> 00:02.500 align:start\n<b>Hi</b> <script>x</script>\n"
    )

    answer = upload(shop, video, text)

    assert answer.url == page_of(video)
    track = video.captions.get()
    assert (track.language, track.label) == ("de", "Deutsch")
    assert stored(video) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHi x\n"


@pytest.mark.django_db
def test_a_subrip_file_is_read_as_well(shop, video):
    text = (
        "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>I <3 you</i>\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}Tom & Ann\r\n"
    )

    upload(shop, video, text.encode("utf-16"), name="c.srt")

    assert [cue.text for cue in cues_of(video.captions.get())] == [
        "I <3 you",
        "Tom & Ann",
    ]
    assert "I &lt;3 you" in stored(video)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1\n00:01 --> 00:02\nHi", "no captions"),
        (b"WEBVTT\n\nno cue", "no captions"),
        (b"<html>", "no captions"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\xff\xfe\xe9", "UTF-8"),
        (b"WEBVTT" + b"x" * 500_000, "too long"),
        (b"".join(b"00:01.000 --> 00:02.000\nHi\n\n" for _ in range(301)), "300"),
    ],
)
def test_a_file_that_is_no_captions_is_refused_with_words(shop, video, data, words):
    answer = upload(shop, video, data)

    assert words in shop.get(answer.url).content.decode()
    assert not video.captions.exists()


@pytest.mark.django_db
def test_a_file_with_wrong_times_is_shown_for_repair_and_not_saved(shop, video):
    text = (
        "WEBVTT\n\n00:01.000 --> 00:03.000\nOne\n\n00:02.000 --> 00:04.000\nTwo\n\n"
        "00:09.000 --> 00:10.000\nThree\n"
    )

    answer = upload(shop, video, text)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "before the caption above it ends, at 0:03.000" in page
    assert "when the video is over, at 0:08.000" in page
    assert "Three" in page
    assert not video.captions.exists()


@pytest.mark.django_db
def test_captions_are_written_by_hand_in_any_order(shop, video):
    answer = save(shop, video, ("0:03", "4,5", "Second"), ("0:01.25", "2", "First"))

    assert answer.status_code == 302
    assert cues_of(video.captions.get()) == [
        Cue(1250, 2000, "First"),
        Cue(3000, 4500, "Second"),
    ]
    page = shop.get(page_of(video)).content.decode()
    assert 'value="0:01.250"' in page


@pytest.mark.django_db
def test_saving_twice_leaves_one_track_and_one_file(
    shop, video, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        save(shop, video, ("1", "2", "One"))
    first = video.captions.get().file
    with django_capture_on_commit_callbacks(execute=True):
        save(shop, video, ("1", "2", "Two"))

    track = video.captions.get()
    assert "Two" in stored(video)
    assert video_files().exists(track.file)
    assert not video_files().exists(first)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cues", "words"),
    [
        ([("3", "1", "Backwards")], "must end after it begins"),
        ([("1", "1", "Nothing")], "must end after it begins"),
        ([("1", "1.05", "Flash")], "too short to be read"),
        ([("1", "3", "One"), ("2.999", "4", "Two")], "ends, at 0:03.000"),
        ([("9", "10", "Late")], "when the video is over"),
        ([("soon", "2", "Word")], "Write the time like"),
        ([("-1", "2", "Minus")], "Write the time like"),
        ([("1", "", "No end")], "required"),
        ([("1", "2", "\x00 \x07")], "Null characters"),
        ([("1", "2", "x" * 301)], "at most 300"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(shop, video, cues, words):
    save_track(video, "de", [Cue(0, 1000, "Old")])

    answer = save(shop, video, *cues)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f'value="{cues[0][0]}"' in page
    assert cues_of(video.captions.get()) == [Cue(0, 1000, "Old")]


@pytest.mark.django_db
def test_a_caption_that_ends_with_the_video_is_cut_to_it(shop, video):
    save(shop, video, ("7", "99", "Bye"))

    assert cues_of(video.captions.get()) == [Cue(7000, 8000, "Bye")]


@pytest.mark.django_db
def test_blank_rows_and_deleted_rows_are_left_out(shop, video):
    save(
        shop,
        video,
        ("1", "2", "Kept"),
        ("", "", ""),
        ("bad", "2", "Gone"),
        **{"cues-2-DELETE": "on"},
    )

    assert cues_of(video.captions.get()) == [Cue(1000, 2000, "Kept")]


@pytest.mark.django_db
def test_a_track_without_captions_goes(shop, video):
    save(shop, video, ("1", "2", "One"))

    save(shop, video)

    assert not video.captions.exists()


@pytest.mark.django_db
def test_languages_are_kept_apart_and_unknown_ones_do_not_exist(shop, video):
    save_track(video, "en", [Cue(0, 1000, "Hello")])

    save(shop, video, ("0", "1", "Hallo"))

    assert set(video.captions.values_list("language", flat=True)) == {"de", "en"}
    assert shop.get(page_of(video, "xx")).status_code == 404
    assert shop.post(page_of(video, "../x"[:2])).status_code == 404


@pytest.mark.django_db
def test_a_track_is_removed_with_its_file(
    shop, video, django_capture_on_commit_callbacks
):
    save_track(video, "de", [Cue(0, 1000, "Hallo")])
    name = video.captions.get().file
    address = reverse("videos:remove_captions", args=[video.public_id, "de"])

    with django_capture_on_commit_callbacks(execute=True):
        shop.post(address)

    assert not video.captions.exists()
    assert not video_files().exists(name)
    assert shop.post(address).status_code == 404


@pytest.mark.django_db
def test_captions_belong_to_their_seller(client, video, owner):
    stranger = make_user()
    make_seller(owner=stranger)

    assert client.get(page_of(video)).status_code == 302
    assert save(client, video, ("1", "2", "x")).status_code == 302
    client.force_login(stranger)
    assert client.get(page_of(video)).status_code == 404
    assert save(client, video, ("1", "2", "x")).status_code == 404
    assert (
        upload(client, video, "WEBVTT\n\n00:01.000 --> 00:02.000\nx").status_code == 404
    )
    client.force_login(owner)
    assert client.get(page_of(video)).status_code == 200

    assert not video.captions.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_page_and_file(shop, video, text):
    save_track(video, "de", [Cue(0, 1000, captions.plain(text))])

    page = shop.get(page_of(video)).content.decode()
    lines = stored(video).splitlines()

    for mark in ("<script>alert", "<img src=x", "<svg onload"):
        assert mark not in page
    assert sum("-->" in line for line in lines) == 1
    assert not any("<" in line for line in lines)
    assert lines[:3] == ["WEBVTT", "", "00:00:00.000 --> 00:00:01.000"]
    assert "" not in lines[3:]


cue_texts = st.text(max_size=60).map(captions.plain).filter(bool)


@given(st.lists(cue_texts, min_size=1, max_size=5))
def test_what_is_written_is_read_again_as_it_was(texts):
    cues = [Cue(n * 1000, n * 1000 + 900, text) for n, text in enumerate(texts)]

    assert captions.read(captions.written(cues).read()) == cues


@given(st.integers(0, 10 * 3600 * 1000))
def test_a_time_is_typed_as_it_is_shown(milliseconds):
    assert captions.typed_time(captions.time_to_type(milliseconds)) == milliseconds
