"""A real NFSv4 server for the tests: nfs-ganesha in the foreground, with an export, a port and a log of its own, on loopback
or on an address of the network namespace (link.py) that start() and stop() are called in.

NFSv4 alone needs neither rpcbind nor a kernel's NFS server. It runs as root (it opens files by handle).
"""

import os
import shutil
import signal
import subprocess
import sys
import time

from servers import free_port

# Attributes are asked of the disk each time: tests change files below the server.
CONFIGURATION = """
NFS_CORE_PARAM {{
  Bind_addr = {address}; Protocols = 4; NFS_Port = {port};
  Enable_NLM = false; Enable_RQUOTA = false;
}}
NFSv4 {{ Graceless = true; Delegations = false; {nfs4} }}
EXPORT_DEFAULTS {{
  Access_Type = RO; Squash = No_Root_Squash; SecType = sys; Protocols = 4; Transports = TCP;
  MaxRead = 1048576; PrefRead = 1048576; Attr_Expiration_Time = 0; {defaults}
}}
EXPORT {{ Export_Id = 77; Path = {path}; Pseudo = {pseudo}; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = EVENT; Facility {{ name = FILE; destination = "{log}"; enable = active; }} }}
"""


class Ganesha:
    """Serves `path` as `pseudo`. `directory` takes its configuration and log. Without `fixed_port` it takes one that is free.
    Ended by stop(), or with `with`."""

    def __init__(self, path, directory, pseudo="/models", defaults="", nfs4="", address="127.0.0.1", fixed_port=None):
        if shutil.which("ganesha.nfsd") is None:
            raise RuntimeError("ganesha.nfsd is not installed: apt-get install nfs-ganesha nfs-ganesha-vfs")
        if os.geteuid() != 0:
            raise RuntimeError("ganesha.nfsd needs root: run the suite with sudo")
        self.path, self.pseudo, self.directory = path, pseudo, directory
        self.defaults, self.nfs4 = defaults, nfs4
        self.address, self.fixed_port = address, fixed_port
        self.log = os.path.join(directory, "ganesha.log")
        self.process = None
        os.makedirs(directory, exist_ok=True)
        for needed in ("/var/run/ganesha", "/var/lib/nfs/ganesha"):
            os.makedirs(needed, exist_ok=True)

    def start(self):
        # Another program may take the port between its finding and its use: then the server ends, and we try again.
        for _ in range(5):
            self.port = self.fixed_port or free_port(self.address)
            if self._start_on(self.port):
                return self
            self.stop()
        raise RuntimeError(f"ganesha.nfsd did not become ready:\n{self.last_lines()}")

    def _start_on(self, port):
        configuration = os.path.join(self.directory, "ganesha.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(address=self.address, port=port, path=self.path, pseudo=self.pseudo, log=self.log,
                                            defaults=self.defaults, nfs4=self.nfs4))
        # Ends with us, however we end.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "ganesha.nfsd", "-F", "-f", configuration,
             "-L", self.log, "-p", os.path.join(self.directory, "pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            # The socket is open before the export is ready: only a listing proves it.
            done = subprocess.run(["nfs-ls", f"nfs://{self.address}{self.pseudo}/?version=4&nfsport={port}"],
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
            if done.returncode == 0:
                return True
            time.sleep(0.03)
        return False

    def last_lines(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-15:])
        except OSError as error:
            return str(error)

    def bytes_read(self):
        """What it has read from its files, and little else."""
        return self._io("rchar")

    def device_bytes_read(self):
        """What of it came from a disk and not from the page cache."""
        return self._io("read_bytes")

    def _io(self, name):
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name + ":"))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process is None:
            return
        # A stopped process takes SIGTERM only once it goes on; nothing of its is worth a tidy end.
        self.process.kill()
        self.process.wait()
        self.process = None

    def hang(self):
        self.signal(signal.SIGSTOP)

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, *_):
        self.stop()


if __name__ == "__main__":
    # ganesha.py PATH DIRECTORY: prints port and pid, serves until its standard input ends, for tests that are no Python.
    with Ganesha(sys.argv[1], sys.argv[2]) as running:
        print(running.port, running.process.pid, flush=True)
        sys.stdin.read()
