import hashlib
import hmac
import json
import unicodedata

import pytest
from django.urls import reverse

from checkout import fulfillment
from checkout.models import Fulfillment, Order
from checkout.tracking import BadTrackingEvent, read_updates
from tests.factories import make_order

SECRET = "sécret"


def sign(body, secret=SECRET):
    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def tracker_event(**detail):
    detail = {
        "status": "delivered",
        "message": "Delivered, front door",
        "datetime": "2026-11-20T10:00:00Z",
    } | detail
    tracker = {
        "id": "trk_1",
        "object": "Tracker",
        "tracking_code": "EZ1000000001",
        "tracking_details": [detail],
    }
    return json.dumps({"description": "tracker.updated", "result": tracker}).encode()


def test_a_signed_event_lists_its_steps():
    body = tracker_event()

    [update] = read_updates(body, sign(body), SECRET)

    assert update.tracking_number == "EZ1000000001"
    assert update.status == "delivered"
    assert update.happened_at.isoformat() == "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize("signature", ["", "hmac-sha256-hex=00", "é"])
def test_an_unsigned_event_is_refused(signature):
    with pytest.raises(BadTrackingEvent, match="signature"):
        read_updates(tracker_event(), signature, SECRET)


def test_a_changed_body_is_refused():
    signature = sign(tracker_event())

    with pytest.raises(BadTrackingEvent):
        read_updates(tracker_event(status="returned"), signature, SECRET)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"result": null}', tracker_event(datetime="soon")]
)
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(BadTrackingEvent, match="unreadable"):
        read_updates(body, sign(body), SECRET)


def test_an_event_about_something_else_lists_nothing():
    body = json.dumps({"result": {"object": "Batch"}}).encode()

    assert read_updates(body, sign(body), SECRET) == []


def post_event(client, body, signature):
    return client.post(
        reverse("checkout:carrier_webhook"),
        body,
        content_type="application/json",
        headers={"X-Hmac-Signature": signature},
    )


@pytest.mark.django_db
def test_a_carriers_report_delivers_the_parcel(client, settings):
    settings.TRACKING_WEBHOOK_SECRET = SECRET
    order = make_order(status=Order.Status.PAID)
    parcel = fulfillment.ship(
        order,
        {order.lines.get().pk: 1},
        "key",
        carrier="USPS",
        tracking_number="EZ1000000001",
    )
    body = tracker_event()

    assert post_event(client, body, "").status_code == 400
    parcel.refresh_from_db()
    assert parcel.delivered_at is None

    assert post_event(client, body, sign(body)).status_code == 200
    parcel.refresh_from_db()
    assert parcel.status == Fulfillment.Status.DELIVERED


@pytest.mark.django_db
def test_without_a_secret_carriers_are_not_heard(client, settings):
    settings.TRACKING_WEBHOOK_SECRET = ""
    body = tracker_event()

    assert post_event(client, body, sign(body, "")).status_code == 503
