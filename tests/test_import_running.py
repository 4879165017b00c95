"""An import from the upload to the report: whole, resumable, repeatable."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sellers import periodic, tasks
from sellers.imports import running
from sellers.models import (
    CatalogImport,
    ImportPicture,
    Product,
    StockLevel,
    StockMovement,
    Variant,
)
from tests.catalogues import SHOPIFY, glove_rows, lamps, read, shopify_row
from tests.factories import make_category, make_product, make_seller, make_variant

pytestmark = pytest.mark.django_db


def bring_in(rows, *, default_stock=0, **fields):
    catalog_import = read(rows, **fields)
    catalog_import.advance(CatalogImport.Status.IMPORTING, default_stock=default_stock)
    tasks.import_catalog(catalog_import.pk)
    catalog_import.refresh_from_db()
    return catalog_import


def test_reading_shows_what_would_come_and_changes_nothing():
    catalog_import = read([*glove_rows(), shopify_row(Title="")])

    assert catalog_import.status == CatalogImport.Status.PREVIEWED
    assert catalog_import.format == "shopify"
    assert catalog_import.products_total == 1
    assert catalog_import.products_refused == 1
    assert catalog_import.preview["cards"][0]["title"] == "Gardening gloves"
    assert catalog_import.preview["variants"] == 2
    assert [p.row for p in catalog_import.problems.all()] == [4]
    assert Product.objects.exists() is False


def test_a_file_that_cannot_be_read_says_why():
    catalog_import = read([], data=b"PK\x03\x04 a workbook")

    assert catalog_import.status == CatalogImport.Status.FAILED
    assert "workbook" in catalog_import.failure_reason


def test_an_import_makes_drafts_with_stock_and_variants():
    garden = make_category(name="Garden")

    catalog_import = bring_in([row[:3] + ["Garden"] + row[4:] for row in glove_rows()])

    product = Product.objects.get()
    assert catalog_import.status == CatalogImport.Status.DONE
    assert (catalog_import.products_created, catalog_import.percent) == (1, 100)
    assert product.status == Product.Status.DRAFT
    assert product.slug == "gloves"
    assert product.category == garden
    green, cafe = product.variants.all()
    assert (green.sku, green.price_minor, green.weight_grams) == ("G-1", 999, 1200)
    assert (cafe.option_values, cafe.stock.on_hand) == (["Café"], 7)
    assert set(StockMovement.objects.values_list("reason", "quantity")) == {
        ("import", 7)
    }


def test_a_handle_cannot_climb_out_of_the_shop():
    bring_in([shopify_row(Handle="../../etc/passwd")])

    assert Product.objects.get().slug == "etcpasswd"


def test_products_without_a_number_get_the_one_that_the_seller_says():
    bring_in([shopify_row(Variant_Inventory_Qty="")], default_stock=12)

    assert Variant.objects.get().stock.on_hand == 12


def test_importing_again_brings_up_to_date_and_doubles_nothing():
    seller = make_seller()
    bring_in(glove_rows(), seller=seller)
    before = set(Variant.objects.values_list("pk", flat=True))
    changed = glove_rows()
    changed[0][SHOPIFY.index("Variant Price")] = "12.50"

    again = bring_in(changed, seller=seller)

    assert (again.products_created, again.products_updated) == (0, 1)
    assert Product.objects.count() == 1
    assert set(Variant.objects.values_list("pk", flat=True)) == before
    assert Variant.objects.get(sku="G-1").price_minor == 1250


def test_a_product_written_by_hand_is_found_by_its_sku():
    product = make_product(title="My lamp", status=Product.Status.DRAFT)
    make_variant(product=product, sku="L-0", price_minor=100)

    bring_in(lamps(1), seller=product.seller)

    product.refresh_from_db()
    assert product.title == "Lamp 0"
    assert product.variants.get().price_minor == 6999


def test_a_stranger_with_the_same_handle_is_left_alone():
    theirs = bring_in(lamps(1)).seller

    bring_in([shopify_row(Handle="lamp-0", Title="Other", Variant_SKU="L-0")])

    assert theirs.products.get().title == "Lamp 0"
    assert Product.objects.count() == 2


def test_a_published_product_stays_published_when_it_is_imported_again():
    seller = make_seller()
    bring_in(lamps(1), seller=seller)
    Product.objects.update(status=Product.Status.PUBLISHED)

    bring_in(lamps(1), seller=seller)

    assert Product.objects.get().status == Product.Status.PUBLISHED


def test_a_product_that_clashes_is_refused_whole_and_the_others_come(monkeypatch):
    seller = make_seller()
    rows = lamps(3)
    catalog_import = read(rows, seller=seller)
    save = running.save_product

    def save_or_clash(current, one):
        is_new = save(current, one)
        if one.draft.handle == "lamp-1":
            product = seller.products.get(import_handle="lamp-1")
            Product.objects.filter(pk=product.pk).update(slug="x" * 300)
        return is_new

    monkeypatch.setattr(running, "save_product", save_or_clash)
    catalog_import.advance(CatalogImport.Status.IMPORTING)

    tasks.import_catalog(catalog_import.pk)

    catalog_import.refresh_from_db()
    assert catalog_import.status == CatalogImport.Status.DONE
    assert (catalog_import.products_created, catalog_import.products_refused) == (2, 1)
    assert set(seller.products.values_list("slug", flat=True)) == {"lamp-0", "lamp-2"}
    assert Variant.objects.filter(sku="L-1").exists() is False
    assert catalog_import.problems.get().handle == "lamp-1"


class Killed(BaseException):
    """The worker is gone, as by SIGKILL: nothing of its Python runs on."""


def kill_after(monkeypatch, number):
    save, done = running.save_product, []

    def save_or_die(current, one):
        if len(done) == number:
            raise Killed
        done.append(one)
        return save(current, one)

    monkeypatch.setattr(running, "save_product", save_or_die)


def test_a_killed_worker_is_taken_over_where_it_stopped(monkeypatch):
    catalog_import = read(lamps(5))
    catalog_import.advance(CatalogImport.Status.IMPORTING)
    with monkeypatch.context() as patch:
        kill_after(patch, 2)
        with pytest.raises(Killed):
            tasks.import_catalog(catalog_import.pk)
    assert Product.objects.count() == 2

    tasks.import_catalog(catalog_import.pk)  # the lease still runs: not yet
    assert Product.objects.count() == 2
    lapsed = timezone.now() - timedelta(seconds=1)
    CatalogImport.objects.update(lease_expires_at=lapsed)
    monkeypatch.setattr(tasks.import_catalog, "delay", tasks.import_catalog)
    periodic.resume_imports()

    catalog_import.refresh_from_db()
    assert catalog_import.status == CatalogImport.Status.DONE
    assert catalog_import.products_created == 5
    assert Product.objects.count() == 5


def test_a_worker_that_lost_its_lease_stops():
    catalog_import = read(lamps(2))
    catalog_import.advance(CatalogImport.Status.IMPORTING)
    catalog_import.claim(CatalogImport.Status.IMPORTING)
    CatalogImport.objects.update(lease="somebody else's")

    running.run(catalog_import)

    assert Product.objects.exists() is False


def test_a_canceled_import_stops_after_the_product_at_hand(monkeypatch):
    catalog_import = read(lamps(4))
    catalog_import.advance(CatalogImport.Status.IMPORTING)
    save = running.save_product

    def save_and_cancel(current, one):
        is_new = save(current, one)
        CatalogImport.objects.filter(pk=current.pk).update(
            status=CatalogImport.Status.CANCELED
        )
        return is_new

    monkeypatch.setattr(running, "save_product", save_and_cancel)

    tasks.import_catalog(catalog_import.pk)

    catalog_import.refresh_from_db()
    assert catalog_import.status == CatalogImport.Status.CANCELED
    assert Product.objects.count() == 1


def test_a_message_delivered_twice_changes_nothing():
    catalog_import = bring_in(lamps(2))

    tasks.import_catalog(catalog_import.pk)
    tasks.read_import(catalog_import.pk)

    catalog_import.refresh_from_db()
    assert catalog_import.status == CatalogImport.Status.DONE
    assert catalog_import.products_created == 2


def test_pictures_are_noted_once_for_all_imports():
    seller = make_seller()
    rows = [shopify_row(Image_Src="https://cdn.example/1.jpg")]
    bring_in(rows, seller=seller)
    ImportPicture.objects.update(status=ImportPicture.Status.FETCHED)

    bring_in(rows, seller=seller)

    assert ImportPicture.objects.get().status == ImportPicture.Status.FETCHED


@pytest.mark.parametrize(
    ("before", "cell", "after"),
    [
        ("refuse", "continue", "back_order"),
        ("back_order", "deny", "refuse"),
        ("pre_order", "continue", "pre_order"),
        ("back_order", "", "back_order"),
        ("back_order", "whatever", "back_order"),
    ],
)
def test_a_file_says_whether_it_is_sold_on(before, cell, after):
    seller = make_seller()
    bring_in([shopify_row()], seller=seller)
    levels = StockLevel.objects.filter(variant__product__seller=seller)
    levels.update(policy=before, ships_on="2099-01-01", backorder_limit=5)
    Variant.objects.update(limit_per_buyer=2)

    bring_in([shopify_row(Variant_Inventory_Policy=cell)], seller=seller)

    level = levels.select_related("variant").get()
    assert level.policy == after
    assert level.variant.limit_per_buyer == 2
