"""Stripe's events: kept once, worked off until it is done, and never lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from checkout import gateway, inbox, payments, periodic
from checkout.models import OrderGroup, Payment, StripeEvent
from marketplace.accounts.models import User
from marketplace.celery import app, waiting_messages
from tests.factories import make_staff
from tests.payments.checkouts import make_group, start
from tests.payments.conftest import work_off

pytestmark = pytest.mark.django_db

Status = StripeEvent.Status
ASKING_FAILS = {"kind": "error", "method": "GET", "path": "/v1/pay", "times": 9}


@pytest.fixture
def paid(sandbox):
    """The event of a payment of which the site has not heard yet."""
    intent = sandbox.pay(start(make_group()).payment_intent_id)
    return sandbox.events(intent.id, "payment_intent.succeeded")[0]


def is_paid():
    return OrderGroup.objects.get().status == OrderGroup.Status.PAID


def pass_time(minutes):
    """What is due, and since when, moves into the past."""
    for kept in StripeEvent.objects.exclude(due_at=None):
        kept.due_at -= timedelta(minutes=minutes)
        kept.save(update_fields=["due_at"])


@pytest.fixture
def sent(monkeypatch):
    """The events that the worker was sent a message about."""
    keys = []
    monkeypatch.setattr(inbox.apply_event, "delay", keys.append)
    return keys


def test_an_event_is_kept_as_it_came_before_anything_is_done(post_event, paid):
    assert post_event(paid).status_code == 200

    kept = StripeEvent.objects.get()
    assert kept.payload == paid
    assert (kept.event_id, kept.type) == (paid["id"], "payment_intent.succeeded")
    assert (kept.status, kept.attempts, kept.applied_at) == (Status.RECEIVED, 0, None)
    assert kept.source == StripeEvent.Source.PLATFORM
    assert (kept.api_version, kept.is_of_other_version) == (paid["api_version"], False)
    assert is_paid() is False


def test_it_is_sent_to_a_worker_once_however_often_it_comes(
    post_event, paid, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answers = [post_event(paid).status_code for _ in range(3)]

    assert answers == [200] * 3
    assert sent == [StripeEvent.objects.get().pk]


def test_the_worker_applies_it_by_the_queue_of_money(
    post_event, paid, eager_tasks, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        post_event(paid)

    kept = StripeEvent.objects.get()
    assert (kept.status, kept.attempts, kept.due_at) == (Status.APPLIED, 1, None)
    assert is_paid()
    route = app.amqp.router.route({}, inbox.apply_event.name)
    assert route["queue"].name == "money"


def test_a_message_that_comes_twice_does_nothing_twice(deliver, paid):
    deliver(paid)
    kept = StripeEvent.objects.get()

    inbox.apply_event(kept.pk)

    kept.refresh_from_db()
    assert (kept.status, kept.attempts) == (Status.APPLIED, 1)


def test_without_a_queue_the_event_is_kept_and_the_clock_takes_it(
    post_event, paid, monkeypatch, sent, django_capture_on_commit_callbacks
):
    def refuse(pk):
        raise ConnectionError("no queue")

    with monkeypatch.context() as lost:
        lost.setattr(inbox.apply_event, "delay", refuse)
        with django_capture_on_commit_callbacks(execute=True):
            assert post_event(paid).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        periodic.sweep_events()
    assert sent == []

    pass_time(minutes=1)
    with django_capture_on_commit_callbacks(execute=True):
        periodic.sweep_events()
        periodic.sweep_events()

    assert sent == [StripeEvent.objects.get().pk]


def test_a_worker_that_dies_keeps_the_event_for_two_minutes_at_most(post_event, paid):
    post_event(paid)
    kept = StripeEvent.objects.get()
    assert kept.claim() is True  # and the worker is gone

    work_off()
    assert is_paid() is False

    pass_time(minutes=2)
    work_off()
    kept.refresh_from_db()
    assert is_paid()
    assert (kept.status, kept.attempts) == (Status.APPLIED, 2)


def test_who_comes_back_after_the_lease_says_nothing_about_the_next_attempt(
    deliver, post_event, paid
):
    post_event(paid)
    slow = StripeEvent.objects.get()
    slow.claim()
    pass_time(minutes=2)
    work_off()

    slow.fail("too slow")

    slow.refresh_from_db()
    assert (slow.status, slow.failure_reason) == (Status.APPLIED, "")


def test_while_stripe_fails_the_reason_is_kept_and_it_is_tried_again(
    deliver, paid, sandbox
):
    sandbox.faults(requests=[ASKING_FAILS])
    deliver(paid)
    kept = StripeEvent.objects.get()
    assert (kept.status, kept.attempts) == (Status.FAILED, 1)
    assert kept.failure_reason.endswith("An unknown error occurred.")
    assert timedelta(seconds=50) < kept.due_at - timezone.now() < timedelta(minutes=1)

    sandbox.faults()
    pass_time(minutes=1)
    work_off()

    kept.refresh_from_db()
    assert (kept.status, kept.attempts, kept.failure_reason) == (Status.APPLIED, 2, "")
    assert is_paid()


def test_an_unforeseen_failure_is_shown_too_and_is_not_hushed_up(
    post_event, paid, monkeypatch
):
    def stumble(values):
        raise KeyError("status")

    monkeypatch.setitem(inbox.HANDLERS, paid["type"], stumble)
    post_event(paid)

    with pytest.raises(KeyError):
        work_off()

    kept = StripeEvent.objects.get()
    assert (kept.status, kept.failure_reason) == (Status.FAILED, "KeyError: 'status'")
    assert kept.due_at is not None


def test_after_a_day_of_failing_only_people_try_again():
    waits = []
    kept = StripeEvent(attempts=0)
    while True:
        kept.attempts += 1
        again_at = inbox.next_attempt_at(kept)
        if again_at is None:
            break
        waits.append(again_at - timezone.now())

    assert len(waits) == inbox.MOST_ATTEMPTS - 1
    assert timedelta(hours=20) < sum(waits, timedelta()) < timedelta(hours=32)


def test_what_a_late_event_says_counts_less_than_how_it_stands(sandbox, deliver):
    """The decline is heard while the retry is on its way through the bank."""
    intent_id = start(make_group()).payment_intent_id
    sandbox.decline(intent_id)
    [declined] = sandbox.events(intent_id, "payment_intent.payment_failed")
    sandbox.pay(intent_id)

    deliver(declined)

    assert is_paid()
    assert Payment.objects.get().last_error == ""


def test_of_what_is_settled_stripe_is_not_asked_again(sandbox, deliver, monkeypatch):
    intent = sandbox.pay(start(make_group()).payment_intent_id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")
    payments.settle(OrderGroup.objects.get())
    monkeypatch.setattr(gateway, "read_payment", pytest.fail)

    deliver(event)

    assert StripeEvent.objects.get().status == Status.APPLIED


def test_another_major_version_is_applied_and_flagged(deliver, paid, caplog):
    deliver({**paid, "api_version": "2024-06-20"})

    kept = StripeEvent.objects.get()
    assert (kept.api_version, kept.is_of_other_version) == ("2024-06-20", True)
    assert kept.status == Status.APPLIED
    assert f"event {paid['id']} is of API version 2024-06-20" in caplog.text


@pytest.mark.parametrize(
    ("version", "is_other"),
    [("2026-09-30.endive", False), ("2026-03-25.dahlia", True), ("", True)],
)
def test_a_month_more_or_less_is_the_same_major_version(paid, version, is_other):
    event = gateway.Event.read({**paid, "api_version": version})

    assert event.is_of_other_version is is_other


def test_a_live_event_means_nothing_to_a_test_site(deliver, paid):
    deliver({**paid, "livemode": True})

    kept = StripeEvent.objects.get()
    assert (kept.status, kept.failure_reason) == (
        Status.IGNORED,
        "live and test mode do not mix",
    )
    assert is_paid() is False


def test_an_event_of_a_connected_account_says_whose_it_is(post_event, paid):
    event = {**paid, "account": "acct_1", "type": "account.updated"}

    post_event(event, path="/stripe/webhook/connect", secret="whsec_connect_tests_only")

    kept = StripeEvent.objects.get()
    assert (kept.account, kept.source) == ("acct_1", StripeEvent.Source.CONNECT)


def test_old_events_are_deleted_and_unfinished_ones_kept(deliver, post_event, paid):
    deliver(paid)
    post_event({**paid, "id": "evt_waiting"})
    long_ago = timezone.now() - timedelta(days=91)
    StripeEvent.objects.update(received_at=long_ago)
    deliver({**paid, "id": "evt_new"})
    StripeEvent.objects.filter(event_id="evt_waiting").update(due_at=timezone.now())

    periodic.purge_events()

    left = set(StripeEvent.objects.values_list("event_id", flat=True))
    assert left == {"evt_waiting", "evt_new"}


def open_desk(client, role):
    client.force_login(make_staff(role))


def page_of(kept):
    return reverse("admin:checkout_stripeevent_change", args=[kept.pk])


def replay_url(kept):
    return reverse("admin:checkout_stripeevent_decide", args=[kept.pk, "replay"])


@pytest.fixture
def failed(deliver, paid, sandbox):
    sandbox.faults(requests=[ASKING_FAILS])
    deliver(paid)
    sandbox.faults()
    return StripeEvent.objects.get()


def test_an_operator_reads_why_it_failed_and_replays_it(client, failed):
    open_desk(client, User.Role.OPERATOR)
    page = client.get(page_of(failed)).content.decode()
    assert "An unknown error occurred." in page
    assert "&quot;object&quot;: &quot;event&quot;" in page
    assert 'href="../decide/replay/"' in page

    client.post(replay_url(failed), {"reason": ""})
    work_off()

    failed.refresh_from_db()
    assert (failed.status, failed.attempts) == (Status.APPLIED, 2)
    assert is_paid()
    assert "replayed" in client.get(page_of(failed)).content.decode()


def test_chosen_ones_are_replayed_from_the_list(client, failed):
    open_desk(client, User.Role.OPERATOR)
    chosen = {"action": "replay_chosen", "_selected_action": [failed.pk]}

    client.post(reverse("admin:checkout_stripeevent_changelist"), chosen)
    work_off()

    assert is_paid()


def test_the_few_that_failed_are_found_among_many_by_an_index():
    StripeEvent.objects.bulk_create(
        StripeEvent(event_id=f"evt_{n}", type="charge.succeeded", status=Status.APPLIED)
        for n in range(3000)
    )
    StripeEvent.objects.create(event_id="evt_failed", status=Status.FAILED)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE checkout_stripeevent")

    failed = StripeEvent.objects.filter(status="failed").order_by("-pk")[:50]

    assert "stripe_events_failed" in failed.explain()
    assert failed.get().event_id == "evt_failed"


def test_a_moderator_replays_nothing(client, failed):
    open_desk(client, User.Role.MODERATOR)

    assert client.get(page_of(failed)).status_code == 403
    assert client.post(replay_url(failed), {"reason": ""}).status_code == 403
    failed.refresh_from_db()
    assert failed.status == Status.FAILED


def test_what_was_applied_before_there_was_an_inbox_cannot_be_replayed(client):
    open_desk(client, User.Role.OPERATOR)
    old = StripeEvent.objects.create(
        event_id="evt_old", type="payment_intent.succeeded", status=Status.APPLIED
    )

    waiting = waiting_messages("money")

    assert "../decide/replay/" not in client.get(page_of(old)).content.decode()
    assert inbox.replay(old) is False
    assert waiting_messages("money") == waiting
