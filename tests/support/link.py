"""Network namespaces of one's own, and links of known speed between two of them. Needs root.

A namespace lives as long as this process holds its descriptor or a process runs in it: it has no name, no entry on the
machine, and is gone with us however we end. Entering is the calling thread's; what is started meanwhile stays inside.
"""

import contextlib
import ctypes
import os
import re
import socket
import subprocess
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
OF_THREAD = "/proc/thread-self/ns/net"
RATE = re.compile(r"(\d+(?:\.\d+)?)(k|m|g)bit")
PREFIXES = {"k": 10**3, "m": 10**6, "g": 10**9}


def bits_per_second(rate):
    """Of a rate as tc writes it, 100mbit or 2gbit."""
    match = RATE.fullmatch(rate)
    if match is None or float(match[1]) == 0:
        raise ValueError(f'"{rate}" is no rate: a number with kbit, mbit or gbit, for example 2gbit')
    return float(match[1]) * PREFIXES[match[2]]


def burst_bytes(rate):
    """256 KiB for each Gbit/s, and not less: with 64 KiB a bucket was seen to give 80 % of its rate."""
    return int(max(1, bits_per_second(rate) / 1e9) * (256 << 10))


def limit(device, rate):
    """A token bucket on what leaves by `device` of the namespace we are in."""
    call("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", rate, "burst", str(burst_bytes(rate)), "latency", "50ms")


def call(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


def send_until_closed(connection):
    block = bytes(1 << 20)
    with connection, contextlib.suppress(OSError):
        while True:
            connection.sendall(block)


def receive_for(connection, buffer, seconds):
    received, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        received += connection.recv_into(buffer)
    return received


def checked(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)} (network namespaces need root)")


class Namespace:
    """With loopback up, and reno: the congestion control that is the default here may be BBR, whose pacing caps fast paths."""

    def __init__(self):
        home = os.open(OF_THREAD, os.O_RDONLY)
        try:
            checked(LIBC.unshare(CLONE_NEWNET), "unshare")
            try:
                self.descriptor = os.open(OF_THREAD, os.O_RDONLY)
            finally:
                checked(LIBC.setns(home, CLONE_NEWNET), "setns")
        finally:
            os.close(home)
        try:
            with self.entered():
                call("ip", "link", "set", "lo", "up")
                with open("/proc/sys/net/ipv4/tcp_congestion_control", "w", encoding="ascii") as file:
                    file.write("reno")
        except BaseException:
            self.close()
            raise

    @property
    def path(self):
        """What ip(8) takes in place of a name."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextlib.contextmanager
    def entered(self):
        home = os.open(OF_THREAD, os.O_RDONLY)
        try:
            checked(LIBC.setns(self.descriptor, CLONE_NEWNET), "setns")
            yield self
        finally:
            checked(LIBC.setns(home, CLONE_NEWNET), "setns")
            os.close(home)

    def close(self):
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pair:
    """Two namespaces, `client` and `server`, that something joins; both gone with close() or at the end of `with`."""

    client_address, server_address = "10.77.0.1", "10.77.0.2"

    def __init__(self):
        with contextlib.ExitStack() as made:
            self.client = made.enter_context(Namespace())
            self.server = made.enter_context(Namespace())
            self._join()
            made.pop_all()

    def _join(self):
        raise NotImplementedError

    def _begin(self, device_of_client, device_of_server):
        for namespace, device, address in ((self.client, device_of_client, self.client_address),
                                           (self.server, device_of_server, self.server_address)):
            with namespace.entered():
                call("ip", "address", "add", f"{address}/24", "dev", device)
                call("ip", "link", "set", device, "up")

    def measured_bits_per_second(self, seconds=2):
        """What one connection brings from server to client, without the headers; the bucket's first burst is let pass."""
        with self.server.entered():
            listener = socket.create_server((self.server_address, 0))
        with listener, self.client.entered(), socket.create_connection(listener.getsockname()) as receiver:
            sender, _ = listener.accept()
            thread = threading.Thread(target=send_until_closed, args=(sender,))
            thread.start()
            try:
                buffer = bytearray(1 << 20)
                receive_for(receiver, buffer, 0.3)
                began = time.monotonic()
                received = receive_for(receiver, buffer, seconds)
                return received * 8 / (time.monotonic() - began)
            finally:
                receiver.shutdown(socket.SHUT_RDWR)
                receiver.close()
                thread.join()

    def close(self):
        self.client.close()
        self.server.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Link(Pair):
    """Joined by virtual Ethernet devices. What the server sends is limited to `rate`, what the client sends is not."""

    def __init__(self, rate):
        self.rate = rate
        super().__init__()

    def _join(self):
        with self.client.entered():
            call("ip", "link", "add", "client", "type", "veth", "peer", "name", "server", "netns", self.server.path)
        self._begin("client", "server")
        with self.server.entered():
            limit("server", self.rate)


class DelayedLink(Pair):
    """Joined by `program`, delayed_link.c compiled: `delay_us` each way, and `mbit_per_second`, if not 0, in each direction."""

    def __init__(self, program, delay_us, mbit_per_second=0):
        self.command = [program, delay_us, mbit_per_second]
        self.process = None
        super().__init__()

    def _join(self):
        program, delay_us, mbit_per_second = self.command
        self.process = subprocess.Popen(
            [program, self.client.path, self.server.path, "delayed", str(delay_us), str(mbit_per_second)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if self.process.stdout.readline() != "up\n":
                raise RuntimeError(self.process.communicate()[1].strip())
            self._begin("delayed", "delayed")
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.communicate()
            self.process = None
        super().close()
