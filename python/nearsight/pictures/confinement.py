"""What a process gives up, for good, before it decodes the picture of a stranger.

Files, other processes and programs, the network, core dumps: all of it on Linux on x86-64 and
ARM64, all but programs and the network on other POSIX systems, nothing on Windows. What the system
refuses to take away is left: a crash, an endless loop and too much memory are still the worker's
own, and nobody else's.
"""

import ctypes
import errno
import platform
import struct
import sys

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["confine", "restrict"]

_GIVEN_UP = ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_NPROC")
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2  # prctl(2)
# The system calls that decoding needs: memory, its two pipes, clocks, its own limits, its end.
# By machine: Linux's AUDIT_ARCH, prlimit64 (allowed for this very process only), the others.
_CALLS = {
    "x86_64": (
        0xC000003E,
        302,
        "0 1 3 5 7 8 9 10 11 12 13 14 15 19 20 24 25 28 39 60 97 98 160 186 202 204 228 231 271 "
        "318 334",
    ),
    "aarch64": (
        0xC00000B7,
        261,
        "57 62 63 64 65 66 73 80 93 94 98 113 123 124 134 135 139 163 164 165 172 178 214 215 216 "
        "222 226 233 278 293",
    ),
}
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # classic BPF
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # places in struct seccomp_data


def confine() -> list[str]:
    """Give all of it up; return what really is given up: "files", "programs" or both.

    Whatever Python has to import must be imported before.
    """
    gone = []
    if resource is not None:
        for name in _GIVEN_UP:
            resource.setrlimit(getattr(resource, name), (0, 0))
        gone.append("files")
    if sys.platform == "linux" and _filter_calls():
        gone.append("programs")
    return gone


def restrict(memory: int, seconds: int) -> None:
    """Let this process have so many bytes of data, and so many more seconds of processor time.

    Breaking the first is a MemoryError, or NULL to a C library; breaking the second is the end.
    """
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds + 1
    for name, limit in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, until)):
        _, hard = resource.getrlimit(name)
        resource.setrlimit(name, (limit if hard < 0 else min(limit, hard), hard))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


def _filter_calls() -> bool:
    """Have the kernel refuse every system call that is not listed (seccomp)."""
    if platform.machine() not in _CALLS or sys.maxsize < 1 << 32:
        return False
    architecture, own_limits, calls = _CALLS[platform.machine()]
    steps = _steps(architecture, own_limits, [int(call) for call in calls.split()])
    room = ctypes.create_string_buffer(b"".join(steps))
    program = _Program(len(steps), ctypes.addressof(room))
    prctl = ctypes.CDLL(None).prctl
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def _steps(architecture: int, own_limits: int, calls: list[int]) -> list[bytes]:
    """Write the filter: a list of jumps to its last step, which allows; the one before refuses."""
    count = len(calls)
    steps = [
        _step(_LOAD, 0, 0, _ARCHITECTURE),
        _step(_JUMP_IF_EQUAL, 0, count + 4, architecture),
        _step(_LOAD, 0, 0, _NUMBER),
    ]
    steps += [_step(_JUMP_IF_EQUAL, count - place + 3, 0, call) for place, call in enumerate(calls)]
    return [
        *steps,
        _step(_JUMP_IF_EQUAL, 0, 2, own_limits),
        _step(_LOAD, 0, 0, _FIRST_ARGUMENT),
        _step(_JUMP_IF_EQUAL, 1, 0, 0),
        _step(_RETURN, 0, 0, _REFUSE),
        _step(_RETURN, 0, 0, _ALLOW),
    ]


def _step(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
