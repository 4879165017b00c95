"""Bringing a catalogue over, page by page."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sellers import tasks
from sellers.models import (
    CatalogImport,
    ImportProblem,
    Product,
)
from tests.catalogues import csv_bytes, glove_rows, make_import, shopify_row
from tests.factories import (
    make_seller,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user(name="Olga Owner")


@pytest.fixture
def shop(owner):
    return make_seller(owner=owner)


def upload(client, data, name="products.csv"):
    file = SimpleUploadedFile(name, data)
    response = client.post(reverse("sellers:imports"), {"file": file})
    return CatalogImport.objects.get(), response


def test_an_upload_is_read_previewed_and_imported(
    client, owner, shop, eager_tasks, django_capture_on_commit_callbacks
):
    client.force_login(owner)
    with django_capture_on_commit_callbacks(execute=True):
        found, response = upload(client, csv_bytes(glove_rows(), encoding="utf-16"))
    assert response.url == found.get_absolute_url()
    preview = client.get(found.get_absolute_url()).content.decode()
    assert "Gardening gloves" in preview
    assert "utf-16" in preview

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            reverse("sellers:start_import", args=[found.pk]), {"default_stock": 0}
        )

    done = client.get(found.get_absolute_url()).content.decode()
    assert "Imported." in done
    assert shop.products.get().title == "Gardening gloves"


def test_starting_twice_imports_once(client, owner, shop):
    found = make_import(glove_rows(), seller=shop)
    tasks.read_import(found.pk)
    client.force_login(owner)
    start = reverse("sellers:start_import", args=[found.pk])

    client.post(start, {"default_stock": 0})
    tasks.import_catalog(found.pk)
    client.post(start, {"default_stock": 0})
    tasks.import_catalog(found.pk)

    assert shop.products.count() == 1


def test_the_progress_asks_again_while_it_runs_and_stops_then(client, owner, shop):
    found = make_import(
        glove_rows(),
        seller=shop,
        status=CatalogImport.Status.IMPORTING,
        products_total=4,
    )
    client.force_login(owner)

    running = client.get(found.get_absolute_url(), HTTP_HX_REQUEST="true")
    CatalogImport.objects.update(status=CatalogImport.Status.DONE)
    done = client.get(found.get_absolute_url(), HTTP_HX_REQUEST="true")

    assert "hx-trigger" in running.content.decode()
    assert "0 of 4 products" in running.content.decode()
    assert "hx-trigger" not in done.content.decode()
    assert "<html" not in done.content.decode()


def test_a_file_is_read_again_in_another_encoding(client, owner, shop):
    data = csv_bytes([shopify_row(Title="Łódź")], encoding="cp1250")
    found = make_import(glove_rows(), seller=shop, data=data)
    tasks.read_import(found.pk)
    client.force_login(owner)

    client.post(
        reverse("sellers:read_import_again", args=[found.pk]), {"encoding": "cp1250"}
    )
    tasks.read_import(found.pk)

    assert "Łódź" in client.get(found.get_absolute_url()).content.decode()


def test_a_canceled_import_imports_nothing(client, owner, shop):
    found = make_import(glove_rows(), seller=shop)
    tasks.read_import(found.pk)
    client.force_login(owner)

    client.post(reverse("sellers:cancel_import", args=[found.pk]))
    tasks.import_catalog(found.pk)

    assert Product.objects.exists() is False
    assert "Canceled" in client.get(found.get_absolute_url()).content.decode()


def rows_of(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_the_report_is_a_file_that_runs_no_formula(client, owner, shop):
    found = make_import(glove_rows(), seller=shop)
    ImportProblem.objects.create(
        catalog_import=found, row=3, handle="=1+1", column="Price", message="@x"
    )
    client.force_login(owner)

    rows = rows_of(client.get(reverse("sellers:import_report", args=[found.pk])))

    assert rows[1] == ["3", "'=1+1", "Price", "Refused", "'@x"]


def test_an_exported_catalogue_can_be_imported_again(client, owner, shop):
    first = make_import(glove_rows(), seller=shop)
    tasks.read_import(first.pk)
    first.refresh_from_db()
    first.advance(CatalogImport.Status.IMPORTING)
    tasks.import_catalog(first.pk)
    Product.objects.update(title="=Gloves", tax_class="reduced")
    client.force_login(owner)

    response = client.get(reverse("sellers:export_products"))
    second = make_import(
        [], seller=make_seller(), data=b"".join(response.streaming_content)
    )
    tasks.read_import(second.pk)
    second.refresh_from_db()
    second.advance(CatalogImport.Status.IMPORTING)
    tasks.import_catalog(second.pk)

    copy = second.seller.products.get()
    assert (copy.title, copy.tax_class) == ("=Gloves", "reduced")
    original = shop.products.get()
    facts = ["sku", "price_minor", "option_values", "weight_grams", "stock__on_hand",
             "stock__policy"]  # fmt: skip
    assert list(copy.variants.values_list(*facts)) == list(
        original.variants.values_list(*facts)
    )
