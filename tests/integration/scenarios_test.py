"""Every shipped scenario is free of mistakes, and runs to its table with the paths of a test put in."""

import glob
import os
import shutil
import sys
import unittest

from coldload_cli import MIB, SOURCE, USAGE, CliTest

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from ganesha import Ganesha  # noqa: E402
from radosgw import RadosGateway  # noqa: E402

SCENARIOS = os.path.join(SOURCE, "scenarios")
SHARDS = (5 * MIB + 17, 3 * MIB + 4099, 4096)
# No shared file of whoever runs the tests is looked at.
NO_AWS = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_PROFILE": "",
          "AWS_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "http_proxy": "", "https_proxy": ""}


class Shipped(CliTest):
    def adapted(self, name, changes):
        """The scenario with each of `changes` made; fails where the text to be changed is not there."""
        with open(os.path.join(SCENARIOS, name), encoding="utf-8") as file:
            text = file.read()
        for old, new in changes.items():
            self.assertIn(old, text, f"{name} has changed: adapt this test")
            text = text.replace(old, new)
        return self.write(name, text)

    def run_adapted(self, name, changes, env=None):
        file = self.adapted(name, changes)
        self.coldload("run", file, "--runs", "1", "--out", self.path("run"), env=env or {})
        document = self.document(self.path("run"))
        verified = {entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0 and entry["status"] == "ok"}
        self.assertEqual(len(verified), 1, "every case brought the same bytes")
        return self.statuses(document), document


class Local(Shipped):
    def test_each_is_free_of_mistakes(self):
        names = sorted(glob.glob(os.path.join(SCENARIOS, "*.toml")))
        self.assertGreaterEqual(len(names), 6)
        for name in names:
            with self.subTest(name=name):
                self.assertIn("no mistakes", self.coldload("check", name).out)

    def test_the_readme_names_each(self):
        with open(os.path.join(SCENARIOS, "README.md"), encoding="utf-8") as file:
            text = file.read()
        for name in glob.glob(os.path.join(SCENARIOS, "*.toml")):
            self.assertIn(f"`{os.path.basename(name)}`", text)

    def test_vllms_loaders(self):
        self.small_model("models/qwen2.5-7b", shards=SHARDS)
        statuses, document = self.run_adapted("vllm-loaders.toml", {"/mnt/models": self.path("models")})
        self.assertEqual(set(statuses.values()), {"ok"}, statuses)
        evidence = {entry["case"].split("/")[1]: entry["evidence"] for entry in document["runs"]}
        self.assertEqual(set(evidence), {"lazy", "lazy-in-file-order", "eager", "prefetch", "parallel"})
        self.assertEqual(evidence["prefetch"]["prefetch_threads"], 8)

    def test_a_clients_template(self):
        self.small_model("nvme/qwen2.5-7b", shards=SHARDS)
        shutil.copytree(self.path("nvme/qwen2.5-7b"), self.path("share/llms/qwen/qwen2.5-7b"))
        statuses, _ = self.run_adapted("client-template.toml", {
            "/mnt/nvme/models": self.path("nvme"), "/mnt/share": self.path("share"), 'sample      = "20 GB"': 'sample = "1 TB"'})
        self.assertEqual(set(statuses.values()), {"ok"}, statuses)
        self.assertEqual(len(statuses), 12)
        self.assertEqual(os.listdir(self.path("nvme")), ["qwen2.5-7b"], "the copy went with the last run")


class ObjectStore(Shipped):
    def test_nvme_against_the_network_against_staged(self):
        self.small_model("nvme/qwen2.5-7b", shards=SHARDS)
        gateway = RadosGateway(self.path("gateway"))
        self.addCleanup(gateway.stop)
        gateway.start()
        client = gateway.client()
        self.addCleanup(client.close)
        client.create_bucket(Bucket="models")
        for name in os.listdir(self.path("nvme/qwen2.5-7b")):
            with open(self.path("nvme/qwen2.5-7b", name), "rb") as body:
                client.put_object(Bucket="models", Key=f"qwen2.5-7b/{name}", Body=body)
        statuses, document = self.run_adapted("nvme-vs-network-vs-staged.toml", {
            "/mnt/nvme/models": self.path("nvme"), '# endpoint = "http://127.0.0.1:9000"': f'endpoint = "{gateway.endpoint}"'},
            env={**NO_AWS, "AWS_ACCESS_KEY_ID": gateway.access_key, "AWS_SECRET_ACCESS_KEY": gateway.secret_key})
        skipped = [case for case, status in statuses.items() if status == "skipped"]
        self.assertEqual(skipped, ["lake/mmap/stream/cold"])
        self.assertEqual(set(statuses.values()), {"ok", "skipped"}, statuses)
        kinds = {entry["case"].split("/")[0]: entry["proof"]["kind"] for entry in document["runs"]
                 if entry["status"] == "ok" and entry["case"].endswith("/cold")}
        self.assertEqual(kinds, {"nvme": "residency+bytes", "lake": "no_local_cache", "lake-to-nvme": "residency+bytes"})
        self.assertFalse(any(case["emulated"] for case in document["cases"]))


class NfsServer(Shipped):
    """The kernel of a test need have no NFS client: a plain directory is refused in the mount's place, `local` takes it."""

    def setUp(self):
        super().setUp()
        self.small_model("models/qwen2.5-7b", shards=SHARDS)
        server = Ganesha(self.path("models"), self.path("server"))
        self.addCleanup(server.stop)
        server.start()
        self.libnfs = {'"nfs://storage/models"': f'"nfs://127.0.0.1{server.pseudo}"',
                       'version     = "4"': f'version = "4"\nnfsport = {server.port}'}

    def test_a_directory_in_the_mounts_place_is_refused(self):
        file = self.adapted("nfs-mount-vs-libnfs.toml", {**self.libnfs, "/mnt/models": self.path("models")})
        refused = self.coldload("run", file, "--out", self.path("run"), expect=USAGE)
        self.assertIn(f'path {self.path("models")} is no NFS mount but ', refused.err)
        self.assertFalse(os.path.exists(self.path("run")))

    def test_libnfs_against_local_files(self):
        statuses, _ = self.run_adapted("nfs-mount-vs-libnfs.toml", {
            **self.libnfs, 'plugin = "nfs"\npath   = "/mnt/models"': f'plugin = "local"\nroot = "{self.path("models")}"'})
        self.assertEqual(set(statuses.values()), {"ok"}, statuses)
        self.assertEqual(sum(case.startswith("libnfs/") for case in statuses), 5, statuses)
        self.assertEqual(sum(case.startswith("mount/") for case in statuses), 5, statuses)


if __name__ == "__main__":
    unittest.main()
