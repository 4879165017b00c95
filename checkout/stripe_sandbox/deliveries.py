"""Signed webhooks, tried again with back-off until the site answers 2xx."""

import hashlib
import hmac
import json
import threading
import time

import requests

from checkout.stripe_sandbox import clock, faults, store

# Stripe tries for three days; a developer wants to see the retry before lunch.
BACK_OFF_SECONDS = [1, 2, 4, 8, 15, 30, 60, 60, 120, 120, 300, 300, 600, 600, 1800]
TIMEOUT_SECONDS = 10

wake = threading.Event()
unreachable: set[str] = set()  # addresses already complained about


def enqueue(event: dict) -> None:
    """One delivery to each endpoint that listens; the faults may say otherwise."""
    for endpoint in listeners(event):
        for delay, forgery in faults.deliveries_of_next_event():
            add(event, endpoint, delay, forgery)


def add(event: dict, endpoint: dict, delay: float, forgery: str = "") -> None:
    store.run(
        "INSERT INTO deliveries (event, endpoint, due_at, forgery) VALUES (?, ?, ?, ?)",
        event["id"],
        endpoint["id"],
        clock.now() + delay,
        forgery,
    )


def listeners(event: dict) -> list[dict]:
    return [
        endpoint
        for endpoint in store.find("webhook_endpoint")
        if bool(endpoint["is_connect"]) == ("account" in event)
        and {"*", event["type"]} & set(endpoint["enabled_events"])
    ]


def signature(payload: bytes, secret: str, at: int) -> str:
    signed = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"


def start(catch_up) -> None:
    """Also has happen, by `catch_up`, what is due though nobody asks anything."""
    threading.Thread(
        target=run_for_ever, args=[catch_up], name="deliveries", daemon=True
    ).start()


def run_for_ever(catch_up) -> None:
    while True:
        wake.clear()
        catch_up()
        if not (faults.is_holding() or deliver_due()):
            wake.wait(seconds_until_next())
        elif faults.is_holding():
            wake.wait(0.2)


def seconds_until_next() -> float:
    row = store.run(
        "SELECT min(due_at) AS due_at FROM (SELECT due_at FROM plans UNION ALL"
        " SELECT due_at FROM deliveries WHERE state = 'waiting')"
    ).fetchone()
    if row["due_at"] is None:
        return 60.0
    return min(60.0, max(0.01, row["due_at"] - clock.now()))


def deliver_due() -> int:
    rows = store.run(
        "SELECT * FROM deliveries WHERE state = 'waiting' AND due_at <= ?"
        " ORDER BY due_at, seq",
        clock.now(),
    ).fetchall()
    for row in rows:
        if row["forgery"]:
            note(row, f"forged: answered {forge(row)}")
        else:
            settle(row, deliver(row))
    return len(rows)


def deliver(row) -> bool:
    event = store.get("event", row["event"])
    endpoint = store.get("webhook_endpoint", row["endpoint"])
    if endpoint is None:
        return True  # deleted meanwhile: nobody is waiting
    payload = json.dumps(event, indent=2).encode()
    signed = signature(payload, endpoint["signing_secret"], int(time.time()))
    try:
        answer = post(endpoint["url"], payload, signed)
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


def post(url: str, payload: bytes, signed: str) -> requests.Response:
    return requests.post(
        url,
        data=payload,
        headers={"Content-Type": "application/json", "Stripe-Signature": signed},
        timeout=TIMEOUT_SECONDS,
        allow_redirects=False,
    )


def forge(row) -> object:
    """An event that never was, as somebody would send it who lacks the secret."""
    event = store.get("event", row["event"])
    endpoint = store.get("webhook_endpoint", row["endpoint"])
    payload = json.dumps({**event, "id": f"{event['id']}_forged"}).encode()
    now, secret = int(time.time()), endpoint["signing_secret"]
    signed = {
        "secret": signature(payload, "whsec_guessed", now),
        "body": signature(json.dumps(event).encode(), secret, now),
        "age": signature(payload, secret, now - 301),
        "unsigned": "",
    }[row["forgery"]]
    try:
        return post(endpoint["url"], payload, signed).status_code
    except requests.RequestException as error:
        return type(error).__name__


def complain(event: dict, endpoint: dict, trouble: object) -> None:
    print(f"{event['type']} to {endpoint['url']}: {trouble}", flush=True)


def complain_once(url: str) -> None:
    """A site that is still starting refuses every event: one line says it all."""
    if url not in unreachable:
        unreachable.add(url)
        print(f"{url} cannot be reached: its events are sent later", flush=True)


def note(row, state: str) -> None:
    store.run(
        "UPDATE deliveries SET state = ?, tries = 1 WHERE seq = ?", state, row["seq"]
    )


def settle(row, is_delivered: bool) -> None:
    tries = row["tries"] + 1
    if is_delivered:
        state, due_at = "delivered", row["due_at"]
    elif tries > len(BACK_OFF_SECONDS):
        state, due_at = "failed", row["due_at"]
    else:
        state, due_at = "waiting", clock.now() + BACK_OFF_SECONDS[tries - 1]
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
