"""The example for nginx in docs/, run by a real nginx in front of the site."""

import gzip
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests

from marketplace.video_addresses import address_of

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "nginx.conf.example"
NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not NGINX, reason="nginx is not installed"),
    pytest.mark.skipif(not OPENSSL, reason="openssl makes the certificate"),
]

MAIN = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def make_certificate(folder):
    subprocess.run(
        [
            OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", folder / "site.key", "-out", folder / "site.pem",
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def adapted(folder, upstream, port):
    """The example with this machine's places instead of the example's."""
    text = EXAMPLE.read_text()
    for example, here in {
        "/srv/vitrine/var": str(folder),
        "server 127.0.0.1:8000;": f"server {upstream};",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/shop.example.com": str(folder / "site"),
        "shop.example.com": "127.0.0.1",
    }.items():
        assert example in text
        text = text.replace(example, here)
    return text


@pytest.fixture
def front(live_server, settings, tmp_path):
    """A session at nginx, and its address."""
    settings.VIDEO_ACCEL_PREFIX = "/_videos/"
    port = free_port()
    make_certificate(tmp_path)
    upstream = live_server.url.removeprefix("http://")
    (tmp_path / "site.conf").write_text(adapted(tmp_path, upstream, port))
    shutil.copy("/etc/nginx/mime.types", tmp_path)
    # Root's workers would be another user, who may not look into the test's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(MAIN.format(folder=tmp_path, user=user))
    command = [NGINX, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    running = subprocess.Popen(command)
    session = requests.Session()
    try:
        wait_for(port)
        yield lambda path, method="GET", **headers: session.request(
            method,
            f"https://127.0.0.1:{port}{path}",
            headers={"Accept-Encoding": "gzip", **headers},
            allow_redirects=False,
            timeout=20,
            verify=str(tmp_path / "site.pem"),
        )
    finally:
        running.terminate()
        running.wait(10)


def wait_for(port):
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")


@pytest.fixture
def folder(settings):
    made = settings.VIDEO_ROOT / "videos" / "abc" / "1"
    (made / "540p").mkdir(parents=True)
    (made / "540p" / "seg.m4s").write_bytes(b"0123456789")
    (made / "index.m3u8").write_text("#EXTM3U\n" * 200)
    return "videos/abc/1"


def test_nginx_sends_what_a_signature_opens(front, folder, settings):
    settings.MEDIA_CORS_ORIGINS = ["https://cdn.example.com"]
    address = address_of(f"{folder}/540p/seg.m4s", is_shared=False)

    whole = front(address, Origin="https://cdn.example.com")
    part = front(address, Range="bytes=2-4")
    head = front(address, method="HEAD")
    again = front(address, **{"If-None-Match": whole.headers["ETag"]})
    other = front(address, **{"If-Range": '"other"', "Range": "bytes=2-4"})

    assert (whole.status_code, whole.content) == (200, b"0123456789")
    assert whole.headers["Content-Type"] == "video/iso.segment"
    assert whole.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert whole.headers["Access-Control-Allow-Origin"] == "https://cdn.example.com"
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert (head.headers["Content-Length"], head.content) == ("10", b"")
    assert again.status_code == 304
    assert (other.status_code, other.content) == (200, b"0123456789")


def test_nginx_compresses_playlists(front, folder):
    answer = front(address_of(f"{folder}/index.m3u8", is_shared=True))

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.text == "#EXTM3U\n" * 200


def test_nginx_opens_nothing_without_a_signature(front, folder, settings):
    address = address_of(f"{folder}/540p/seg.m4s", is_shared=False)
    signature = address.split("/")[3]
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / ".secret").write_text("secret")

    for path in (
        address.replace(signature, "A" * len(signature)),
        f"/_videos/{folder}/540p/seg.m4s",
        f"/media/{folder}/540p/seg.m4s",
        "/media../video/videos/abc/1/index.m3u8",
        "/media/.secret",
        "/static../video/videos/abc/1/index.m3u8",
    ):
        assert front(path).status_code in (400, 404), path


def test_nginx_serves_pictures_and_built_files(front, settings, tmp_path):
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "drawing.svg").write_text("<svg/>")
    built = tmp_path / "static" / "build" / "assets"
    built.mkdir(parents=True)
    (built / "main-12345678.js").write_text("plain")
    (built / "main-12345678.js.gz").write_bytes(gzip.compress(b"packed before"))

    picture = front("/media/drawing.svg")
    script = front("/static/build/assets/main-12345678.js")

    assert picture.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert script.text == "packed before"
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_nginx_passes_pages_on(front):
    answer = front("/healthz")

    assert answer.status_code == 200
