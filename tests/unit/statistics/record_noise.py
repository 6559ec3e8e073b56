#!/usr/bin/env python3
"""Records what repeated, identical runs really take: the noise that the verdicts are tested on.

    ./record_noise.py SCRATCH_FILE [ROUNDS]      writes noise_{cold,warm,memset}.txt beside this script

Each round times, in this order, one cold read of a 64 MiB file (evicted with POSIX_FADV_DONTNEED right before), one warm
read of it, and one memset of the same 64 MiB, then sleeps 20 ms. The series are in time order, so they hold the machine's
drift and its neighbours as they were. Nothing is left out.
"""

import ctypes
import mmap
import os
import sys
import time

FILE_BYTES = 64 << 20
CHUNK_BYTES = 1 << 20


def device_bytes():
    with open("/proc/self/io", encoding="ascii") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith("read_bytes"))


def read_all(fd, view):
    start = time.perf_counter_ns()
    for offset in range(0, FILE_BYTES, CHUNK_BYTES):
        if os.preadv(fd, [view[offset:offset + CHUNK_BYTES]], offset) != CHUNK_BYTES:
            sys.exit(f"short read at {offset}")
    return time.perf_counter_ns() - start


def record(path, rounds):
    with open(path, "wb") as scratch:
        scratch.write(os.urandom(FILE_BYTES))
        os.fsync(scratch.fileno())
    fd = os.open(path, os.O_RDONLY)
    buffer = mmap.mmap(-1, FILE_BYTES)
    view = memoryview(buffer)
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    ctypes.memset(address, 1, FILE_BYTES)
    series = {"cold": [], "warm": [], "memset": []}
    coldest = FILE_BYTES
    for _ in range(rounds):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        before = device_bytes()
        series["cold"].append(read_all(fd, view))
        coldest = min(coldest, device_bytes() - before)
        series["warm"].append(read_all(fd, view))
        start = time.perf_counter_ns()
        ctypes.memset(address, 2, FILE_BYTES)
        series["memset"].append(time.perf_counter_ns() - start)
        time.sleep(0.02)
    return series, coldest / FILE_BYTES


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    series, coldest = record(sys.argv[1], rounds)
    os.unlink(sys.argv[1])
    what = {
        "cold": f"cold read of a 64 MiB file, 1 MiB preads, evicted before each (at least {coldest:.3f} of it from the device)",
        "warm": "warm read of a 64 MiB file, 1 MiB preads",
        "memset": "memset of 64 MiB of touched memory",
    }
    for name, values in series.items():
        target = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"noise_{name}.txt")
        with open(target, "w", encoding="ascii") as out:
            out.write(f"# ns, in time order: {what[name]}; {rounds} rounds of cold, warm, memset interleaved; "
                      "recorded by record_noise.py on a 2-core virtual machine with a virtio disk\n")
            out.writelines(f"{value}\n" for value in values)


if __name__ == "__main__":
    main()
