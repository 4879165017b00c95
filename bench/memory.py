"""What a site that `make run` runs holds in memory: python -m bench.memory

Each process in MB: resident, its share of it (pages that several hold are divided
among them), and its own alone.  What makes videos, and ends with it, is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
MB = 1_000_000
PASSING = ("ffmpeg", "launcher.py")


@dataclass(frozen=True)
class Holding:
    command: str
    resident: float
    share: float
    own: float


def processes() -> set[psutil.Process]:
    """What run.py has started, and the servers with the keepers that run them."""
    found = set()
    for process in psutil.process_iter():
        try:
            folder = Path(process.cwd())
            if folder.parent == VAR:
                found |= {process, process.parent()}
            elif folder == ROOT and "deploy/run.py" in process.cmdline():
                found |= {process, *process.children(recursive=True)}
        except psutil.Error:  # it has ended, or is another user's
            continue
    return found - {None}


def holdings() -> Iterator[Holding]:
    for process in processes():
        try:
            command = " ".join(process.cmdline()).replace(f"{ROOT}/", "").strip()
            memory = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        if not any(word in command for word in PASSING):
            yield Holding(command, memory.rss / MB, memory.pss / MB, memory.uss / MB)


def main():
    found = sorted(holdings(), key=lambda one: one.resident, reverse=True)
    print("resident   share     own  MB")
    for one in found:
        print(f"{one.resident:8.1f} {one.share:7.1f} {one.own:7.1f}  {one.command}")
    resident = sum(one.resident for one in found)
    share = sum(one.share for one in found)
    print(f"{resident:8.1f} {share:7.1f}          {len(found)} processes")


if __name__ == "__main__":
    main()
