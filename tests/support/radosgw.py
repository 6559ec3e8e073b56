"""A Ceph object gateway of one's own: a real S3 server, whose signatures are checked by other code than ours. It listens on
loopback, or on an address of the network namespace (link.py) that start() and stop() are called in.

One monitor, manager, memory-backed store and gateway, all data in one directory, on free ports, ended by their ids.
"""

import os
import shutil
import signal
import subprocess
import time
import uuid

from servers import answers, die_with_parent, free_port

CONFIGURATION = """[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon_port}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
mon allow pool size one = true
mon pg warn min per osd = 0
mon warn on pool no redundancy = false
run dir = {directory}/run
log file = {directory}/log/$name.log
admin socket = {directory}/run/$name.$pid.asok
ms bind msgr2 = false
[mon.a]
mon data = {directory}/mon
mon data avail crit = 1
mon data avail warn = 2
[mgr.x]
mgr data = {directory}/mgr
[osd.0]
osd data = {directory}/osd
osd objectstore = memstore
memstore device bytes = {store_bytes}
[client.rgw.a]
rgw frontends = beast endpoint={address}:{port}
rgw dns name = s3.localhost
rgw enable usage log = false
rgw data = {directory}/rgw
"""


class RadosGateway:
    """Started by start(), which raises with the tail of a log where it does not come up; always stop() it."""

    access_key, secret_key = "coldloadtestkey", "coldloadtestsecret"

    def __init__(self, directory, address="127.0.0.1", fixed_port=None, store_bytes=4 << 30):
        self.directory, self.address, self.store_bytes = directory, address, store_bytes
        self.port = fixed_port or free_port()
        self.endpoint = f"http://{address}:{self.port}"
        self.config = os.path.join(directory, "ceph.conf")
        self.processes = []

    def start(self):
        """A cluster that has only just begun may turn its own parts away ("wrong fsid", EPERM): then a new one is begun."""
        for tries in range(1, 5):
            try:
                return self.start_once()
            except RuntimeError:
                if tries == 4:
                    raise
                self.stop()
                shutil.rmtree(self.directory, ignore_errors=True)

    def start_once(self):
        for tool in ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool"):
            if shutil.which(tool) is None:
                raise RuntimeError(f"{tool} is missing: apt-get install radosgw ceph-mon ceph-mgr ceph-osd")
        for folder in ("mon", "mgr", "osd", "rgw", "log", "run"):
            os.makedirs(os.path.join(self.directory, folder))
        fsid, mon_port = str(uuid.uuid4()), free_port()
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(fsid=fsid, mon_port=mon_port, address=self.address, port=self.port,
                                            store_bytes=self.store_bytes, directory=self.directory))
        monmap = os.path.join(self.directory, "monmap")
        self.call("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", f"[v1:127.0.0.1:{mon_port}]", monmap)
        self.call("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--setuser", "root")
        self.spawn("ceph-mon", "-i", "a")
        self.wait(lambda: answers(mon_port), 60, "ceph-mon")
        self.spawn("ceph-mgr", "-i", "x")
        store = str(uuid.uuid4())
        self.call("ceph", "osd", "new", store)
        self.call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", store)
        self.spawn("ceph-osd", "-i", "0")
        self.wait(lambda: "1 up" in self.call("ceph", "osd", "stat"), 60, "ceph-osd")
        self.spawn("radosgw", "-n", "client.rgw.a")
        self.wait(lambda: answers(self.port, self.address), 120, "radosgw")
        self.call("radosgw-admin", "-n", "client.rgw.a", "user", "create", "--uid", "cold", "--display-name", "cold",
                  "--access-key", self.access_key, "--secret", self.secret_key)

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def call(self, program, *arguments):
        done = subprocess.run([program, "-c", self.config, *arguments], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def spawn(self, program, *arguments):
        with open(os.path.join(self.directory, "log", program + ".out"), "wb") as log:
            self.processes.append(subprocess.Popen([program, "-f", "-c", self.config, *arguments], stdout=log, stderr=log,
                                                   stdin=subprocess.DEVNULL, preexec_fn=die_with_parent))

    def wait(self, condition, seconds, program):
        end = time.monotonic() + seconds
        while not condition():
            died = self.processes[-1].poll() is not None
            if died or time.monotonic() > end:
                with open(os.path.join(self.directory, "log", program + ".out"), encoding="utf-8", errors="replace") as log:
                    raise RuntimeError(f"{program} {'died' if died else 'is not ready'}: {log.read()[-2000:]}")
            time.sleep(0.1)

    def client(self):
        """botocore's, for what tests put there."""
        import botocore.session
        from botocore.config import Config
        return botocore.session.Session().create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key, config=Config(s3={"addressing_style": "path"}))
