"""Several people at once: threads with a database connection each."""

import functools
import time
from threading import Barrier, Event, Thread

from django.db import connection


def at_once(*calls):
    """Run the calls in threads that start together; their results or exceptions."""
    barrier = Barrier(len(calls))
    results = [None] * len(calls)

    def run(index, call):
        try:
            barrier.wait(timeout=30)
            results[index] = call()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "they block each other"
    return results


def together_after(monkeypatch, owner, name, parties, seconds=20):
    """Nobody goes on from that function before all have come through it.

    For controls: what only a lock would keep apart then meets for certain.
    """
    original, all_there = getattr(owner, name), Barrier(parties)

    @functools.wraps(original)
    def wait_for_the_others(*args, **kwargs):
        result = original(*args, **kwargs)
        all_there.wait(seconds)
        return result

    monkeypatch.setattr(owner, name, wait_for_the_others)


def together_before(monkeypatch, owner, name, parties, seconds=20):
    """Nobody goes into that function before all have come to it."""
    original, all_there = getattr(owner, name), Barrier(parties)

    @functools.wraps(original)
    def wait_for_the_others(*args, **kwargs):
        all_there.wait(seconds)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, wait_for_the_others)


def without_locks(monkeypatch, *models):
    """For controls: who locks rows of these finds them, and does not wait."""
    for model in models:
        queryset = model._default_manager._queryset_class
        monkeypatch.setattr(queryset, "locked", lambda rows: rows)


def crossed(monkeypatch, owner, name, first, second):
    """`first` comes to that function and stays until `second`, begun then, waits.

    For whatever lock: should `first` go on to want one that `second` has, neither
    would ever go on.  Both results, or exceptions.
    """
    original, is_there = getattr(owner, name), Event()

    @functools.wraps(original)
    def stay(*args, **kwargs):
        if not is_there.is_set():
            is_there.set()
            wait_until_somebody_waits()
        return original(*args, **kwargs)

    def follow():
        assert is_there.wait(20), f"nobody came to {name}"
        return second()

    monkeypatch.setattr(owner, name, stay)
    return at_once(first, follow)


def wait_until_somebody_waits(seconds=20):
    """For a lock of the database, that is."""
    ends = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while time.monotonic() < ends:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")
