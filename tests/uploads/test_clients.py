"""Two clients that others wrote, ten cuts in each upload, and the same bytes after."""

import hashlib
from pathlib import PurePosixPath

import pytest
from django.urls import reverse

from marketplace.user_files import private_files
from tests.uploading import random_film
from tests.uploads.clients import CLIENTS, Cuts, broken_network, headers_of, send_by
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = 3_000_000
CUTS = 10


@pytest.mark.parametrize("client_name", CLIENTS)
def test_an_upload_that_is_cut_ten_times_arrives_whole(
    live_server, tmp_path, shop, sent, client_name
):
    film = tmp_path / "film.mp4"
    film.write_bytes(random_film(SIZE))
    cuts = Cuts(CUTS, SIZE, seed=1)

    with broken_network(live_server.url, cuts) as site:
        where = site + reverse("videos:tus_uploads")
        address = send_by(client_name, film, where, headers_of(shop))

    assert cuts.done == CUTS
    assert cuts.answers_left == 0
    upload = Upload.objects.get(state=Upload.State.FINISHED)
    assert PurePosixPath(address).name == upload.public_id
    video = Video.objects.get()
    with private_files().open(video.source.name) as source:
        kept = hashlib.file_digest(source.file, "sha256").hexdigest()
    assert kept == hashlib.sha256(film.read_bytes()).hexdigest()
    assert sent == [video.pk]
