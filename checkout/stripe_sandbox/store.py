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
    body TEXT NOT NULL,
    account TEXT NOT NULL DEFAULT 'acct_sandboxplatform'
);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_payment_intent
    ON objects (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS objects_charge
    ON objects (kind, json_extract(body, '$.charge'));
CREATE INDEX IF NOT EXISTS objects_transfer_group
    ON objects (kind, json_extract(body, '$.transfer_group'));
CREATE INDEX IF NOT EXISTS objects_source_transaction
    ON objects (kind, json_extract(body, '$.source_transaction'));
CREATE INDEX IF NOT EXISTS objects_transfer
    ON objects (kind, json_extract(body, '$.transfer'));
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    made_at REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS funds (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    available INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
);
CREATE TABLE IF NOT EXISTS plans (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    due_at REAL NOT NULL,
    work TEXT NOT NULL,
    object TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS plans_due ON plans (due_at, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    forgery TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries (state, due_at);
CREATE TABLE IF NOT EXISTS knobs (name TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
# Of a file that was made before there were accounts and pending money.
OLDER = """
ALTER TABLE objects ADD COLUMN account TEXT NOT NULL DEFAULT 'acct_sandboxplatform';
ALTER TABLE replies ADD COLUMN made_at REAL NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN forgery TEXT NOT NULL DEFAULT '';
INSERT INTO funds SELECT account, currency, amount, 0 FROM balances;
DROP TABLE balances;
"""
PLATFORM = "acct_sandboxplatform"
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
        tables = _connection.execute("SELECT name FROM sqlite_schema")
        if "balances" in {table["name"] for table in tables}:
            _connection.executescript(OLDER)
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


def add(body: dict, account: str = PLATFORM) -> dict:
    run(
        "INSERT INTO objects (id, kind, body, account) VALUES (?, ?, ?, ?)",
        body["id"],
        body["object"],
        json.dumps(body),
        account,
    )
    return body


def save(body: dict) -> dict:
    run("UPDATE objects SET body = ? WHERE id = ?", json.dumps(body), body["id"])
    return body


def get(kind: str, pk: str, account: str | None = None) -> dict | None:
    row = run("SELECT * FROM objects WHERE kind = ? AND id = ?", kind, pk).fetchone()
    if row is None or account not in (None, row["account"]):
        return None
    return json.loads(row["body"])


def get_any(pk: str) -> dict:
    row = run("SELECT body FROM objects WHERE id = ?", pk).fetchone()
    return json.loads(row["body"]) if row else {}


def find(kind: str, *, account: str | None = None, **fields) -> list[dict]:
    """Every object of that kind with those values, newest first, as Stripe lists."""
    wanted = ["kind = ?"] + ["account = ?"] * (account is not None)
    # Names are ours, never a caller's; only so does SQLite see its indexes.
    wanted += [f"json_extract(body, '$.{name}') = ?" for name in fields]
    values = [kind, *filter(None, [account]), *fields.values()]
    query = f"SELECT body FROM objects WHERE {' AND '.join(wanted)} ORDER BY seq DESC"
    return [json.loads(row["body"]) for row in run(query, *values).fetchall()]


def remove(pk: str) -> None:
    run("DELETE FROM objects WHERE id = ?", pk)


def account_of(pk: str) -> str:
    """Whose object it is."""
    return run("SELECT account FROM objects WHERE id = ?", pk).fetchone()["account"]


def plan(due_at: float, work: str, pk: str) -> None:
    """What the clock does later: see `timetable`."""
    run("INSERT INTO plans (due_at, work, object) VALUES (?, ?, ?)", due_at, work, pk)


def get_knob(name: str) -> dict:
    row = run("SELECT body FROM knobs WHERE name = ?", name).fetchone()
    return json.loads(row["body"]) if row else {}


def set_knob(name: str, body: dict) -> None:
    run("REPLACE INTO knobs VALUES (?, ?)", name, json.dumps(body))
