"""What all the servers that tests start need."""

import ctypes
import errno
import random
import signal
import socket

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """A test that is killed for its time runs no clean-up; what it started ends all the same."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port(address="127.0.0.1"):
    """Below the ports that the kernel hands out: nobody's outgoing connection takes it before the server does, and two
    servers that start at once hardly meet."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
                return port
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise


def answers(port, address="127.0.0.1"):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False
