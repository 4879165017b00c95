"""Several workers at one import, and several files at one catalogue, at once."""

from functools import partial

import pytest
from django.db.models import QuerySet

from sellers import catalog, pictures, tasks
from sellers.imports import fetching, running, saving
from sellers.models import CatalogImport, ImportPicture, Product, ProductMedia
from tests.catalogues import lamps, read, shopify_row
from tests.factories import make_product, make_seller, picture_bytes
from tests.races import at_once, together_after

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WORKERS, LAMPS = 3, 6


def ready_import(rows, **fields):
    catalog_import = read(rows, **fields)
    catalog_import.advance(CatalogImport.Status.IMPORTING)
    return catalog_import


def work_at_once(*imports):
    """What the tasks raised; the imports as they are then."""
    results = at_once(*[partial(tasks.import_catalog, one.pk) for one in imports])
    for one in imports:
        one.refresh_from_db()
    return [result for result in results if result is not None]


def counts(catalog_import):
    return (
        catalog_import.products_done,
        catalog_import.products_created,
        catalog_import.products_updated,
        catalog_import.products_refused,
    )


def claim_without_a_look(catalog_import, status):
    catalog_import.refresh_from_db()
    return True


def test_three_workers_with_one_import_bring_each_product_once():
    catalog_import = ready_import(lamps(LAMPS))

    failures = work_at_once(*[catalog_import] * WORKERS)

    assert failures == []
    assert catalog_import.status == CatalogImport.Status.DONE
    assert counts(catalog_import) == (LAMPS, LAMPS, 0, 0)
    assert Product.objects.count() == LAMPS


def test_without_the_claim_each_worker_brings_the_file_again(monkeypatch):
    catalog_import = ready_import(lamps(LAMPS))
    monkeypatch.setattr(CatalogImport, "claim", claim_without_a_look)
    together_after(monkeypatch, running, "load", WORKERS)

    work_at_once(*[catalog_import] * WORKERS)

    assert catalog_import.products_done > LAMPS
    assert catalog_import.products_updated > 0


def test_two_files_at_once_do_not_double_a_product():
    seller = make_seller()
    imports = [ready_import(lamps(4), seller=seller) for _ in range(2)]

    failures = work_at_once(*imports)

    assert failures == []
    assert seller.products.count() == 4
    assert [one.products_refused for one in imports] == [0, 0]
    assert sum(one.products_created for one in imports) == 4


def test_without_the_lock_on_the_catalogue_two_files_clash(monkeypatch):
    seller = make_seller()
    imports = [ready_import(lamps(4), seller=seller) for _ in range(2)]
    monkeypatch.setattr(catalog, "lock_catalogue", lambda seller: None)
    together_after(monkeypatch, saving, "find_product", 2)

    work_at_once(*imports)

    assert sum(one.products_refused for one in imports) > 0


def waiting_picture():
    catalog_import = ready_import([shopify_row()])
    return ImportPicture.objects.create(
        catalog_import=catalog_import,
        product=make_product(seller=catalog_import.seller),
        url="https://cdn.example/1.jpg",
        row=2,
    )


def keep_at_once(picture):
    encoded = pictures.encode(picture_bytes())
    return at_once(*[partial(fetching.keep, picture, encoded)] * 2)


def test_two_workers_with_one_picture_attach_it_once():
    picture = waiting_picture()

    results = keep_at_once(picture)

    assert results == [None, None]
    assert ProductMedia.objects.filter(product=picture.product).count() == 1


def test_without_the_lock_the_same_picture_is_attached_twice(monkeypatch):
    picture = waiting_picture()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda found, **options: found)
    together_after(monkeypatch, pictures, "attach", 2)

    keep_at_once(picture)

    assert ProductMedia.objects.filter(product=picture.product).count() == 2
