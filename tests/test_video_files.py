"""A video's files: who gets them, for how long, and with which headers."""

import gzip
import re
import time

import pytest
from django.conf import settings

from marketplace.video_addresses import address_of

SEGMENT = b"0123456789"
PLAYLIST = "#EXTM3U\n" + "#EXTINF:2.000000,\nseg.m4s\n" * 40


@pytest.fixture
def folder():
    """An output set as it lies on the disk, the interesting files of it."""
    made = settings.VIDEO_ROOT / "videos" / "abc" / "1"
    (made / "540p").mkdir(parents=True)
    (made / "540p" / "seg.m4s").write_bytes(SEGMENT)
    (made / "540p" / "init.mp4").write_bytes(b"init")
    (made / "index.m3u8").write_text(PLAYLIST)
    (made / "video.mp4").write_bytes(b"film")
    (made / "poster.jpg").write_bytes(b"picture")
    (made.parent / "2").mkdir()
    (made.parent / "2" / "index.m3u8").write_text("another version")
    return "videos/abc/1"


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""

    def at(seconds):
        monkeypatch.setattr(time, "time", lambda: seconds)

    at(18_000_000)
    return at


def shared(name):
    return address_of(name, is_shared=True)


def private(name):
    return address_of(name, is_shared=False)


def body(response):
    return b"".join(response.streaming_content)


def test_one_signature_opens_the_whole_folder(client, folder, at):
    playlist = private(f"{folder}/index.m3u8")
    beside = playlist.replace("index.m3u8", "540p/seg.m4s")

    assert client.get(playlist).content.decode() == PLAYLIST
    assert body(client.get(beside)) == SEGMENT


def test_no_file_of_a_video_asks_the_database(
    client, folder, at, django_assert_num_queries, db
):
    with django_assert_num_queries(0):
        assert client.get(private(f"{folder}/540p/seg.m4s")).status_code == 200


def altered(address):
    """The address, each part of what is signed changed by itself."""
    audience, signature, expires, rest = re.fullmatch(
        r"/media/(\w+)/([\w-]+)/(\d+)/(.+)", address
    ).groups()
    other = "private" if audience == "shared" else "shared"
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    return [
        f"/media/{other}/{signature}/{expires}/{rest}",
        f"/media/{audience}/{flipped}/{expires}/{rest}",
        f"/media/{audience}/{signature}x/{expires}/{rest}",
        f"/media/{audience}/{signature}/{int(expires) + 1}/{rest}",
        f"/media/{audience}/{signature}/0{expires}/{rest}",
        f"/media/{audience}/{signature}/{expires}/videos/abc/2/index.m3u8",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1/../2/index.m3u8",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1//index.m3u8",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1/.hidden",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1/540p",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1/none.m4s",
        f"/media/{audience}/{signature}/{expires}/videos/abc/1/video.mp4/more",
        f"/media/{rest}",
        f"/media/{audience}/{rest}",
    ]


@pytest.mark.parametrize("number", range(14))
def test_a_stranger_s_guess_finds_nothing(client, folder, at, number):
    (settings.VIDEO_ROOT / folder / ".hidden").write_text("secret")
    address = private(f"{folder}/index.m3u8")
    assert client.get(address).status_code == 200

    assert client.get(altered(address)[number]).status_code == 404


def test_an_address_of_another_key_finds_nothing(client, folder, at, settings):
    address = private(f"{folder}/index.m3u8")
    settings.VIDEO_SIGNING_KEY = "another"

    assert client.get(address).status_code == 404


def test_a_poster_beside_the_folders_opens_itself_alone(client, folder, at):
    root = settings.VIDEO_ROOT / "videos" / "abc"
    (root / "poster-1.jpg").write_bytes(b"chosen")
    address = private("videos/abc/poster-1.jpg")

    assert body(client.get(address)) == b"chosen"
    for name in ("poster-1.jpg/../1/index.m3u8", "1/index.m3u8"):
        assert client.get(address.replace("poster-1.jpg", name)).status_code == 404


def test_an_address_lasts_one_to_two_lives_and_is_the_same_for_all(
    client, folder, at, settings
):
    life = settings.VIDEO_ADDRESS_SECONDS
    first = shared(f"{folder}/index.m3u8")
    at(18_000_000 + life - 1)
    assert shared(f"{folder}/index.m3u8") == first

    at(18_000_000 + life)
    assert shared(f"{folder}/index.m3u8") != first
    at(18_000_000 + 2 * life - 1)
    assert client.get(first).status_code == 200
    at(18_000_000 + 2 * life)
    answer = client.get(first)
    assert (answer.status_code, answer["Cache-Control"]) == (403, "no-store")


@pytest.mark.parametrize(
    ("name", "media_type", "cache"),
    [
        ("index.m3u8", "application/vnd.apple.mpegurl", "max-age=60"),
        ("540p/seg.m4s", "video/iso.segment", "max-age=31536000, immutable"),
        ("540p/init.mp4", "video/mp4", "max-age=31536000, immutable"),
        ("video.mp4", "video/mp4", "max-age=31536000, immutable"),
        ("poster.jpg", "image/jpeg", "max-age=31536000, immutable"),
    ],
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_each_file_says_what_it_is_and_how_long_it_keeps(
    client, folder, at, name, media_type, cache, is_shared
):
    response = client.get(address_of(f"{folder}/{name}", is_shared=is_shared))

    # Caches that do not check addresses forget it when the address ends.
    left = ", s-maxage=3600" if is_shared and "immutable" in cache else ""
    who = "public" if is_shared else "private"
    assert response["Cache-Control"] == f"{who}, {cache}{left}"
    assert response["Content-Type"] == media_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["ETag"].startswith('"')
    assert response["Last-Modified"].endswith("GMT")
    assert not response.cookies


def test_delivery_can_be_private_for_published_videos_too(client, folder, at, settings):
    settings.VIDEO_DELIVERY = "private"

    response = client.get(shared(f"{folder}/540p/seg.m4s"))

    assert response["Cache-Control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("asked", "part", "bytes_sent"),
    [
        ("bytes=2-4", "2-4", b"234"),
        ("bytes=0-0", "0-0", b"0"),
        ("bytes=9-", "9-9", b"9"),
        ("bytes=-3", "7-9", b"789"),
        ("bytes=-99", "0-9", SEGMENT),
        ("bytes=4-99", "4-9", b"456789"),
    ],
)
def test_a_part_is_served(client, folder, at, asked, part, bytes_sent):
    address = private(f"{folder}/540p/seg.m4s")

    response = client.get(address, headers={"range": asked})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {part}/10"
    assert response["Content-Length"] == str(len(bytes_sent))
    assert body(response) == bytes_sent


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=0-1,4-5", "bytes=-", "lines=1-2", "bytes=a-b"]
)
def test_a_part_that_makes_no_sense_is_the_whole(client, folder, at, asked):
    response = client.get(private(f"{folder}/540p/seg.m4s"), headers={"range": asked})

    assert (response.status_code, body(response)) == (200, SEGMENT)
    assert response["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_part_behind_the_end_is_refused(client, folder, at, asked):
    response = client.get(private(f"{folder}/540p/seg.m4s"), headers={"range": asked})

    assert (response.status_code, response["Content-Range"]) == (416, "bytes */10")


def test_a_part_of_what_has_changed_is_the_whole(client, folder, at):
    address = private(f"{folder}/540p/seg.m4s")
    etag = client.get(address)["ETag"]

    same = client.get(address, headers={"range": "bytes=1-2", "if-range": etag})
    changed = client.get(address, headers={"range": "bytes=1-2", "if-range": '"old"'})

    assert (same.status_code, body(same)) == (206, b"12")
    assert (changed.status_code, body(changed)) == (200, SEGMENT)


def test_what_has_not_changed_is_not_sent_again(client, folder, at):
    address = private(f"{folder}/540p/seg.m4s")
    first = client.get(address)

    for headers in (
        {"if-none-match": first["ETag"]},
        {"if-none-match": f'W/"x", {first["ETag"]}'},
        {"if-modified-since": first["Last-Modified"]},
    ):
        again = client.get(address, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == first["Cache-Control"]
    assert client.get(address, headers={"if-none-match": '"x"'}).status_code == 200


def test_head_has_the_headers_alone(client, folder, at):
    address = private(f"{folder}/540p/seg.m4s")

    whole = client.head(address)
    part = client.head(address, headers={"range": "bytes=2-4"})

    assert (whole.status_code, whole["Content-Length"], whole.content) == (
        200, "10", b"",
    )  # fmt: skip
    assert (part.status_code, part["Content-Length"]) == (206, "3")


def test_a_file_is_only_read(client, folder, at):
    response = client.post(private(f"{folder}/540p/seg.m4s"))

    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_playlist_is_compressed_for_who_takes_it(client, folder, at):
    address = private(f"{folder}/index.m3u8")

    packed = client.get(address, headers={"accept-encoding": "br, gzip"})
    plain = client.get(address)

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content).decode() == PLAYLIST
    assert len(packed.content) < len(plain.content) / 3
    assert packed["Vary"] == plain["Vary"] == "Accept-Encoding"
    again = {"accept-encoding": "gzip", "if-none-match": packed["ETag"]}
    assert client.get(address, headers=again).status_code == 304
    segment = client.get(
        private(f"{folder}/540p/seg.m4s"), headers={"accept-encoding": "gzip"}
    )
    assert "Content-Encoding" not in segment


def test_pages_of_the_cdn_s_users_may_read_the_files(client, folder, at, settings):
    settings.MEDIA_CORS_ORIGINS = ["https://shop.example"]
    address = shared(f"{folder}/540p/seg.m4s")

    ours = client.get(address, headers={"origin": "https://shop.example"})
    asked = client.options(address, headers={"origin": "https://shop.example"})
    others = client.get(address, headers={"origin": "https://evil.example"})

    assert ours["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Content-Range" in ours["Access-Control-Expose-Headers"]
    assert ours["Vary"] == others["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in others
    assert (asked.status_code, asked["Access-Control-Allow-Headers"]) == (204, "Range")
    at(19_000_000)
    refused = client.get(address, headers={"origin": "https://shop.example"})
    # Else a player could not tell a refusal from a dead line.
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (
        403, "https://shop.example",
    )  # fmt: skip


def test_without_the_setting_no_other_page_may(client, folder, at):
    response = client.get(
        shared(f"{folder}/540p/seg.m4s"), headers={"origin": "https://shop.example"}
    )

    assert "Access-Control-Allow-Origin" not in response


def test_a_proxy_in_front_sends_the_file_itself(client, folder, at, settings):
    settings.VIDEO_ACCEL_PREFIX = "/_videos/"

    response = client.get(private(f"{folder}/540p/seg.m4s"))
    refused = client.get(altered(private(f"{folder}/540p/seg.m4s"))[1])

    assert response["X-Accel-Redirect"] == f"/_videos/{folder}/540p/seg.m4s"
    assert response["Content-Type"] == "video/iso.segment"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert refused.status_code == 404
    assert "X-Accel-Redirect" not in refused
