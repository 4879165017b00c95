"""An import's way: read, preview, then one product after the other."""

from dataclasses import dataclass

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.money import format_minor
from sellers.imports import formats
from sellers.imports.checking import Checked, check
from sellers.imports.drafts import Problem
from sellers.imports.saving import save_product
from sellers.imports.table import Table, UnreadableFile, read_table
from sellers.models import CatalogImport, ImportConflict, ImportPicture, ImportProblem
from sellers.models.imports import LEASE
from sellers.rich_text import plain
from sellers.stock import CountTooLow

PREVIEWED = 12
MAX_PROBLEMS = 5000


@dataclass(frozen=True)
class Loaded:
    """The file as it will be imported."""

    table: Table
    format: str
    good: list[Checked]
    refused: list[Checked]
    problems: list[Problem]


def load(catalog_import: CatalogImport) -> Loaded:
    """Read and check the whole file: the same each time it is read."""
    with catalog_import.file.open("rb") as file:
        table = read_table(file.read(), catalog_import.chosen_encoding)
    name = formats.recognise(table)
    drafts = formats.read_drafts(table, name)
    currency = catalog_import.seller.currency
    profiles = list(catalog_import.seller.delivery_profiles.all())
    checked = [check(draft, currency, profiles) for draft in drafts.products]
    problems = [*drafts.problems, *(p for c in checked for p in c.problems)]
    return Loaded(
        table=table,
        format=name,
        good=[one for one in checked if not one.is_refused],
        refused=[one for one in checked if one.is_refused],
        problems=sorted(problems, key=lambda problem: problem.row),
    )


def read(catalog_import: CatalogImport) -> None:
    """From a claimed import to its preview, or to why there is none."""
    try:
        loaded = load(catalog_import)
        if not loaded.good and not loaded.refused:
            raise UnreadableFile(_("The file has no products."))
    except UnreadableFile as error:
        finish(catalog_import, CatalogImport.Status.FAILED, failure_reason=str(error))
        return
    with transaction.atomic():
        catalog_import.problems.all().delete()
        keep_problems(catalog_import, loaded.problems)
        finish(
            catalog_import,
            CatalogImport.Status.PREVIEWED,
            encoding=loaded.table.encoding,
            delimiter=loaded.table.delimiter,
            format=loaded.format,
            rows_total=len(loaded.table.rows),
            products_total=len(loaded.good),
            products_refused=len(loaded.refused),
            preview=preview_of(catalog_import, loaded),
        )


def finish(catalog_import: CatalogImport, status, **fields) -> None:
    """The worker's last word, unless the seller said another before."""
    try:
        catalog_import.advance(status, **fields)
    except ImportConflict:
        # Canceled while the worker was at it: that stands.
        catalog_import.refresh_from_db()


def keep_problems(catalog_import: CatalogImport, problems: list[Problem]) -> None:
    ImportProblem.objects.bulk_create(
        ImportProblem(
            catalog_import=catalog_import,
            row=problem.row,
            handle=problem.handle,
            column=str(problem.column),
            message=str(problem.message),
            is_refusal=problem.is_refusal,
        )
        for problem in problems[:MAX_PROBLEMS]
    )


def preview_of(catalog_import: CatalogImport, loaded: Loaded) -> dict:
    known = set(
        catalog_import.seller.products.exclude(import_handle="").values_list(
            "import_handle", flat=True
        )
    )
    return {
        "cards": [card_of(one, known) for one in loaded.good[:PREVIEWED]],
        "known": sum(one.draft.key in known for one in loaded.good),
        "variants": sum(len(one.rows) for one in loaded.good),
        "pictures": sum(len(one.draft.pictures) for one in loaded.good),
        "without_stock": sum(
            any(row.on_hand is None for row in one.rows) for one in loaded.good
        ),
    }


def card_of(one: Checked, known: set[str]) -> dict:
    prices = sorted(row.price_minor for row in one.rows)
    return {
        "row": one.draft.row,
        "title": one.draft.title,
        "text": plain(one.description)[:120],
        "price": format_minor(prices[0], one.currency),
        "has_several_prices": prices[0] != prices[-1],
        "variants": len(one.rows),
        "options": [option.name for option in one.options],
        "stock": sum(row.on_hand or 0 for row in one.rows),
        "pictures": len(one.draft.pictures),
        "is_known": one.draft.key in known,
    }


def run(catalog_import: CatalogImport) -> list[int]:
    """Import what is left of a claimed import; keys of the pictures to be fetched.

    Each product is a transaction of its own that also moves the place in the file,
    so that a killed worker leaves nothing half done and nothing is done twice.
    """
    try:
        loaded = load(catalog_import)
    except UnreadableFile as error:
        finish(catalog_import, CatalogImport.Status.FAILED, failure_reason=str(error))
        return []
    for one in loaded.good[catalog_import.products_done :]:
        if not import_one(catalog_import, one):
            return []
    finish(catalog_import, CatalogImport.Status.DONE, finished_at=timezone.now())
    waiting = catalog_import.pictures.filter(status=ImportPicture.Status.WAITING)
    return list(waiting.values_list("pk", flat=True))


@transaction.atomic
def import_one(catalog_import: CatalogImport, one: Checked) -> bool:
    """False when the import is somebody else's by now, or canceled."""
    held = CatalogImport.objects.select_for_update(of=["self"]).filter(
        pk=catalog_import.pk,
        status=CatalogImport.Status.IMPORTING,
        lease=catalog_import.lease,
    )
    current = held.select_related("seller").first()
    if current is None:
        return False
    outcome = try_product(current, one)
    setattr(current, outcome, getattr(current, outcome) + 1)
    current.products_done += 1
    current.lease_expires_at = timezone.now() + LEASE
    current.save(update_fields=[outcome, "products_done", "lease_expires_at"])
    return True


def try_product(catalog_import: CatalogImport, one: Checked) -> str:
    """The counter that goes up; a product that clashes is refused, not the file."""
    try:
        with transaction.atomic():
            is_new = save_product(catalog_import, one)
    except CountTooLow as error:
        text = _("%(reserved)s units are set aside for buyers who are paying.")
        one.refuse(one.draft.row, _("Stock"), text % {"reserved": error.reserved})
    except (IntegrityError, DataError):
        one.refuse(one.draft.row, "", _("It clashes with another product of yours."))
    else:
        return "products_created" if is_new else "products_updated"
    keep_problems(catalog_import, one.problems[-1:])
    return "products_refused"
