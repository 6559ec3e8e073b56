"""Backend nfs against a real server on loopback, and a mount that is none."""

import json
import os
import shutil
import sys
import threading
import unittest

from coldload_cli import CASE_FAILED, ENVIRONMENT, MIB, SOURCE, CliTest, hasty, metric, until

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from ganesha import Ganesha  # noqa: E402
from servers import free_port  # noqa: E402
from sshfs import Sshfs  # noqa: E402

RUN = hasty(2, "quiet = false")


class NfsCliTest(CliTest):
    def serve(self, **more):
        """Exports this test's directory; ended with the test, whatever becomes of it."""
        server = Ganesha(self.dir, self.path("server"), **more)
        self.addCleanup(server.stop)
        return server.start()

    def remote(self, server, **options):
        given = {"url": f'"nfs://127.0.0.1{server.pseudo}"', "nfsport": server.port, **options}
        return '[backend.remote]\nplugin = "nfs"\n' + "".join(f"{key} = {value}\n" for key, value in given.items())


class Loading(NfsCliTest, CliTest):
    def test_every_strategy_that_needs_no_descriptor_loads_what_local_loads(self):
        self.small_model(shards=(9 * MIB + 17, MIB + 4099, 5))
        server = self.serve()
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n' + self.remote(server) +
                "[strategy.sequential]\n[strategy.parallel]\nthreads = 3\nin_flight = [1, 4]\nchunk = \"2 MiB\"\n"
                "[strategy.mmap]\n[strategy.io_uring]\n" + RUN)
        _, document = self.run_scenario(text)
        statuses = self.statuses(document)
        sums = {entry["checksum"] for entry in document["runs"] if entry.get("checksum")}
        self.assertEqual(len(sums), 1)
        for strategy in ("sequential", "parallel,in_flight=1", "parallel,in_flight=4"):
            case = f"remote/{strategy}/stream/cold"
            self.assertEqual(statuses[case], "ok")
            for entry in self.runs_of(document, case):
                self.assertEqual(entry["status"], "ok")
                self.assertEqual(entry["proof"]["kind"], "no_local_cache")
                self.assertTrue(entry["proof"]["valid"])
                self.assertEqual(entry["evidence"]["server"], "127.0.0.1")
                self.assertEqual(entry["evidence"]["export"], "/models")
                self.assertEqual(entry["evidence"]["version"], 4)
                self.assertLessEqual(1, entry["evidence"]["connections"])
                self.assertGreaterEqual(metric(entry, "nfs/wire_bytes"), entry["bytes"]["model"])
                self.assertGreaterEqual(metric(entry, "nfs/requests"), 9 + 1 + 2 + 1)
                self.assertGreater(metric(entry, "nfs/connect_ns"), 0)
            # Repetition 0 hashes, and agrees with what local found: one checksum above.
            self.assertTrue(self.runs_of(document, case)[0]["checksum"])
        told = [fact["fact"] for fact in json.loads(self.coldload("doctor", self.scenario(text), "--json").out)
                if fact["subject"] == "backend remote"]
        self.assertTrue([fact for fact in told if fact.startswith("export: nfs://127.0.0.1") and " connected and mounted in " in fact], told)
        self.assertTrue([fact for fact in told if fact.startswith("asks as: uid ")], told)
        reasons = {case["id"]: case["reason"] for case in document["cases"] if case["status"] == "skipped"}
        self.assertIn("FD, MAP", reasons["remote/mmap/stream/cold"])
        self.assertIn("FD", reasons["remote/io_uring/stream/cold"])

    def test_links_small_requests_and_a_single_connection(self):
        self.small_model(name="blobs", shards=(3 * MIB + 1,))
        shutil.copytree(self.path("blobs"), self.path("snapshot"))
        shard = "model-00001-of-00001.safetensors"
        os.remove(self.path("snapshot", shard))
        os.symlink("../blobs/" + shard, self.path("snapshot", shard))
        server = self.serve()
        text = (f'[model]\npath = "snapshot"\n[backend.local]\nroot = "{self.dir}"\n' +
                self.remote(server, connections=1, in_flight=7, read_size='"20 KiB"') +
                "[strategy.parallel]\nthreads = 4\nchunk = \"1 MiB\"\n" + RUN)
        _, document = self.run_scenario(text)
        for entry in self.runs_of(document, "remote/parallel/stream/cold"):
            self.assertEqual(entry["status"], "ok", entry["reason"])
            self.assertEqual(entry["evidence"]["connections"], 1)
            self.assertGreater(metric(entry, "nfs/requests"), 3 * 1024 / 20)


class Failures(NfsCliTest, CliTest):
    """The server ends or hangs in the middle of a run."""

    def interrupted(self, hurt, in_flight):
        self.small_model(shards=(64 * MIB,))
        server = self.serve()
        text = ('[model]\npath = "model"\n' + self.remote(server, timeout='"2 s"') +
                f"[strategy.parallel]\nthreads = 2\nin_flight = {in_flight}\nchunk = \"1 MiB\"\n" +
                # 64 MiB in 6 s: slow enough to be hurt within the load.
                hasty(1, 'quiet = false\nmax_bandwidth = "10 MB/s"'))
        before = server.bytes_read()

        def hurt_it():
            if until(lambda: server.bytes_read() - before > 16 * MIB, 40):
                hurt(server)

        thread = threading.Thread(target=hurt_it)
        thread.start()
        self.addCleanup(thread.join)
        finished, document = self.run_scenario(text, expect=CASE_FAILED, timeout=60)
        runs = self.runs_of(document, "remote/parallel/stream/cold")
        self.assertEqual(len(runs), 1, finished)
        self.assertIn(runs[0]["status"], ("failed", "timed_out"))
        self.assertEqual(self.statuses(document)["remote/parallel/stream/cold"], "failed")
        self.assertIn("runs: 0 valid", finished.out + finished.err)
        self.assertIn("nfs://127.0.0.1/models (version 4): ", runs[0]["reason"])
        self.assertGreater(runs[0]["bytes"]["delivered"], 0)
        return runs[0], finished

    def killed(self, in_flight):
        run, finished = self.interrupted(lambda server: server.process.kill(), in_flight)
        self.assertIn("the connection broke", run["reason"])
        self.assertLess(finished.seconds, 15)

    def hung(self, in_flight):
        run, finished = self.interrupted(lambda server: server.hang(), in_flight)
        self.assertIn("no answer for 2.0 s", run["reason"])
        self.assertLess(finished.seconds, 15)

    def test_a_killed_server_is_one_failed_record(self):
        self.killed(1)

    def test_a_killed_server_is_one_failed_record_with_reads_in_flight(self):
        self.killed(4)

    def test_a_hanging_server_ends_at_the_timeout(self):
        self.hung(1)

    def test_a_hanging_server_ends_at_the_timeout_with_reads_in_flight(self):
        self.hung(4)


class Refusals(NfsCliTest, CliTest):
    def refused(self, backend, expect=(CASE_FAILED, ENVIRONMENT, 2)):
        self.small_model()
        file = self.scenario('[model]\npath = "model"\n' + backend + "[strategy.sequential]\n" + RUN)
        finished = self.coldload("run", file, "--out", self.path("out"), expect=expect, timeout=60)
        return finished.out + finished.err

    def test_a_path_on_a_local_disk_is_told_what_it_is_and_what_to_use(self):
        told = self.refused(f'[backend.remote]\nplugin = "nfs"\npath = "{self.dir}"\n')
        self.assertIn("is no NFS mount but ", told)
        self.assertIn('plugin = "local"', told)

    def test_neither_path_nor_url_and_both_are_refused(self):
        self.assertIn("neither path nor url is given", self.refused('[backend.remote]\nplugin = "nfs"\n'))
        self.assertIn("path and url are both given", self.refused(
            f'[backend.remote]\nplugin = "nfs"\npath = "{self.dir}"\nurl = "nfs://a/b"\n'))

    def test_an_export_that_is_not_there_is_named_with_what_to_try(self):
        server = self.serve()
        told = self.refused(self.remote(server, url='"nfs://127.0.0.1/nothing"'))
        self.assertIn("nfs://127.0.0.1/nothing (version 4): mounting: ", told)
        self.assertIn("pseudo path", told)

    def test_nobody_at_the_port_is_named_with_what_to_try(self):
        told = self.refused(f'[backend.remote]\nplugin = "nfs"\nurl = "nfs://127.0.0.1/models"\nnfsport = {free_port()}\n')
        self.assertIn("nfs://127.0.0.1/models (version 4): ", told)
        self.assertIn("nfsport", told)


class FuseMount(NfsCliTest, CliTest):
    """A mounted network path that is no NFS: through `local`, where every strategy runs and nothing is proved cold."""

    def test_every_strategy_loads_what_local_loads_and_the_proof_says_unprovable(self):
        self.needs_root()
        self.small_model(shards=(9 * MIB + 17, MIB + 4099, 5))
        mount = Sshfs(self.dir, self.path("mount"), self.path("sftp.log"))
        self.addCleanup(mount.stop)
        mount.start()
        strategies = ("sequential", "parallel", "mmap", "io_uring", "direct")
        text = (f'[model]\npath = "model"\n[backend.local]\nroot = "{self.dir}"\n'
                f'[backend.sshfs]\nplugin = "local"\nroot = "{self.path("mount")}"\n'
                "[strategy.sequential]\n[strategy.parallel]\n[strategy.mmap]\n[strategy.io_uring]\n"
                '[strategy.direct]\nplugin = "sequential"\ndirect = true\n' + hasty(1, "quiet = false"))
        _, document = self.run_scenario(text)
        sums = {entry["checksum"] for entry in document["runs"] if entry.get("checksum")}
        self.assertEqual(len(sums), 1)
        for strategy in strategies:
            with self.subTest(strategy):
                runs = self.runs_of(document, f"sshfs/{strategy}/stream/cold")
                self.assertTrue(runs[0]["checksum"])
                for entry in runs:
                    self.assertEqual(entry["status"], "ok", entry["reason"])
                    self.assertEqual(entry["proof"]["kind"], "unprovable")
                    self.assertIn("FUSE", entry["proof"]["reason"])
                    # What can be told of it: none of it lay in this machine's page cache.
                    self.assertEqual(entry["proof"]["resident_before"], 0)


if __name__ == "__main__":
    unittest.main()
