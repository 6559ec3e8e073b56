"""A directory mounted over the network through FUSE: sshfs straight onto an sftp-server, without ssh and keys. Needs root.

With a link (link.py) the server is in its server namespace and sshfs in its client namespace; the mount itself is seen
everywhere. The server's log holds every request.
"""

import contextlib
import os
import re
import shutil
import subprocess
import time

from servers import die_with_parent

SERVER = "/usr/lib/openssh/sftp-server"
READ = re.compile(rb"request \d+: read .* off \d+ len (\d+)")


class Sshfs:
    """Mounts `directory` read-only at `mountpoint`, which is made. Ended by stop(), or with `with`."""

    def __init__(self, directory, mountpoint, log, pair=None, options=()):
        for program in ("sshfs", "socat", "fusermount3"):
            if shutil.which(program) is None:
                raise RuntimeError(f"{program} is not installed: apt-get install sshfs openssh-sftp-server socat")
        self.directory, self.mountpoint, self.log, self.options = directory, mountpoint, log, options
        self.address = pair.server_address if pair else "127.0.0.1"
        self.in_server = pair.server.entered if pair else contextlib.nullcontext
        self.in_client = pair.client.entered if pair else contextlib.nullcontext
        self.server = self.client = None

    def start(self):
        os.makedirs(self.mountpoint, exist_ok=True)
        try:
            self._mount(self._serve())
        except BaseException:
            self.stop()
            raise
        return self

    def _serve(self):
        """socat takes the one connection there will be; which port it listens on it says in its log."""
        with self.in_server(), open(self.log, "wb") as log:
            self.server = subprocess.Popen(
                ["socat", "-dd", f"TCP-LISTEN:0,bind={self.address},nodelay", f"EXEC:{SERVER} -e -l DEBUG1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, preexec_fn=die_with_parent)
        end = time.monotonic() + 10
        while time.monotonic() < end and self.server.poll() is None:
            match = re.search(rb"listening on AF=2 [\d.]+:(\d+)", self._logged())
            if match:
                return int(match[1])
            time.sleep(0.02)
        raise RuntimeError(f"socat does not listen: {self._logged()[-500:].decode(errors='replace')}")

    def _mount(self, port):
        with self.in_client():
            self.client = subprocess.Popen(
                ["sshfs", "-f", "-o", ",".join([f"directport={port}", "ro", *self.options]),
                 f"{self.address}:{self.directory}", self.mountpoint],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        end = time.monotonic() + 30
        while time.monotonic() < end and self.client.poll() is None:
            if self._mounted():
                return
            time.sleep(0.02)
        self.client.kill()
        raise RuntimeError(f"sshfs did not mount {self.mountpoint}: {self.client.stderr.read().decode(errors='replace').strip()}")

    def _mounted(self):
        """Not asked of the mount itself, which never answers where its server is gone."""
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            return any(line.split()[1] == self.mountpoint for line in mounts)

    def _logged(self, offset=0):
        with open(self.log, "rb") as file:
            file.seek(offset)
            return file.read()

    def mark(self):
        """Where the log ends now, for reads()."""
        return os.path.getsize(self.log)

    def reads(self, mark=0):
        """The lengths of the reads that were asked for since then."""
        return [int(length) for length in READ.findall(self._logged(mark))]

    def stop(self):
        if self._mounted():
            subprocess.run(["fusermount3", "-uz", self.mountpoint], check=True)
        for process in (self.client, self.server):
            if process is not None:
                process.kill()
                process.wait()
        if self.client is not None:
            self.client.stderr.close()
        self.client = self.server = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
