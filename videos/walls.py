"""Walls that a child builds around itself before it reads an upload.

It calls the kernel itself: the packages for namespaces and Landlock on the index
are young, and each would be loaded here for three system calls.
"""

import ctypes
import os
import resource
import signal
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
CAPABILITY_VERSION = 0x20080522

# linux/landlock.h; the numbers are the same on all processors.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
EXECUTE, READ, LIST = 1, 1 << 2, 1 << 3
FILE_RIGHTS = 1 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
# How many rights to files each version knows; what later ones can take away besides.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
TCP, ABSTRACT_SOCKETS_AND_SIGNALS = 3, 3

# What a program needs to start; none of it is anybody's secret.
SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/nix/store",
    "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime",
    "/dev/null", "/dev/urandom", "/sys/devices/system/cpu",
)  # fmt: skip

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
    return result


def limit(kind, value):
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, hard))


def cut_network():
    """Only a loopback of its own, which is down; root loses its rights as well.

    In a user namespace without a map nobody has a right, and no process outside
    can be looked into.
    """
    call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
    # In there it has all rights, which exec would take; an inspection is a mere fork.
    call("capset", struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24))


def allow_files(reads, writes):
    """Landlock: nothing but the system, what is read and where is written.

    On newer kernels also no TCP, and no signal to a process outside.
    """
    version = call("syscall", CREATE_RULESET, None, 0, VERSION)
    everything = (1 << RIGHTS.get(version, 16)) - 1
    rules = struct.pack(
        "QQQ",
        everything,
        TCP if version >= 4 else 0,
        ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    ruleset = call("syscall", CREATE_RULESET, rules, len(rules), 0)
    for path in (*SYSTEM, *reads):
        _allow(ruleset, path, EXECUTE | READ | LIST)
    for path in writes:
        _allow(ruleset, path, everything & ~EXECUTE)
    call("syscall", RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset, path, rights):
    if not os.path.exists(path):
        return
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        rights &= FILE_RIGHTS
    rule = struct.pack("=Qi", rights, opened)
    call("syscall", ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
    os.close(opened)


def be_killed_first():
    """Out of memory, the kernel ends this process and not the worker."""
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        return  # a container may hide it


def build_walls(reads, writes):
    """All that the kernel gives; the names of the others.  Linux only."""
    missing = []
    be_killed_first()
    try:
        cut_network()
    except OSError:
        missing.append("network namespace")
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    try:
        allow_files(reads, writes)
    except OSError:
        missing.append("Landlock")
    # After the namespace, which clears it.
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return missing


def paths_first(words):
    """The list that begins with its length, and what follows it."""
    end = 1 + int(words[0])
    return words[1:end], words[end:]


def build(parent, *words):
    """From now on this process is limited; the command, and the walls it does not have.

    The words are MEMORY CPU FILE READS PATH... WRITES PATH... COMMAND..., in bytes and
    seconds; READS and WRITES say how many paths follow.
    """
    memory_bytes, cpu_seconds, file_bytes = map(int, words[:3])
    reads, rest = paths_first(words[3:])
    writes, command = paths_first(rest)
    missing = ["network namespace", "Landlock"]
    if sys.platform == "linux":
        missing = build_walls(reads, writes)
        limit(resource.RLIMIT_AS, memory_bytes)  # macOS refuses it
    # A killed launcher must not leave its ffmpeg running.
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    limit(resource.RLIMIT_CPU, cpu_seconds)
    limit(resource.RLIMIT_FSIZE, file_bytes)
    limit(resource.RLIMIT_CORE, 0)
    return command, missing
