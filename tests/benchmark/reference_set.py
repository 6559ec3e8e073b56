"""What the reference set consists of: its README, what it must not hold, and where it goes."""

import os
import pathlib
import re
import shutil
import socket
import string
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BYTES_MAX = 3_000_000
VALID_RUNS_MIN = 4
SECRET = "a credential"
FILES = {
    "README.md": "this",
    "storage_layout_notes.md": "the note: where the weights should live on this machine, and why",
    "report.html": "the report, in one file",
    "report.png": "a picture of its first part",
    "storage_layout_bench.csv": "a row for each case",
    "bootstrap.sh": "the script that sets a node up as the note says",
    "coldload-bootstrap.service": "the systemd unit that runs it",
    "result.json": "the result document, which all of these are derived from",
    "runs.jsonl": "the runs alone, one a line",
    "probes.jsonl": "the ceilings, one a line",
    "header.json": "the document as it was before the first run",
}


def version_printed_by(command, pattern, name):
    """`name` and what `pattern` finds in what the command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    match = re.search(pattern, done.stdout + done.stderr)
    return f"{name} {match[1]}" if match else name


def disk_of(environment):
    mount = next(mount for mount in environment["mounts"] if mount["backend"] == "disk")
    parts = [mount["type"], mount["device"], mount["device_model"]]
    # What turns below a virtual disk its guest is not told.
    told = {False: "not rotational", True: "rotational"}.get(mount.get("rotational"), "")
    parts += ["virtual" if environment["cpu"]["hypervisor"] else told]
    parts += [f"scheduler {mount['scheduler']}" if mount["scheduler"] else ""]
    parts += [f"read-ahead {mount['read_ahead_bytes'] >> 10} KiB" if "read_ahead_bytes" in mount else ""]
    return ", ".join(part for part in parts if part)


def options_of(facts):
    options = f" --link {facts['link']}" if facts["link"] != "2gbit" else ""
    options += f" --runs {facts['runs']}" if facts["runs"] else ""
    if not facts["made"]:
        return options + " --model DIR"
    return options + (f" --scale {facts['scale']:g}" if facts["scale"] != 0.036 else "")


def shards_of(document):
    count = max(len(run["objects"]) for run in document["runs"] if run["status"] == "ok")
    return f"{count} shards" if count > 1 else "one shard"


def readme(document, facts, run):
    """Every number of it is the document's, or was taken by whoever made the set (`facts`)."""
    environment = document["environment"]
    cpu = environment["cpu"]
    virtual = cpu["hypervisor"]
    template = string.Template((HERE / "reference_readme.md").read_text(encoding="utf-8"))
    return template.substitute(
        date=document["started_at"][:10], options=options_of(facts), minutes=f"{facts['seconds'] / 60:.1f}",
        model_gb=f"{document['scenario']['loaded_bytes'] / 1e9:.2f}", shards=shards_of(document),
        cores=cpu["online"], cpu=cpu["model"] or "unnamed", memory_gb=f"{environment['memory']['total_bytes'] / 1e9:.1f}",
        disk=disk_of(environment), kernel=environment["kernel"], system=environment["os"],
        version=document["program"]["version"],
        virtual="It is a virtual machine: the disk is its host's, which shares it and may cache it." if virtual else
        "It is not a virtual machine, as far as its processor says.",
        nfs_server=version_printed_by(["ganesha.nfsd", "-v"], r"V?(\d+\.[\w.]+)", "nfs-ganesha"),
        s3_server=version_printed_by(["radosgw", "--version"], r"version (\S+)", "Ceph's radosgw"),
        nfs_device=f"{facts['nfs_device_bytes'] / 1e6:.0f} MB" if facts["nfs_device_bytes"] else "nothing",
        link=facts["link"], burst_kib=facts["burst_bytes"] >> 10, goodput=f"{facts['goodput'] / 1e9:.2f}",
        table=facts["printed"].strip(), disk_caveat=", and a virtual disk" if virtual else "",
        host_caveat="The virtual machine's host may have had the bytes in its memory: the second cold read of a file is "
        "often faster than the first ever." if virtual else "A drive's or controller's own cache is not seen.",
        made="are made up (`coldload gen-model`)" if facts["made"] else "are a model of whoever ran it",
        files="\n".join(f"| `{name}` | {what} |" for name, what in FILES.items()
                        if name == "README.md" or (run / name).exists()))


def valid_runs(document, case):
    return sum(1 for run in document["runs"] if run["case"] == case and run["status"] == "ok" and
               run["repetition"] > 0 and run["proof"]["valid"])


def unwanted_words(secrets, paths):
    """What must not stand in the set, each with what it is. A secret is found anywhere, the others as words of their own."""
    def word(text):
        # Not as the end of another path, nor of a pattern: /proc/[0-9]*/root is nobody's home.
        return re.compile(rf"(?<![\w.*\])}}-]){re.escape(text)}(?![\w-])".encode())

    words = [(SECRET, re.compile(re.escape(secret).encode())) for secret in secrets]
    words += [(f"the path {path}", word(path)) for path in [*paths, os.environ.get("HOME", "")] if len(path) > 1]
    host = socket.gethostname()
    # A shorter one is a word of any text, and names nobody.
    return words + ([(f"the host's name {host}", word(host))] if len(host) > 3 and host != "localhost" else [])


def surroundings(content, found):
    """Where in the text it stands, for whoever has to find out why."""
    return f": {content[max(0, found.start() - 60):found.end() + 20].decode(errors='replace')!r}"


def mistakes_of(directory, document, secrets, paths):
    """Why the set in `directory` may not be published: what was not measured, what is too large, what should not be in it."""
    mistakes = []
    for case in document["cases"]:
        count = valid_runs(document, case["id"])
        if case["status"] != "ok" or count < VALID_RUNS_MIN:
            told = f"{case['id']}: {case['status']}, {count} valid runs of at least {VALID_RUNS_MIN} {case['reason']}"
            mistakes.append(told.rstrip())
    total = 0
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        total += len(content)
        for what, pattern in unwanted_words(secrets, paths):
            found = pattern.search(content)
            if found:
                mistakes.append(f"{path.name} holds {what}{'' if what == SECRET else surroundings(content, found)}")
    if total > BYTES_MAX:
        mistakes.append(f"the set has {total} bytes, more than {BYTES_MAX}")
    return mistakes


class Target:
    """Where the set goes: a directory that is absent, empty, or holds an older set. Anything else is refused at once."""

    def __init__(self, path):
        self.path = pathlib.Path(os.path.abspath(path))
        names = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        if names and "result.json" not in names:
            sys.exit(f"reference: {self.path} holds something else than a result set: name another with --out")

    def publish(self, directory):
        """Copied beside it first, so that a full disk leaves the older set as it was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{self.path.name}-", dir=self.path.parent) as beside:
            fresh = pathlib.Path(beside, "new")
            shutil.copytree(directory, fresh)
            self.give_away(fresh)
            if self.path.exists():
                self.path.rename(pathlib.Path(beside, "old"))
            fresh.rename(self.path)

    @staticmethod
    def give_away(directory):
        """Under sudo the set belongs to who called it."""
        if "SUDO_UID" in os.environ:
            for path in [directory, *directory.rglob("*")]:
                os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
