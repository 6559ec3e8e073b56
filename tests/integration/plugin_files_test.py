"""Plugin files: one built against an earlier SDK, what `list plugins` tells of each, and whom root trusts."""

import hashlib
import json
import os
import platform
import re
import shutil
import unittest

from coldload_cli import BUILD, MISBEHAVING, SOURCE, CliTest, hasty

KEPT = os.path.join(SOURCE, "tests/sdk/kept/coldload_kept.so")
SOMEBODY = 12345


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Kept(CliTest):
    """Loaded as it was built, not built anew: tests/sdk/kept/README.md."""

    def setUp(self):
        super().setUp()
        self.assertEqual(platform.machine(), "x86_64", "the plugin was built for x86-64")

    def test_it_is_described_with_its_options(self):
        text = self.coldload("--plugin", KEPT, "describe", "kept_chunks").out
        self.assertIn("of plugin org.coldload.test.kept 0.1.0 (coldload tests)", text)
        self.assertIn("chunk  bytes, 4 KiB to 256 MiB, default 64 KiB", text)

    def test_its_backend_serves_our_strategies_and_its_strategy_our_backends(self):
        self.small_model()
        text = (f'[model.path]\nkept_bytes = ""\nnull = ""\nlocal = "model"\n[backend.kept_bytes]\nsize = "300001 B"\n'
                f'[backend.null]\nsize = "300001 B"\n[backend.local]\nroot = "{self.dir}"\n[strategy.kept_chunks]\n'
                '[strategy.sequential]\n[strategy.parallel]\n[strategy.io_uring]\n')
        for backend, others in (("kept_bytes", ("sequential", "parallel")), ("null", ()), ("local", ())):
            strategies = json.dumps(["kept_chunks", *others])
            compare = f'[[compare]]\nbackend = "{backend}"\nstrategy = {strategies}\n'
            _, document = self.run_scenario(text + compare + hasty(2), before=("--plugin", KEPT), out=backend)
            self.assertEqual(self.statuses(document), {f"{backend}/{name}/stream/cold": "ok"
                                                       for name in ("kept_chunks", *others)})
            checksums = {entry["checksum"] for entry in document["runs"] if entry.get("checksum")}
            self.assertEqual(len(checksums), 1, document["runs"])
        reads = [entry["evidence"]["reads"] for entry in self.runs_of(document, "local/kept_chunks/stream/cold")]
        self.assertEqual(set(reads), {3 * 16 + 1 + 16 + 1})


class Listed(CliTest):
    def test_each_file_is_told_with_version_vendor_abi_hash_and_owner(self):
        listed = json.loads(self.coldload("list", "plugins", "--json").out)
        self.assertEqual(listed["refused"], [])
        told = {entry["id"]: entry for entry in listed["plugins"]}
        local = told["org.coldload.local"]
        self.assertEqual(local["file"], os.path.join(BUILD, "lib/coldload/plugins/coldload_local.so"))
        self.assertEqual(local["sha256"], sha256(local["file"]))
        self.assertEqual(local["components"], ["backend/local"])
        self.assertEqual(local["mode"], f"{os.stat(local['file']).st_mode & 0o7777:04o}")
        abi = re.search(r"plugin ABI ([0-9.]+)", self.coldload("--version").out)[1]
        self.assertEqual({entry["abi"] for entry in listed["plugins"]}, {abi})
        text = self.coldload("list", "plugins").out
        for entry in listed["plugins"]:
            for words in (entry["id"], entry["version"], entry["vendor"], entry["file"], entry["sha256"], entry["owner"]):
                self.assertIn(words, text)

    def test_a_refused_file_is_told_with_the_reason(self):
        wrong = os.path.join(MISBEHAVING, "coldload_misbehaving_wrong_major.so")
        listed = json.loads(self.coldload("--plugin", wrong, "list", "plugins", "--json").out)
        self.assertEqual([entry["file"] for entry in listed["refused"]], [wrong])
        self.assertIn("built for plugin ABI", listed["refused"][0]["reason"])


class WhomRootTrusts(CliTest):
    def setUp(self):
        super().setUp()
        self.needs_root()
        os.mkdir(self.path("plugins"), 0o755)
        self.plugin = shutil.copy(KEPT, self.path("plugins"))

    def refused(self):
        listed = json.loads(self.coldload("--plugin", self.path("plugins"), "list", "plugins", "--json").out)
        return [entry["reason"] for entry in listed["refused"]]

    def test_a_folder_that_nobody_else_may_write_serves(self):
        self.assertEqual(self.refused(), [])

    def test_a_folder_that_others_may_write_is_refused_by_name_with_the_fix(self):
        os.chmod(self.path("plugins"), 0o777)
        self.assertEqual(self.refused(), [
            f"{self.path('plugins')} may be written by others (mode 0777, root:root): as root, only plugins that nobody "
            f"else can replace are opened; chmod go-w {self.path('plugins')}"])
        os.chmod(self.path("plugins"), 0o755)
        self.assertEqual(self.refused(), [], "the fix mends it")

    def test_a_file_of_another_user_is_refused_by_name_with_the_fix(self):
        os.chown(self.plugin, SOMEBODY, SOMEBODY)
        self.assertEqual(self.refused(), [
            f"{self.plugin} belongs to {SOMEBODY}:{SOMEBODY}: as root, only plugins that nobody else can replace are "
            f"opened; chown root:root {self.plugin}"])
        os.chown(self.plugin, 0, 0)
        self.assertEqual(self.refused(), [], "the fix mends it")

    def test_a_scenario_that_needs_it_says_why_it_is_not_there(self):
        os.chmod(self.plugin, 0o666)
        file = self.scenario('[model]\npath = ""\n[backend.kept_bytes]\n[strategy.sequential]\n')
        finished = self.coldload("--plugin", self.path("plugins"), "check", file, expect=2)
        self.assertIn(f"warning: plugin {self.plugin} is not used: {self.plugin} may be written by others (mode 0666",
                      finished.err)


if __name__ == "__main__":
    unittest.main()
