"""coldload plugin check: it finds every plugin that misbehaves by the contract it breaks, and passes ours."""

import os
import subprocess
import sys
import unittest

from coldload_cli import CASE_FAILED, INTERRUPTED, MISBEHAVING, OK, SOURCE, USAGE, alive, until
from conformance_cli import PLUGINS, ConformanceCliTest

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from faulty_s3 import FaultyS3  # noqa: E402
from ganesha import Ganesha  # noqa: E402


class Misbehaving(ConformanceCliTest):
    """Each plugin by the contract it breaks, and by what is said of it."""

    BACKENDS = (
        ("short_reads", "backend.read_edges", "failed", "left the buffer as it was"),
        ("writes_past", "backend.read_edges", "failed", "past the end"),
        ("late_writes", "backend.after_close", "failed", "was written to after"),
        ("ignores_cancel", "backend.cancel", "failed", "100 ms"),
        ("past_end", "backend.past_end", "failed", "reach past the end"),
        ("false_descriptor", "backend.descriptor", "failed", "its descriptor"),
        ("false_promise", "backend.probe", "failed", "promised NO_LOCAL_CACHE"),
        ("false_no_cache", "backend.no_local_cache", "failed", "left"),
        ("goes_on_listing", "backend.list_stops", "failed", "ended the listing"),
        ("silent_errors", "backend.missing", "failed", "does not name"),
        ("leaks", "backend.gives_back", "failed", "threads"),
        ("late_queue", "backend.async_cancel", "failed", "cancel_all()"),
        ("lying_backend", "backend.residency", "failed", "the kernel says"),
        ("lying_backend", "backend.evict", "failed", "still cached"),
        ("lying_backend", "backend.direct", "failed", "in the page cache"),
    )
    STRATEGIES = (
        ("twice", "strategy.every_byte_once", "failed", "bytes"),
        ("misses_a_byte", "strategy.every_byte_once", "failed", "never came"),
        ("short", "strategy.every_byte_once", "failed", "never came"),
        ("throws", "strategy.every_byte_once", "failed", "threw"),
        ("crash", "strategy.every_byte_once", "crashed", "SIGSEGV"),
        ("lie", "strategy.bytes_landed", "failed", "not those of the file"),
        ("lie", "strategy.evidence", "failed", "direct"),
        ("early", "strategy.bytes_landed", "failed", "had not landed"),
        ("ignores_errors", "strategy.read_faults", "failed", "all is well"),
        ("reads_after", "strategy.nothing_after", "failed", "after load()"),
        ("leaks_a_thread", "strategy.nothing_after", "failed", "joined in load()"),
        ("never_asks", "strategy.cancel", "failed", "100 ms"),
        ("keeps_all", "strategy.memory", "failed", "keeps what it reads"),
        ("needs_more", "strategy.requirements_true", "failed", "waits for one more"),
        ("writes_beside", "strategy.buffers", "failed", "beside a buffer"),
    )
    FILES = (
        ("no_symbol", "library.one_symbol", "failed", "does not export"),
        ("exports_all", "library.one_symbol", "failed", "export map"),
        ("throws_at_load", "library.opens", "failed", "thrown while"),
        ("noisy", "library.quiet", "failed", "thread"),
        ("wrong_major", "library.version", "failed", "7."),
        ("bad_default", "library.options", "failed", "threads"),
    )

    def test_backends_are_caught_by_the_contract_they_break(self):
        samples = self.samples()
        for name, contract, ending, words in self.BACKENDS:
            with self.subTest(name=name, contract=contract):
                self.assert_caught(name, contract, ending, words, samples)

    def test_strategies_are_caught_by_the_contract_they_break(self):
        for name, contract, ending, words in self.STRATEGIES:
            with self.subTest(name=name, contract=contract):
                self.assert_caught(name, contract, ending, words)

    def test_files_are_caught_by_the_contract_they_break(self):
        for name, contract, ending, words in self.FILES:
            with self.subTest(name=name, contract=contract):
                self.assert_caught(name, contract, ending, words)

    def test_one_that_hangs_is_ended_and_named(self):
        self.assert_caught("hang", "strategy.buffers", "timed out", "no end after 30 s")


class Mutants(ConformanceCliTest):
    """`local` with one thing wrong in it."""

    def caught(self, name, contract, words):
        self.assert_caught(name, contract, "failed", words, self.samples(), prefix="mutant")

    def test_an_end_that_is_refused_is_caught(self):
        self.caught("end_refused", "backend.read_edges", "past the end")

    def test_a_size_that_is_one_less_is_caught(self):
        self.caught("size_one_less", "backend.open", "list()")

    def test_a_last_byte_that_is_left_out_is_caught(self):
        self.caught("last_byte_left", "backend.read_edges", "left the buffer as it was")

    def test_an_error_that_is_ignored_is_caught(self):
        self.caught("error_ignored", "backend.refused_reads", "all is well")

    def test_a_short_read_that_is_ignored_is_caught(self):
        self.caught("short_ignored", "backend.short_file", "all is well")

    def test_a_direct_tail_that_is_not_aligned_is_caught(self):
        self.caught("tail_unaligned", "backend.direct", "nvalid argument")

    def test_an_eviction_that_does_nothing_is_caught(self):
        self.caught("evicts_nothing", "backend.evict", "still cached")


class Ours(ConformanceCliTest):
    def test_local_breaks_no_contract_and_none_that_it_claims_is_skipped(self):
        found = self.check(os.path.join(PLUGINS, "coldload_local.so"), self.samples(), expect=OK)
        skipped = {contract for contract, (ending, _) in found.items() if ending == "skipped"}
        self.assertEqual(skipped, {"library.init", "backend.upstream_faults", "backend.no_local_cache",
                                   "backend.async_read", "backend.async_cancel", "backend.prepare"})

    def test_a_strategy_breaks_no_contract(self):
        found = self.check(os.path.join(PLUGINS, "coldload_sequential.so"), "chunk=64 KiB", expect=OK)
        self.assertEqual({ending for ending, _ in found.values()}, {"passed", "skipped"})


class Servers(ConformanceCliTest):
    """Backends that need a server beside them."""

    def passed(self, found):
        return {contract for contract, (ending, _) in found.items() if ending == "passed"}

    def test_s3_breaks_no_contract(self):
        self.samples()
        with FaultyS3(self.path("samples")) as server:
            found = self.check(os.path.join(PLUGINS, "coldload_s3.so"), "url=s3://models", f"endpoint={server.endpoint}",
                               "anonymous=true", expect=OK)
        self.assertLessEqual({"backend.list", "backend.read_edges", "backend.concurrent", "backend.cancel",
                              "backend.async_read", "backend.async_cancel"}, self.passed(found))

    def test_nfs_through_libnfs_breaks_no_contract(self):
        self.samples()
        server = Ganesha(self.path("samples"), self.path("server"))
        self.addCleanup(server.stop)
        server.start()
        found = self.check(os.path.join(PLUGINS, "coldload_nfs.so"), f"url=nfs://127.0.0.1{server.pseudo}",
                           f"nfsport={server.port}")
        broken = {contract for contract, (ending, _) in found.items() if ending not in ("passed", "skipped")}
        self.assertEqual(broken, set(), found)
        self.assertLessEqual({"backend.list", "backend.read_edges", "backend.concurrent", "backend.cancel",
                              "backend.async_read", "backend.async_cancel"}, self.passed(found))


class Command(ConformanceCliTest):
    def test_says_what_was_expected_and_what_the_plugin_printed(self):
        file = os.path.join(MISBEHAVING, "coldload_misbehaving_noisy.so")
        finished = self.coldload("plugin", "check", file, "--only", "library", expect=CASE_FAILED)
        self.assertIn("failed     library.quiet", finished.out)
        self.assertIn("expected: opening it starts no thread", finished.out)
        self.assertIn("printed: loaded", finished.out)
        self.assertTrue(finished.out.splitlines()[-1].startswith(f"{len(make_contracts('library'))} contracts: "))

    def test_an_unknown_contract_is_named_with_the_nearest(self):
        file = os.path.join(PLUGINS, "coldload_null.so")
        finished = self.coldload("plugin", "check", file, "--only", "backend.lst", expect=USAGE)
        self.assertIn('did you mean "backend.list"', finished.err)

    def test_options_are_checked_before_anything_runs(self):
        local = os.path.join(PLUGINS, "coldload_local.so")
        for options, said in (([], "root"), (["root"], "NAME=VALUE"), (["rot=/"], '"root"'),
                              (["root=/nowhere/at/all"], "")):
            words = [part for option in options for part in ("--option", option)]
            finished = self.coldload("plugin", "check", local, *words, "--only", "backend.create",
                                     expect=(USAGE, CASE_FAILED))
            self.assertIn(said, finished.err + finished.out)
        finished = self.coldload("plugin", "check", os.path.join(PLUGINS, "coldload_null.so"), "--option", "size=9 XiB",
                                 "--only", "backend.create", expect=USAGE)
        self.assertIn("size", finished.err)

    def test_a_kind_that_the_plugin_has_none_of_is_named(self):
        finished = self.coldload("plugin", "check", os.path.join(PLUGINS, "coldload_null.so"), "--only", "strategy",
                                 expect=USAGE)
        self.assertIn("strategy", finished.err)

    def test_a_file_that_is_no_plugin_is_named(self):
        finished = self.coldload("plugin", "check", self.path("nothing.so"), expect=USAGE)
        self.assertIn("nothing.so", finished.err)

    def test_an_interruption_ends_it_and_leaves_nothing(self):
        os.mkdir(self.path("tmp"))
        process = subprocess.Popen(
            [os.environ["COLDLOAD_BIN"], "plugin", "check", os.path.join(MISBEHAVING, "coldload_misbehaving_hang.so"),
             "--only", "strategy.buffers"], env={**os.environ, "TMPDIR": self.path("tmp")}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.assertTrue(until(lambda: os.listdir(self.path("tmp")), 10))
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        self.assertTrue(until(lambda: len(open(children, encoding="ascii").read().split()) == 1, 10))
        child = open(children, encoding="ascii").read().strip()
        process.terminate()
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        self.assertFalse(child and alive(child))
        self.assertEqual(os.listdir(self.path("tmp")), [])


def make_contracts(kind):
    with open(os.path.join(SOURCE, "cmake/coldload-contracts.txt"), encoding="utf-8") as file:
        return [line.strip() for line in file if line.startswith(kind + ".")]


if __name__ == "__main__":
    unittest.main()
