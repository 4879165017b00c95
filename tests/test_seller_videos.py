"""The seller centre's pages about videos: their owner, a stranger, nobody."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from marketplace.user_files import private_files
from marketplace.video_files import video_files
from tests.factories import make_seller, make_user, make_video
from videos import posters
from videos.models import Video, VideoConflict
from videos.tasks import remove_video_files, transcode_video

pytestmark = pytest.mark.django_db

PAGES = ["studio", "status", "delete", "tagging", "tagging_products"]
POSTS = [
    "retry",
    "cancel",
    "submit",
    "unpublish",
    "delete",
    "poster",
    "captions",
    "tagging",
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
def sent(monkeypatch):
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


def film(name="Summer_dress-2.mp4", content=b"bytes of a film"):
    return SimpleUploadedFile(name, content, "video/mp4")


def path(name, video, *more):
    return reverse(f"videos:{name}", args=[video.public_id, *more])


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_for_their_owner_and_for_nobody_else(client, owner, seller, page):
    video = make_video(seller=seller)
    stranger = make_user()
    make_seller(owner=stranger)
    address = path(page, video)

    assert client.get(address).status_code == 302
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(owner)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("action", POSTS)
def test_a_stranger_can_do_nothing(client, action):
    video = make_video()
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)

    assert client.post(path(action, video)).status_code == 404

    unchanged = Video.objects.get(pk=video.pk)
    assert unchanged.publication == Video.Publication.PUBLISHED


@pytest.mark.parametrize("status", ["uploaded", "processing"])
def test_the_seller_stops_the_processing_and_starts_it_again(
    shop, seller, sent, status
):
    video = make_video(seller=seller, status=status, folder="")

    stopped = shop.post(path("cancel", video), follow=True).content.decode()
    video.refresh_from_db()
    assert video.status == Video.Status.FAILED
    assert "You stopped the processing." in stopped
    shop.post(path("retry", video))

    video.refresh_from_db()
    assert video.status == Video.Status.UPLOADED
    assert sent == [video.pk]


def test_what_is_ready_cannot_be_stopped(shop, seller):
    video = make_video(seller=seller)

    page = shop.post(path("cancel", video), follow=True).content.decode()

    assert "changed meanwhile" in page
    video.refresh_from_db()
    assert video.status == Video.Status.READY


def test_the_list_shows_only_the_own_videos(shop, seller):
    make_video(seller=seller, title="Mine")
    make_video(title="Theirs")

    page = shop.get(reverse("videos:videos")).content.decode()

    assert "Mine" in page
    assert "Theirs" not in page


def test_the_list_takes_as_many_queries_for_twenty_as_for_one(
    shop, seller, django_assert_max_num_queries
):
    for _ in range(20):
        make_video(seller=seller)

    with django_assert_max_num_queries(8):
        shop.get(reverse("videos:videos"))


def test_an_upload_becomes_a_waiting_video_under_a_generated_name(
    shop, owner, seller, sent
):
    answer = shop.post(reverse("videos:upload"), {"files": film("../../x;id -i.mp4")})

    video = Video.objects.get()
    assert answer.url == path("studio", video)
    assert (video.seller, video.uploaded_by) == (seller, owner)
    assert (video.status, video.source_bytes) == (Video.Status.UPLOADED, 15)
    assert video.source.name.startswith(f"sources/{video.public_id}/")
    assert "x;id" not in video.source.name
    assert private_files().open(video.source.name).read() == b"bytes of a film"
    assert sent == [video.pk]


def test_several_files_become_several_videos_titled_by_their_names(shop, sent):
    shop.post(reverse("videos:upload"), {"files": [film(), film("two.mov")]})

    assert set(Video.objects.values_list("title", flat=True)) == {
        "Summer dress 2", "two",
    }  # fmt: skip
    assert len(sent) == 2


def test_a_script_is_answered_with_json(shop, sent):
    answer = shop.post(
        reverse("videos:upload"),
        {"files": film()},
        headers={"accept": "application/json"},
    )

    assert answer.json() == {"url": path("studio", Video.objects.get())}


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (film("notes.txt"), "not a video"),
        (film("photo.heic"), "not a video"),
        (film(content=b""), "empty"),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason_and_nothing_is_kept(
    shop, sent, upload, words
):
    answer = shop.post(reverse("videos:upload"), {"files": upload})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Video.objects.exists()
    assert sent == []


def test_an_upload_that_says_it_is_too_large_is_refused_unread(shop, sent, settings):
    settings.VIDEO_MAX_BYTES = 10
    answer = shop.post(
        reverse("videos:upload"),
        {"files": film(content=b"x" * 2_000_000)},
        headers={"accept": "application/json"},
    )

    assert answer.status_code == 413
    assert "too large" in answer.json()["errors"][0]
    assert not Video.objects.exists()


def test_a_file_above_the_limit_is_refused(shop, sent, settings):
    settings.VIDEO_MAX_BYTES = 10

    assert shop.post(reverse("videos:upload"), {"files": film()}).status_code == 422
    assert not Video.objects.exists()


def test_an_upload_needs_the_csrf_token(owner, seller, sent):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(reverse("videos:upload"), {"files": film()}).status_code == 403
    assert not Video.objects.exists()


def test_title_and_description_are_saved(shop, seller):
    video = make_video(seller=seller)

    shop.post(path("studio", video), {"title": "New", "description": "Soft"})

    video.refresh_from_db()
    assert (video.title, video.description) == ("New", "Soft")


def test_a_failure_shows_its_reason_and_a_button_that_tries_again(shop, seller, sent):
    video = make_video(
        seller=seller, status=Video.Status.FAILED, failure_reason="Bits fell out."
    )
    assert "Bits fell out." in shop.get(path("studio", video)).content.decode()

    shop.post(path("retry", video))

    video.refresh_from_db()
    assert video.status == Video.Status.UPLOADED
    assert sent == [video.pk]
    shop.post(path("retry", video))
    assert sent == [video.pk]


def test_a_video_goes_to_review_and_back(shop, seller):
    video = make_video(seller=seller, publication=Video.Publication.DRAFT)

    shop.post(path("submit", video))
    video.refresh_from_db()
    assert video.publication == Video.Publication.IN_REVIEW
    shop.post(path("unpublish", video))
    video.refresh_from_db()
    assert video.publication == Video.Publication.DRAFT


def test_an_unfinished_video_cannot_be_submitted(shop, seller):
    video = make_video(
        seller=seller,
        status=Video.Status.PROCESSING,
        publication=Video.Publication.DRAFT,
    )

    shop.post(path("submit", video))

    video.refresh_from_db()
    assert video.publication == Video.Publication.DRAFT


def test_progress_is_asked_for_until_the_video_has_settled(shop, seller):
    video = make_video(
        seller=seller, status=Video.Status.PROCESSING, progress_percent=42
    )
    assert "hx-get" in shop.get(path("status", video)).content.decode()
    assert "42 %" in shop.get(path("status", video)).content.decode()

    Video.objects.filter(pk=video.pk).update(status=Video.Status.READY)

    settled = shop.get(path("status", video)).content.decode()
    assert "hx-trigger" not in settled
    assert 'id="preview"' in settled


def test_the_files_of_a_deleted_video_are_removed():
    video_files().save("videos/abc/1/540p/a.m4s", ContentFile(b"a"))
    video_files().save("videos/abcd/1/index.m3u8", ContentFile(b"a"))

    remove_video_files("abc")
    remove_video_files("abc")

    assert not video_files().exists("videos/abc")
    assert video_files().exists("videos/abcd/1/index.m3u8")


def picture(size=(300, 300)):
    file = io.BytesIO()
    Image.new("RGB", size, "#ff8800").save(file, "PNG")
    return SimpleUploadedFile("p.png", file.getvalue(), "image/png")


def test_a_poster_is_cut_to_the_video_s_shape(shop, seller):
    video = make_video(seller=seller)

    shop.post(path("poster", video), {"image": picture()})

    video.refresh_from_db()
    with video_files().open(video.poster) as stored, Image.open(stored) as poster:
        assert (poster.format, poster.size) == ("JPEG", (720, 1280))
    assert video.colour == "#ff8800"


def test_a_poster_that_is_no_picture_changes_nothing(shop, seller):
    video = make_video(seller=seller, poster="videos/old.jpg")

    shop.post(path("poster", video), {"image": film("p.png")})

    assert Video.objects.get(pk=video.pk).poster == "videos/old.jpg"


def with_frames(seller, count=3, **fields):
    video = make_video(seller=seller, frame_count=count, **fields)
    for name, colour in zip(video.frame_names, ["red", "lime", "blue"], strict=False):
        file = io.BytesIO()
        Image.new("RGB", (90, 160), colour).save(file, "JPEG")
        video_files().save(name, ContentFile(file.getvalue()))
    return video


def test_a_frame_that_was_kept_becomes_the_poster(shop, seller):
    video = with_frames(seller)
    assert 'value="2"' in shop.get(path("studio", video)).content.decode()

    shop.post(path("poster", video), {"frame": "2"})

    video.refresh_from_db()
    assert video.poster == video.frame_names[1]
    assert video.colour == "#00ff01"  # as the JPEG has it
    assert video.placeholder.startswith("data:image/webp;base64,")
    pressed = [frame["number"] for frame in video.frames if frame["is_poster"]]
    assert pressed == [2]


@pytest.mark.parametrize("status", [Video.Status.FAILED, Video.Status.READY])
def test_there_is_one_way_to_another_file(shop, seller, status):
    video = make_video(seller=seller, status=status, due_at=None)
    assert video.is_refused is (status == Video.Status.FAILED)

    page = shop.get(path("studio", video)).content.decode()

    assert page.count(f'href="{path("replace", video)}"') == 1


@pytest.mark.parametrize(("poster", "is_beside"), [("frame-1", 0), ("poster-x", 1)])
def test_only_a_poster_that_is_no_frame_is_shown_beside_the_frames(
    shop, seller, poster, is_beside
):
    video = with_frames(seller)
    Video.objects.filter(pk=video.pk).update(poster=f"{video.folder}/{poster}.jpg")

    page = shop.get(path("studio", video)).content.decode()

    assert page.count('alt="The poster now"') == is_beside


def test_a_picture_of_one_s_own_goes_when_another_is_chosen_and_frames_stay(
    shop, seller
):
    video = with_frames(seller)
    shop.post(path("poster", video), {"image": picture()})
    own = Video.objects.get(pk=video.pk).poster

    shop.post(path("poster", video), {"frame": "1"})
    shop.post(path("poster", video), {"frame": "3"})

    assert not video_files().exists(own)
    assert all(video_files().exists(name) for name in video.frame_names)
    assert Video.objects.get(pk=video.pk).poster == video.frame_names[2]


@pytest.mark.parametrize("frame", ["0", "4", "-1", "x", ""])
def test_a_frame_that_does_not_exist_changes_nothing(shop, seller, frame):
    video = with_frames(seller, poster="videos/old.jpg")

    answer = shop.post(path("poster", video), {"frame": frame}, follow=True)

    assert answer.status_code == 200
    assert "new poster" not in answer.content.decode()
    assert Video.objects.get(pk=video.pk).poster == "videos/old.jpg"


def test_a_frame_of_an_output_set_that_was_replaced_is_refused(seller):
    video = with_frames(seller)
    Video.objects.filter(pk=video.pk).update(folder="videos/newer")

    with pytest.raises(VideoConflict):
        posters.choose_frame(video, 1)

    assert Video.objects.get(pk=video.pk).poster == ""
