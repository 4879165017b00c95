"""The desk's lists on a million rows each: queries and milliseconds a page.

python -m bench.desk [--rows 1000000]     in a database of its own, dropped after
"""

import argparse
import os
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.contrib.admin import site  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from checkout.models import (  # noqa: E402
    JournalEntry,
    Order,
    Payment,
    Refund,
    StripeEvent,
    Transfer,
)
from marketplace.accounts.models import Notification, OutgoingMail  # noqa: E402
from marketplace.moderation.admin.base import DeskAdmin  # noqa: E402
from marketplace.moderation.models import ModerationDecision  # noqa: E402
from tests import factories  # noqa: E402

SLOW_MS = 300
RUNS = 3
AT_ONCE = 50_000


def fill(reader):
    """One row of all that grows with the site."""
    order = factories.make_order(status=Order.Status.PAID)
    money = {"amount_minor": order.total_minor, "currency": order.group.currency}
    payment = Payment.objects.create(
        group=order.group, payment_intent_id="pi_1", **money
    )
    Refund.objects.create(payment=payment, order=order, reason="Late", **money)
    Transfer.objects.create(order=order, **money)
    JournalEntry.objects.create(kind=JournalEntry.Kind.PAYMENT, reference="payment:1")
    StripeEvent.objects.create(event_id="evt_1", type="payment_intent.succeeded")
    report = factories.make_report()
    ModerationDecision.objects.create(
        action=ModerationDecision.Action.DISMISS,
        seller=order.seller,
        report=report,
        decided_by=reader,
    )
    Notification.objects.create(user=reader, subject="Your parcel is on its way")
    OutgoingMail.objects.create(recipient=reader.email, subject="Welcome")


def multiply(model, rows):
    """Copies of a model's first row, made by the database; unique values get new ends.

    A row that must be the only one of another row (an order of its group) is given
    to the copies of that other row, which must have been made before.
    """
    fields = [f for f in model._meta.concrete_fields if is_copied(f)]
    unique = unique_fields(model)
    names = ", ".join(f'"{f.column}"' for f in fields)
    values = ", ".join(new_value(f) if f in unique else f'"{f.column}"' for f in fields)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        for start in range(1, rows, AT_ONCE):
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS old,"
                f" generate_series({start}, {min(start + AT_ONCE, rows) - 1}) AS n"
                f" WHERE old.id = (SELECT min(id) FROM {table})"
            )
        cursor.execute(f"ANALYZE {table}")


def is_copied(field):
    return not field.primary_key and not isinstance(field, models.GeneratedField)


def unique_fields(model):
    """Of each unique constraint the field that a copy has to change."""
    fields = {f.name: f for f in model._meta.concrete_fields}
    sets = [[f] for f in fields.values() if f.unique and not f.primary_key]
    for constraint in model._meta.total_unique_constraints:
        sets.append([fields[name] for name in constraint.fields])
    return {min(one, key=lambda field: field.is_relation) for one in sets}


def new_value(field):
    column = f'old."{field.column}"'
    if isinstance(field, models.CharField):
        return f"left(md5(n::text) || md5({column}), {field.max_length or 40})"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    return f"{column} + n"


def measure(client, path):
    times = []
    for _ in range(RUNS):
        with CaptureQueriesContext(connection) as queries:
            began = time.perf_counter()
            answer = client.get(path)
            times.append(1000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    slowest = max(queries, key=lambda query: float(query["time"]))
    return len(queries), min(times), slowest


def pages_of(model_admin, path, rows):
    yield "first page", path
    yield "half way", f"{path}?p={max(1, rows // model_admin.list_per_page // 2)}"
    if model_admin.search_fields:
        yield "search", f"{path}?q=nothing%40example.com"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        report(options.rows)
    finally:
        connection.close()
        runner.teardown_databases(databases)


def report(rows):
    reader = factories.make_user(is_staff=True, is_superuser=True)
    fill(reader)
    listed = {
        model: model_admin
        for model, model_admin in site._registry.items()
        if isinstance(model_admin, DeskAdmin) and model.objects.exists()
    }
    # A group before its order, an order before its transfer.
    last = [Order, Payment, Transfer]
    for model in [*(m for m in listed if m not in last), *last]:
        multiply(model, rows)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(reader)
    print("| list | rows | page | queries | ms |\n|---|---|---|---|---|")
    for model, model_admin in listed.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        count = model.objects.count()
        for title, path in pages_of(model_admin, reverse(name), count):
            queries, took, slowest = measure(client, path)
            print(f"| {model.__name__} | {count} | {title} | {queries} | {took:.0f} |")
            if took > SLOW_MS:
                print(f"    {slowest['time']} s: {slowest['sql'][:400]}")


if __name__ == "__main__":
    main()
