"""How often the tests of faults try: a little in CI, in full by `make faults-money`."""

import os

# Of each race and fault.  `make faults-money` sets 20.
RUNS = int(os.environ.get("MONEY_FAULTS", "1"))
IS_FULL = RUNS >= 20


def say(figure: str) -> None:
    """A line for those who asked for figures; see pytest's -s."""
    print(f"\n  {figure}", flush=True)
