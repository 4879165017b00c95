"""A catalogue from a file: upload, preview, import, report."""

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers import tasks
from sellers.access import seller_required
from sellers.exporting import HEADER, catalogue_rows
from sellers.forms.imports import StartForm, UploadForm
from sellers.imports import fetching, formats
from sellers.imports.report import csv_response, problem_rows
from sellers.imports.table import ENCODINGS
from sellers.models import CatalogImport, ImportConflict, ImportPicture

SHOWN = 20
PROBLEMS_SHOWN = 200


@seller_required
@require_http_methods(["GET", "POST"])
def imports(request):
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with transaction.atomic():
            catalog_import = CatalogImport.objects.create(
                seller=request.seller,
                created_by=request.user,
                file=file,
                file_name=file.name[:255],
            )
            tasks.read_import.delay_on_commit(catalog_import.pk)
        return redirect(catalog_import)
    context = {
        "form": form,
        "imports": request.seller.imports.all()[:SHOWN],
        "formats": [title for title, _module in formats.FORMATS.values()],
    }
    return render(request, "sellers/imports.html", context)


def context_of(catalog_import):
    problems = catalog_import.problems.all()
    pictures = catalog_import.pictures.all()
    waiting = pictures.filter(status=ImportPicture.Status.WAITING).count()
    total = pictures.count()
    failed = pictures.filter(status=ImportPicture.Status.FAILED)
    return {
        "catalog_import": catalog_import,
        "format_title": formats.title_of(catalog_import.format),
        "problems": problems[:PROBLEMS_SHOWN],
        "refusals": problems.filter(is_refusal=True).count(),
        "changes": problems.filter(is_refusal=False).count(),
        "pictures_total": total,
        "pictures_done": total - waiting,
        "pictures_waiting": waiting,
        "pictures_failed": failed.select_related("product")[:10],
        "pictures_failed_count": failed.count(),
        "encodings": ENCODINGS.items(),
        "start_form": StartForm(instance=catalog_import),
        "is_polling": catalog_import.is_at_work
        or (waiting and catalog_import.status == CatalogImport.Status.DONE),
    }


@seller_required
@require_GET
def catalog_import(request, pk):
    """The page, or for htmx what moves on it."""
    found = get_object_or_404(request.seller.imports, pk=pk)
    name = "_import.html" if request.htmx else "catalog_import.html"
    return render(request, f"sellers/{name}", context_of(found))


@seller_required
@require_POST
def start_import(request, pk):
    found = get_object_or_404(request.seller.imports, pk=pk)
    form = StartForm(request.POST, instance=found)
    if not form.is_valid():
        messages.error(request, _("The number of units is not one."))
        return redirect(found)
    try:
        with transaction.atomic():
            found.advance(
                CatalogImport.Status.IMPORTING,
                default_stock=form.cleaned_data["default_stock"],
            )
            tasks.import_catalog.delay_on_commit(found.pk)
    except ImportConflict:
        messages.info(request, _("This import has been started before."))
    return redirect(found)


@seller_required
@require_POST
def cancel_import(request, pk):
    """What is imported by then stays."""
    found = get_object_or_404(request.seller.imports, pk=pk)
    try:
        found.advance(CatalogImport.Status.CANCELED)
    except ImportConflict:
        messages.info(request, _("There is nothing left to cancel."))
    return redirect(found)


@seller_required
@require_POST
def read_import_again(request, pk):
    """With the encoding that the seller chose."""
    found = get_object_or_404(request.seller.imports, pk=pk)
    encoding = request.POST.get("encoding", "")
    try:
        with transaction.atomic():
            found.advance(
                CatalogImport.Status.READING,
                chosen_encoding=encoding if encoding in ENCODINGS else "",
                failure_reason="",
            )
            tasks.read_import.delay_on_commit(found.pk)
    except ImportConflict:
        messages.info(request, _("This import has been started before."))
    return redirect(found)


@seller_required
@require_POST
def fetch_pictures_again(request, pk):
    found = get_object_or_404(request.seller.imports, pk=pk)
    with transaction.atomic():
        for picture_pk in fetching.try_again(found):
            tasks.fetch_picture.delay_on_commit(picture_pk)
    return redirect(found)


@seller_required
@require_GET
def import_report(request, pk):
    found = get_object_or_404(request.seller.imports, pk=pk)
    return csv_response(problem_rows(found), f"import-{found.pk}-report.csv")


@seller_required
@require_GET
def import_template(request):
    example = ["my-lamp", "My lamp", "<p>A warm light.</p>", "", "", "true"]
    example += ["Colour", "Sand", "", "", "", "", "LAMP-SAND", "1200", "5", "49.90"]
    return csv_response([HEADER, example], "vitrine-products.csv")


@seller_required
@require_GET
def export_products(request):
    rows = catalogue_rows(request.seller, settings.SITE_URL)
    return csv_response(rows, f"{request.seller.slug}-products.csv")
