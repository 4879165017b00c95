"""Tests that carry `@pytest.mark.fault("F1", "what must hold")` run MONEY_FAULTS times,
and a line each says how often it held.  Loaded by `make faults-money` alone.
"""

import os
from collections import Counter

RUNS = int(os.environ.get("MONEY_FAULTS", "1"))


def pytest_generate_tests(metafunc):
    if RUNS > 1 and metafunc.definition.get_closest_marker("fault"):
        metafunc.fixturenames.append("nth_run")
        metafunc.parametrize("nth_run", range(RUNS))


def pytest_collection_modifyitems(items):
    for item in items:
        for mark in item.iter_markers("fault"):
            item.user_properties.append(("fault", " ".join(mark.args)))


def pytest_terminal_summary(terminalreporter):
    held, tried = Counter(), Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            for name, claim in report.user_properties:
                if name == "fault" and (report.when == "call" or report.failed):
                    tried[claim] += 1
                    held[claim] += report.passed
    for claim in sorted(tried):
        terminalreporter.write_line(f"  {held[claim]}/{tried[claim]}  {claim}")
