"""A port of this machine that counts who comes."""

import socket
from contextlib import contextmanager


@contextmanager
def listener(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as server:
        server.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        server.settimeout(0.2)
        yield server


def is_hit(server):
    """Whether anybody connected or sent something; takes it from the queue."""
    try:
        server.accept() if server.type == socket.SOCK_STREAM else server.recv(100)
    except TimeoutError:
        return False
    return True
