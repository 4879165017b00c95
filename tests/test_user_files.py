import pytest
from django.conf import settings


@pytest.fixture
def clip():
    file = settings.MEDIA_ROOT / "videos" / "1" / "segment.m4s"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"0123456789")
    return file


def body(response):
    return b"".join(response.streaming_content)


def test_a_file_is_served_whole(client, clip):
    response = client.get("/media/videos/1/segment.m4s")

    assert response.status_code == 200
    assert response["Content-Type"] == "video/iso.segment"
    assert body(response) == b"0123456789"


def test_a_part_of_a_file_is_served(client, clip):
    response = client.get("/media/videos/1/segment.m4s", headers={"range": "bytes=2-4"})

    assert response.status_code == 206
    assert response["Content-Range"] == "bytes 2-4/10"
    assert body(response) == b"234"


def test_a_part_after_the_end_is_refused(client, clip):
    response = client.get("/media/videos/1/segment.m4s", headers={"range": "bytes=99-"})

    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */10"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.m3u8", "application/vnd.apple.mpegurl"),
        ("video.mp4", "video/mp4"),
        ("poster.webp", "image/webp"),
        ("captions.vtt", 'text/vtt; charset="utf-8"'),
    ],
)
def test_a_file_has_the_type_of_its_name(client, clip, name, media_type):
    clip.with_name(name).write_bytes(b"x")

    assert client.get(f"/media/videos/1/{name}")["Content-Type"] == media_type


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "video.mp4"])
def test_no_file_acts_with_the_rights_of_the_site(client, clip, name):
    clip.with_name(name).write_text("<script>alert(1)</script>")

    response = client.get(f"/media/videos/1/{name}")

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secret.txt",
        "/media/%2e%2e/secret.txt",
        "/media/videos/../../secret.txt",
        "/media//etc/passwd",
        "/media/videos",
        "/media/videos/",
        "/media/.hidden",
        "/media/videos/.git/config",
        "/media/nul%00byte",
        "/media/videos/1/segment.m4s/more",
        "/media/" + "a" * 300,
    ],
)
def test_nothing_but_files_of_users_is_served(client, clip, path):
    root = settings.MEDIA_ROOT
    (root.parent / "secret.txt").write_text("secret")
    (root / ".hidden").write_text("secret")
    (root / "videos" / ".git").mkdir()
    (root / "videos" / ".git" / "config").write_text("secret")

    assert client.get(path).status_code == 404


def test_a_file_is_only_read(client, clip):
    response = client.post("/media/videos/1/segment.m4s")

    assert response.status_code == 405
    assert clip.read_bytes() == b"0123456789"
