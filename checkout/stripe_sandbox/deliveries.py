"""Signed webhooks, tried again with back-off until the site answers 2xx."""

import hashlib
import hmac
import json
import threading
import time

import requests

from checkout.stripe_sandbox import faults, store

# Stripe tries for three days; a developer wants to see the retry before lunch.
BACK_OFF_SECONDS = [1, 2, 4, 8, 15, 30, 60, 60, 120, 120, 300, 300, 600, 600, 1800]
TIMEOUT_SECONDS = 10

wake = threading.Event()
unreachable: set[str] = set()  # addresses already complained about


def enqueue(event: dict) -> None:
    """One delivery to each endpoint that listens; the faults may say otherwise."""
    is_connect = "account" in event
    for endpoint in store.find("webhook_endpoint"):
        wanted = endpoint["enabled_events"]
        if bool(endpoint["is_connect"]) != is_connect:
            continue
        if "*" not in wanted and event["type"] not in wanted:
            continue
        for delay in faults.delays_for_next_event():
            store.run(
                "INSERT INTO deliveries (event, endpoint, due_at) VALUES (?, ?, ?)",
                event["id"],
                endpoint["id"],
                time.time() + delay,
            )


def signature(payload: bytes, secret: str, at: int) -> str:
    signed = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def start() -> None:
    threading.Thread(target=run_for_ever, name="deliveries", daemon=True).start()


def run_for_ever() -> None:
    while True:
        wake.clear()
        if not (faults.is_holding() or deliver_due()):
            wake.wait(seconds_until_next())
        elif faults.is_holding():
            wake.wait(0.2)


def seconds_until_next() -> float:
    row = store.run(
        "SELECT min(due_at) AS due_at FROM deliveries WHERE state = 'waiting'"
    ).fetchone()
    if row["due_at"] is None:
        return 60.0
    return min(60.0, max(0.01, row["due_at"] - time.time()))


def deliver_due() -> int:
    rows = store.run(
        "SELECT * FROM deliveries WHERE state = 'waiting' AND due_at <= ?"
        " ORDER BY due_at, seq",
        time.time(),
    ).fetchall()
    for row in rows:
        settle(row, deliver(row))
    return len(rows)


def deliver(row) -> bool:
    event = store.get("event", row["event"])
    endpoint = store.get("webhook_endpoint", row["endpoint"])
    if endpoint is None:
        return True  # deleted meanwhile: nobody is waiting
    payload = json.dumps(event, indent=2).encode()
    signed = signature(payload, endpoint["signing_secret"], int(time.time()))
    headers = {"Content-Type": "application/json", "Stripe-Signature": signed}
    try:
        answer = requests.post(
            endpoint["url"],
            data=payload,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.ConnectionError:
        complain_once(endpoint["url"])
        return False
    except requests.RequestException as error:
        complain(event, endpoint, type(error).__name__)
        return False
    unreachable.discard(endpoint["url"])
    is_delivered = 200 <= answer.status_code < 300
    if not is_delivered:
        complain(event, endpoint, answer.status_code)
    return is_delivered


def complain(event: dict, endpoint: dict, trouble: object) -> None:
    print(f"{event['type']} to {endpoint['url']}: {trouble}", flush=True)


def complain_once(url: str) -> None:
    """A site that is still starting refuses every event: one line says it all."""
    if url not in unreachable:
        unreachable.add(url)
        print(f"{url} cannot be reached: its events are sent later", flush=True)


def settle(row, is_delivered: bool) -> None:
    tries = row["tries"] + 1
    if is_delivered:
        state, due_at = "delivered", row["due_at"]
    elif tries > len(BACK_OFF_SECONDS):
        state, due_at = "failed", row["due_at"]
    else:
        state, due_at = "waiting", time.time() + BACK_OFF_SECONDS[tries - 1]
    with store.transaction("delivery"):
        store.run(
            "UPDATE deliveries SET state = ?, tries = ?, due_at = ? WHERE seq = ?",
            state,
            tries,
            due_at,
            row["seq"],
        )
        event = store.get("event", row["event"])
        waiting = store.run(
            "SELECT count(*) FROM deliveries WHERE event = ? AND state = 'waiting'",
            row["event"],
        ).fetchone()[0]
        store.save({**event, "pending_webhooks": waiting})
