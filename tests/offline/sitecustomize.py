"""Refuses the network to this process, and through PYTHONPATH to every Python that it starts.

`conftest.py` runs this file and puts its folder on PYTHONPATH; Python imports a module of this name
while it starts. An audit hook sees every way to the socket functions and cannot be removed again.
It does not see native code (`.ci/run` covers that: it runs the demo without a network) nor a Python
started with `-I`, `-E` or `-S`.
"""

import os
import sys
from ipaddress import ip_address

# Audit event -> the argument that says where to: an address, or a host name to look up.
ADDRESS = {"socket.bind": 1, "socket.connect": 1, "socket.sendmsg": 1, "socket.sendto": 1}
HOST = {
    "socket.getaddrinfo": 0,
    "socket.gethostbyaddr": 0,
    "socket.gethostbyname": 0,
    "socket.getnameinfo": 0,
}


def is_loopback(where: object) -> bool:
    """Say whether `where` (a host, or a tuple that starts with one) is this very machine."""
    host = where[0] if isinstance(where, tuple) and where else where
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    try:
        return host == "localhost" or ip_address(str(host)).is_loopback
    except ValueError:
        return False


def refuse_network(event: str, args: tuple[object, ...]) -> None:
    """Raise where a call would leave the machine, or use loopback without the marker.

    RuntimeError, not OSError: code that expects a failing network must not hide the attempt.
    """
    if event in ADDRESS:
        where = args[ADDRESS[event]]
        if where is None or isinstance(where, str | bytes):
            return  # a connected socket, or the path of a Unix socket
    elif event in HOST:
        where = args[HOST[event]]
    else:
        return
    if os.environ.get("NEARSIGHT_TEST_LOOPBACK") == "1" and is_loopback(where):
        return
    raise RuntimeError(f"{event} {where!r}: tests have no network (or mark this one: loopback)")


sys.addaudithook(refuse_network)
