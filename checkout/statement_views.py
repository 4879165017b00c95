"""The seller centre's monthly statements."""

from datetime import date

from django.core.paginator import Paginator
from django.http import FileResponse, Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from checkout import statement_files, statements
from sellers.access import seller_required
from sellers.imports.report import csv_response

PAGE_SIZE = 100


@seller_required
@never_cache
@require_GET
def seller_statements(request):
    months = statements.months_of(request.seller)
    return render(request, "checkout/statements.html", {"months": months})


def own_statement(request, year, month, currency):
    """Of the seller's own books; a month to come is a 404."""
    try:
        first = date(year, month, 1)
    except ValueError as error:
        raise Http404 from error
    if first > timezone.localdate():
        raise Http404
    accounts = request.seller.ledger_accounts.filter(currency=currency)
    if not accounts.exists():
        raise Http404
    return statements.statement(request.seller, first, currency)


@seller_required
@never_cache
@require_GET
def seller_statement(request, year, month, currency):
    statement = own_statement(request, year, month, currency)
    page = Paginator(statement.lines[::-1], PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "checkout/statement.html",
        {
            "statement": statement,
            "page": page,
            "summary": statement_files.summary(statement),
        },
    )


@seller_required
@never_cache
@require_GET
def seller_statement_csv(request, year, month, currency):
    statement = own_statement(request, year, month, currency)
    rows = statement_files.csv_rows(statement)
    return csv_response(rows, f"{statement.number}.csv")


@seller_required
@never_cache
@require_GET
def seller_statement_pdf(request, year, month, currency):
    statement = own_statement(request, year, month, currency)
    return FileResponse(
        statement_files.draw(statement), filename=f"{statement.number}.pdf"
    )
