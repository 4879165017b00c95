"""Several people at once: threads with a database connection each."""

from threading import Barrier, Thread

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
    return results
