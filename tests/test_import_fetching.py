"""Pictures by their address: from the open internet alone, and never for long."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.base import ContentFile

from sellers import pictures, tasks
from sellers.imports import fetching
from sellers.imports.fetching import Unfetchable
from sellers.models import CatalogImport, ImportPicture
from tests.factories import make_product, picture_bytes


class Shop(BaseHTTPRequestHandler):
    """A server of pictures, some of them odd; it counts who comes."""

    hits = []

    def do_GET(self):
        self.hits.append(self.path)
        answer = getattr(self, self.path.strip("/"), self.missing)
        answer()

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def picture(self):
        self.send(200, picture_bytes())

    def page(self):
        self.send(200, b"<!doctype html><p>Sign in</p>")

    def elsewhere(self):
        self.send(302, Location="/picture")

    def broken(self):
        self.send(503)

    def missing(self):
        self.send(404)

    def huge(self):
        self.send_response(200)
        self.end_headers()
        for _ in range(12):
            self.wfile.write(b"\xff" * 1024 * 1024)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def shop():
    Shop.hits.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def loopback(settings):
    """Only so can the tests reach their own server."""
    settings.IMPORT_FROM_LOOPBACK = True


def make_import_picture(url):
    product = make_product()
    catalog_import = CatalogImport.objects.create(
        seller=product.seller,
        file=ContentFile(b"", "x.csv"),
        status=CatalogImport.Status.DONE,
    )
    return ImportPicture.objects.create(
        catalog_import=catalog_import, product=product, url=url, alt="A lamp", row=2
    )


def test_a_picture_is_fetched(shop, loopback):
    assert pictures.encode(fetching.fetch(f"{shop}/picture")).width == 400


def test_this_machine_is_never_asked(shop):
    with pytest.raises(Unfetchable) as refusal:
        fetching.fetch(f"{shop}/picture")

    assert refusal.value.is_final is True
    assert Shop.hits == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/1.jpg",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "//example.com/1.jpg",
        "1.jpg",
        "",
        "http://",
        "http://[::1",
        "http://user:word@example.com/1.jpg",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[fd00::1]/",
    ],
)
def test_addresses_of_private_networks_and_other_schemes_are_refused_for_good(url):
    with pytest.raises(Unfetchable) as refusal:
        fetching.fetch(url)

    assert refusal.value.is_final is True


@pytest.mark.parametrize(
    ("path", "reason", "is_final"),
    [
        ("elsewhere", "leads to another", True),
        ("missing", "answers 404", True),
        ("broken", "answers 503", False),
        ("huge", "more than 10 MB", True),
    ],
)
def test_an_odd_answer_is_refused(shop, loopback, path, reason, is_final):
    with pytest.raises(Unfetchable, match=reason) as refusal:
        fetching.fetch(f"{shop}/{path}")

    assert refusal.value.is_final is is_final
    assert Shop.hits == [f"/{path}"]


def test_a_body_that_drips_is_given_up(shop, loopback, monkeypatch):
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", -1)

    with pytest.raises(Unfetchable, match="too slowly"):
        fetching.fetch(f"{shop}/picture")


def test_a_dead_host_is_asked_twice_and_then_not_any_more(monkeypatch):
    asked = []

    def refuse(url):
        asked.append(url)
        raise fetching.requests.ConnectTimeout

    monkeypatch.setattr(fetching, "download", refuse)
    for number in range(10):
        with pytest.raises(Unfetchable, match="does not answer"):
            fetching.fetch(f"https://dead.example/{number}.jpg")

    assert len(asked) == 2


@pytest.mark.django_db
def test_a_fetched_picture_hangs_on_its_product(shop, loopback):
    picture = make_import_picture(f"{shop}/picture")

    tasks.fetch_picture(picture.pk)
    tasks.fetch_picture(picture.pk)

    picture.refresh_from_db()
    media = picture.product.media.get()
    assert picture.status == ImportPicture.Status.FETCHED
    assert picture.media == media
    assert media.alt == "A lamp"
    assert Shop.hits == ["/picture"]


@pytest.mark.django_db
def test_what_is_no_picture_is_a_warning(shop, loopback):
    picture = make_import_picture(f"{shop}/page")

    tasks.fetch_picture(picture.pk)

    picture.refresh_from_db()
    assert picture.status == ImportPicture.Status.FAILED
    assert "HTML" in picture.message
    assert picture.product.media.exists() is False


@pytest.mark.django_db
def test_a_server_in_trouble_is_tried_three_times(shop, loopback):
    picture = make_import_picture(f"{shop}/broken")

    for _ in range(2):
        picture.refresh_from_db()
        assert fetching.fetch_picture(picture) is False
    picture.refresh_from_db()
    assert fetching.fetch_picture(picture) is True

    picture.refresh_from_db()
    assert picture.status == ImportPicture.Status.FAILED
    assert picture.message == "The server answers 503."


@pytest.mark.django_db
def test_the_seller_can_have_the_failed_ones_tried_again(shop, loopback):
    picture = make_import_picture(f"{shop}/picture")
    fetching.give_up(picture, "It was down.")

    keys = fetching.try_again(picture.catalog_import)
    tasks.fetch_picture(keys[0])

    picture.refresh_from_db()
    assert picture.status == ImportPicture.Status.FETCHED


@pytest.mark.django_db
def test_pictures_keep_the_order_of_the_file(shop, loopback):
    second = make_import_picture(f"{shop}/picture?2")
    second.position = 1
    second.save()
    first = ImportPicture.objects.create(
        catalog_import=second.catalog_import,
        product=second.product,
        url=f"{shop}/picture",
        row=2,
        position=0,
    )
    fetching.keep(second, pictures.encode(picture_bytes()))

    fetching.keep(first, pictures.encode(picture_bytes()))

    first.refresh_from_db()
    assert list(second.product.media.all())[0] == first.media
