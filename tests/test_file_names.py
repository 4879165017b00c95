"""An uploaded file's name and type are a stranger's words: kept as text, never used."""

from pathlib import Path
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils.html import escape

from marketplace.user_files import private_files
from tests.factories import make_seller, make_user
from tests.uploading import begin
from videos.models import Video
from videos.tasks import transcode_video

pytestmark = pytest.mark.django_db

FILM = b"bytes of a film"
BODY = (
    "--limit\r\n"
    'Content-Disposition: form-data; name="files"; {name}\r\n'
    "Content-Type: {kind}\r\n\r\n"
    "{film}\r\n"
    "--limit--\r\n"
)

NAMES = {
    "path": "../../../../tmp/x.mp4",
    "windows path": r"C:\..\..\x.mp4",
    "absolute": "/etc/passwd.mp4",
    "option": "-i.mp4",
    "shell": "$(id);id `id`|id.mp4",
    "lines": "a\nb\r\nSet-Cookie: c=d.mp4",
    "long": "n" * 300 + ".mp4",
    "NUL": "film.html\0.mp4",
    "right to left": "holiday\u202e4pm.exe.mp4",
    "emoji": "👗 été 夏 \U0001f469\u200d\U0001f4bb.mp4",
    "markup": "<img src=x onerror=alert(1)>.mp4",
    "template": "{{ 7|add:7 }}{% debug %}.mp4",
    "protocol": "http:||127.0.0.1|x.mp4",
    "spaces": "   .mp4",
    "dots": "...mp4",
}
TYPES = ["text/html", "image/svg+xml", "application/x-mpegurl", "nonsense", ""]


@pytest.fixture
def shop(client, monkeypatch):
    owner = make_user()
    make_seller(owner=owner)
    client.force_login(owner)
    monkeypatch.setattr(transcode_video, "delay_on_commit", lambda pk: None)
    return client


def upload(client, name, kind="video/mp4"):
    """As a hostile client sends it: the name in percent, so that it may be anything."""
    body = BODY.format(
        name=f"filename*=UTF-8''{quote(name, safe='')}", kind=kind, film=FILM.decode()
    )
    return client.generic(
        "POST",
        reverse("videos:upload"),
        body.encode(),
        "multipart/form-data; boundary=limit",
        headers={"accept": "application/json"},
    )


def upload_in_pieces(client, name):
    """As the page with script does, by tus."""
    return begin(client, len(FILM), name=name, body=FILM)


def stored_files(settings):
    roots = [Path(settings.MEDIA_ROOT), Path(private_files().location)]
    return {path for root in roots for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("way", [upload, upload_in_pieces])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_stored_under_a_name_of_our_own(name, way, shop, settings):
    before = stored_files(settings)

    answer = way(shop, NAMES[name])

    video = Video.objects.get()
    (stored,) = stored_files(settings) - before
    assert answer.status_code in (200, 201)
    assert stored == Path(private_files().location) / video.source.name
    assert video.source.name.startswith(f"sources/{video.public_id}/")
    assert stored.name.isalnum()
    assert stored.suffix == ""
    assert stored.read_bytes() == FILM


@pytest.mark.parametrize("way", [upload, upload_in_pieces])
@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_shown_as_text(name, way, shop):
    way(shop, NAMES[name])
    video = Video.objects.get()

    pages = [
        shop.get(reverse("videos:studio", args=[video.public_id])),
        shop.get(reverse("videos:videos")),
    ]

    assert video.title.isprintable()
    assert video.source_name.isprintable()
    assert 0 < len(video.title) <= 140
    for page in pages:
        assert page.status_code == 200
        assert escape(video.title) in page.content.decode()
        assert "<img src=x" not in page.content.decode()
        assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("kind", TYPES)
def test_the_type_that_a_client_tells_is_not_believed(kind, shop, settings):
    before = stored_files(settings)

    answer = upload(shop, "film.mp4", kind)

    (stored,) = stored_files(settings) - before
    assert answer.status_code == 200
    assert stored.suffix == ""
    assert Path(settings.MEDIA_ROOT) not in stored.parents  # nobody is served it


@pytest.mark.parametrize("name", ["film.html", "film.mp4.svg", "film", ".mp4", "mp4"])
def test_a_name_that_is_no_video_s_is_refused(name, shop, settings):
    before = stored_files(settings)

    answer = upload(shop, name)

    assert answer.status_code == 422
    assert not Video.objects.exists()
    assert stored_files(settings) == before
