"""What the operating system is told about the connections of the events process."""

from __future__ import annotations

import os
import resource
import socket
from contextlib import suppress

#: Files that are open beside the connections.
OTHERS = 128


def allow(count: int) -> int:
    """Let this process and its workers hold so many connections; says how many it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHERS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft - OTHERS


def end_unread(after_s: float) -> None:
    """Have connections ended whose other end takes nothing for so long (Linux).

    The application can only let go of a stream; what the server has in hand for it would stay until the
    other end goes away. New connections inherit this from the socket that they came to.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is None or not os.path.isdir("/proc/self/fd"):
        return
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            with socket.socket(fileno=os.dup(int(name))) as here:
                if here.type == socket.SOCK_STREAM and here.family in (socket.AF_INET, socket.AF_INET6):
                    here.setsockopt(socket.IPPROTO_TCP, option, int(after_s * 1000))
