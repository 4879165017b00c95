"""The sandbox's memory: Stripe objects as JSON in one SQLite file."""

import json
import os
import secrets
import sqlite3
import string
import threading
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting'
);
CREATE TABLE IF NOT EXISTS faults (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
FOLDER = Path(os.environ.get("VAR_DIR") or Path.cwd() / "var")
LETTERS = string.ascii_letters + string.digits

# One process, so one lock makes every request a transaction of its own.
lock = threading.RLock()
_connection = None


def connection() -> sqlite3.Connection:
    global _connection
    if _connection is None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        _connection = sqlite3.connect(
            FOLDER / "stripe_sandbox.sqlite3",
            check_same_thread=False,
            isolation_level=None,
        )
        _connection.row_factory = sqlite3.Row
        _connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        _connection.executescript(SCHEMA)
    return _connection


def run(sql: str, *values):
    with lock:
        return connection().execute(sql, values)


@contextmanager
def transaction(name="request"):
    """All or nothing; nests, so that a refusal can be kept without its effects."""
    with lock:
        run(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            run(f"ROLLBACK TO {name}")
            run(f"RELEASE {name}")
            raise
        run(f"RELEASE {name}")


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_" + "".join(secrets.choice(LETTERS) for _ in range(length))


def add(body: dict) -> dict:
    run(
        "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)",
        body["id"],
        body["object"],
        json.dumps(body),
    )
    return body


def save(body: dict) -> dict:
    run("UPDATE objects SET body = ? WHERE id = ?", json.dumps(body), body["id"])
    return body


def get(kind: str, pk: str) -> dict | None:
    row = run("SELECT body FROM objects WHERE kind = ? AND id = ?", kind, pk).fetchone()
    return json.loads(row["body"]) if row else None


def find(kind: str, **fields) -> list[dict]:
    """Every object of that kind with those values, newest first, as Stripe lists."""
    rows = run("SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC", kind)
    found = [json.loads(row["body"]) for row in rows.fetchall()]
    return [o for o in found if all(o.get(k) == v for k, v in fields.items())]


def remove(pk: str) -> None:
    run("DELETE FROM objects WHERE id = ?", pk)


def balance(account: str, currency: str) -> int:
    row = run(
        "SELECT amount FROM balances WHERE account = ? AND currency = ?",
        account,
        currency,
    ).fetchone()
    return row["amount"] if row else 0


def move_money(account: str, currency: str, amount: int) -> None:
    run(
        "INSERT INTO balances VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        account,
        currency,
        amount,
    )


def get_fault(name: str) -> dict:
    row = run("SELECT body FROM faults WHERE name = ?", name).fetchone()
    return json.loads(row["body"]) if row else {}


def set_fault(name: str, body: dict) -> None:
    run("REPLACE INTO faults VALUES (?, ?)", name, json.dumps(body))
