import gzip
from pathlib import Path

import pytest
from django.conf import settings

ASKING = {"Accept-Encoding": "gzip, br"}
HAS_FILE_NAME = 0x08


@pytest.mark.django_db
def test_a_page_comes_compressed_where_the_browser_asks_for_it(client):
    plain, packed = client.get("/shop/"), client.get("/shop/", headers=ASKING)

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.content)
    assert len(packed.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(packed.content)


@pytest.mark.django_db
def test_its_length_tells_nothing_about_secrets_in_it(client):
    """Random bytes stand as the file name, the mitigation of BREACH."""
    names = set()
    for _ in range(4):
        packed = client.get("/shop/", headers=ASKING).content
        assert packed[3] & HAS_FILE_NAME
        names.add(packed[10 : packed.index(b"\0", 10)])

    assert len(names) > 1


def test_files_are_served_as_they_are(client):
    file = Path(settings.MEDIA_ROOT, "compression", "list.m3u8")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("#EXTM3U\n" * 200)

    answer = client.get("/media/compression/list.m3u8", headers=ASKING)

    assert "Content-Encoding" not in answer.headers
    assert b"".join(answer) == file.read_bytes()
