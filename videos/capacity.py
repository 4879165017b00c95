"""Whether this machine has room for one more encoding.

Each ffmpeg may take up to VIDEO_MEMORY_BYTES, its hard limit; the kernel would
rather kill a process than refuse memory.  So one more is begun only where all
that run could grow to their limits.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
from django.conf import settings

from videos.models import Video

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")
# Beside twice the source: for playlists, posters, and what others write meanwhile.
SPARE_DISK_BYTES = 64 * 1024**2


def has_memory(machine: str) -> bool:
    """One may always run, or a small machine would never do any work."""
    running = Video.objects.running().filter(worker__endswith=f"@{machine}").count()
    needed = (running + 1) * settings.VIDEO_MEMORY_BYTES
    return not running or needed <= available_memory()


def available_memory() -> int:
    """Of the machine, or of the control group (container, service) if that is less."""
    return min([psutil.virtual_memory().available, *_left_in_cgroups()])


def _left_in_cgroups() -> Iterator[int]:
    """What each limit above this process leaves; files read count as free."""
    for line in OWN_CGROUPS.read_text().splitlines() if OWN_CGROUPS.exists() else []:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit, usage, cached = CGROUPS, "memory.max", "memory.current", ""
        elif controllers == "memory":
            root, cached = CGROUPS / "memory", "total_"
            limit, usage = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        folder = root / path.lstrip("/")
        # A container may see its own group as the root of all.
        for group in [folder, *folder.parents]:
            if (group / limit).exists() and (most := _number(group / limit)):
                cache = _inactive_file(group, cached)
                yield most - _number(group / usage) + cache
            if group == root:
                break


def _number(file: Path) -> int:
    """0 for "max": no limit."""
    text = file.read_text().strip()
    return int(text) if text.isdigit() else 0


def _inactive_file(group: Path, prefix: str) -> int:
    found = re.search(
        rf"^{prefix}inactive_file (\d+)$", (group / "memory.stat").read_text(), re.M
    )
    return int(found[1]) if found else 0


def has_disk(source_bytes: int) -> bool:
    settings.VIDEO_WORK_ROOT.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.VIDEO_WORK_ROOT).free
    return free >= 2 * source_bytes + SPARE_DISK_BYTES
