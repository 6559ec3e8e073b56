"""`coldload inspect`: what it shows, and headers made to hurt."""

import json
import os
import resource
import unittest

from coldload_cli import INTEGRITY, MIB, USAGE, CliTest, hasty

TENSOR = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}


def shard(header, body=b"\0\0\0\0", length=None):
    """A safetensors file of this header, a dictionary or its bytes; `length` is what it claims to be long."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    claimed = len(text) if length is None else length
    return claimed.to_bytes(8, "little") + text + body


class IncompleteModels(CliTest):
    """What is not all there is neither measured nor copied: exit status 5, with the shard's name."""

    LAST = "model-00002-of-00002.safetensors"

    def setUp(self):
        super().setUp()
        self.model_directory = self.small_model("models/model")

    def refused(self, finished, what):
        self.assertIn('is not whole: ', finished.err + finished.out)
        self.assertIn(what, finished.err + finished.out)

    def check(self, what):
        text = f'[model]\npath = "model"\n[backend.local]\nroot = "{self.path("models")}"\n[strategy.sequential]\n'
        finished, document = self.run_scenario(text + hasty(2), expect=INTEGRITY)
        self.assertEqual(self.statuses(document), {"local/sequential/stream/cold": "failed"})
        self.assertEqual(len(document["runs"]), 1)
        self.assertTrue(document["runs"][0]["reason"].startswith('integrity: model "model" is not whole: '))
        self.refused(finished, what)
        finished = self.coldload("quick", self.model_directory, "--out", self.path("quick"), "--yes", expect=INTEGRITY)
        self.refused(finished, what)
        finished = self.coldload("stage", self.model_directory, self.path("copy"), expect=INTEGRITY)
        self.refused(finished, what)
        self.assertFalse(os.path.exists(self.path("copy")))

    def replace_last(self):
        path = os.path.join(self.model_directory, self.LAST)
        os.unlink(path)
        return path

    def test_without_a_shard_that_the_index_names(self):
        self.replace_last()
        self.check(f"{self.LAST}: named by the index, but missing")

    def test_with_a_link_that_leads_nowhere(self):
        os.symlink("../blobs/gone", self.replace_last())
        self.check(f'"{self.LAST}": link to ../blobs/gone, which does not exist')

    def test_with_a_link_that_leads_nowhere_and_no_index(self):
        os.symlink("../blobs/gone", self.replace_last())
        os.unlink(os.path.join(self.model_directory, "model.safetensors.index.json"))
        self.check(f'"{self.LAST}": link to ../blobs/gone, which does not exist')

    def test_a_small_file_that_is_a_link_to_nothing_keeps_it_from_being_copied(self):
        path = os.path.join(self.model_directory, "config.json")
        os.unlink(path)
        os.symlink("../blobs/gone", path)
        finished = self.coldload("stage", self.model_directory, self.path("copy"), expect=INTEGRITY)
        self.refused(finished, '"config.json": link to ../blobs/gone, which does not exist')
        self.assertFalse(os.path.exists(self.path("copy")))

    def test_with_a_fifo_in_a_shards_place(self):
        os.mkfifo(self.replace_last())
        self.check(f'"{self.LAST}": is no regular file')

    def test_with_a_directory_in_a_shards_place(self):
        os.mkdir(self.replace_last())
        self.check(f'"{self.LAST}": is a directory')

    def test_with_an_index_that_is_none(self):
        self.write("models/model/model.safetensors.index.json", "{}")
        self.check("model.safetensors.index.json: no weight_map")

    def test_as_the_source_of_a_staging_backend(self):
        self.replace_last()
        os.makedirs(self.path("target"))
        text = (f'[model]\npath = "model"\n[backend.source]\nplugin = "local"\nroot = "{self.path("models")}"\n'
                f'[backend.target]\nplugin = "local"\nroot = "{self.path("target")}"\n'
                '[backend.staged]\nsource = "source"\ntarget = "target"\nreserve = "0 B"\n[strategy.sequential]\n'
                '[[compare]]\nbackend = "staged"\ncache = "first-start"\n')
        finished, _ = self.run_scenario(text + hasty(1), expect=INTEGRITY)
        self.refused(finished, f"{self.LAST}: named by the index, but missing")
        self.assertEqual(os.listdir(self.path("target")), [])

    def test_without_a_shard_that_the_others_number_and_no_index(self):
        self.replace_last()
        os.unlink(os.path.join(self.model_directory, "model.safetensors.index.json"))
        self.check(f"{self.LAST}: missing, by the numbers of the others")

    def test_but_one_without_an_index_is_whole(self):
        os.unlink(os.path.join(self.model_directory, "model.safetensors.index.json"))
        text = f'[model]\npath = "model"\n[backend.local]\nroot = "{self.path("models")}"\n[strategy.sequential]\n'
        self.run_scenario(text + hasty(1))
        self.coldload("stage", self.model_directory, self.path("copy"))


class Models(CliTest):
    def test_a_consistent_model_shows_shards_tensors_and_bytes(self):
        text = self.coldload("inspect", self.small_model()).out
        self.assertIn("model-00001-of-00002.safetensors", text)
        self.assertIn("U8", text)
        self.assertTrue(text.endswith("\nconsistent\n"), text)

    def test_a_directory_that_is_not_there_is_a_usage_error(self):
        finished = self.coldload("inspect", self.path("nosuch"), expect=USAGE)
        self.assertIn("nosuch: no such directory", finished.err)

    def test_a_missing_shard_is_named(self):
        model = self.small_model()
        os.unlink(os.path.join(model, "model-00002-of-00002.safetensors"))
        finished = self.coldload("inspect", model, expect=INTEGRITY)
        self.assertIn("model-00002-of-00002.safetensors", finished.out)
        self.assertNotIn("\nconsistent\n", finished.out)

    def test_a_shard_cut_short_is_named(self):
        model = self.small_model()
        path = os.path.join(model, "model-00001-of-00002.safetensors")
        os.truncate(path, os.path.getsize(path) - 1)
        finished = self.coldload("inspect", model, expect=INTEGRITY)
        self.assertIn("model-00001-of-00002.safetensors", finished.out)

    def test_a_hugging_face_cache_entry_is_followed_to_its_snapshot(self):
        self.cache_entry()
        text = self.coldload("inspect", self.path("models--o--n")).out
        self.assertTrue(text.endswith("\nconsistent\n"), text)

    def cache_entry(self):
        model = self.small_model("plain")
        os.makedirs(self.path("models--o--n/blobs"))
        snapshot = self.path("models--o--n/snapshots/abcdef0123")
        os.makedirs(snapshot)
        self.write("models--o--n/refs/main", "abcdef0123")
        for number, name in enumerate(os.listdir(model)):
            os.rename(os.path.join(model, name), self.path(f"models--o--n/blobs/{number:064x}"))
            os.symlink(f"../../blobs/{number:064x}", os.path.join(snapshot, name))
        return snapshot


class HostileHeaders(CliTest):
    def refused(self, content, *said):
        """Refused within a second of the processor and 200 MB, for the reason said."""
        self.write("model/model.safetensors", content)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        finished = self.coldload("inspect", self.path("model"), expect=INTEGRITY, timeout=20)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)
        self.assertLess(after.ru_maxrss * 1024, 200 * MIB)
        everything = finished.out + finished.err
        self.assertIn("model.safetensors", everything)
        for words in said:
            self.assertIn(words, everything)
        # What a stranger's file says is never printed as it is.
        self.assertNotRegex(everything, "[\x00-\x08\x0b-\x1f\x7f]")

    def test_a_length_past_the_end_of_the_file(self):
        self.refused(shard({"t": TENSOR}, length=1000), "1000")
        self.refused(shard({"t": TENSOR}, length=2**64 - 1))
        self.refused(shard({"t": TENSOR}, length=2**63))
        self.refused(b"\x07\x00\x00")
        self.refused(b"")

    def test_a_header_longer_than_the_limit_though_the_file_is_as_long(self):
        path = self.write("model/model.safetensors", (200_000_000).to_bytes(8, "little"))
        os.truncate(path, 300_000_000)
        finished = self.coldload("inspect", self.path("model"), expect=INTEGRITY)
        self.assertIn("200000000", finished.out + finished.err)

    def test_offsets_of_two_to_the_sixtythree(self):
        for offsets in ([0, 2**63], [2**63, 2**63 + 4], [2**64 - 4, 2**64], [0, 2**64 + 4], [-4, 0], [4, 0],
                        [0, 4.0], [0, 1e308]):
            with self.subTest(offsets):
                self.refused(shard({"t": dict(TENSOR, data_offsets=offsets)}))

    def test_shapes_whose_product_overflows(self):
        self.refused(shard({"t": dict(TENSOR, shape=[2**32, 2**32])}))
        self.refused(shard({"t": dict(TENSOR, shape=[2**63, 2, 2])}))
        self.refused(shard({"t": dict(TENSOR, dtype="F64", shape=[2**61 + 1])}))

    def test_tensors_that_overlap(self):
        other = dict(TENSOR, data_offsets=[2, 6])
        self.refused(shard({"first": TENSOR, "second": other}, b"\0" * 6), "second")

    def test_holes_between_tensors_and_after_the_last(self):
        other = dict(TENSOR, data_offsets=[8, 12])
        self.refused(shard({"first": TENSOR, "second": other}, b"\0" * 12), "second")
        self.refused(shard({"first": TENSOR}, b"\0" * 5))

    def test_one_name_twice(self):
        text = json.dumps(TENSOR)
        self.refused(shard(f'{{"t": {text}, "t": {text}}}'.encode()), '"t"')
        self.refused(shard(b'{"t": {"dtype": "U8", "dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}'))

    def test_deep_nesting(self):
        for opening in (b"[", b'{"a":'):
            self.refused(shard(b'{"__metadata__": ' + opening * 1_000_000))
        self.refused(shard(b"[" * 5_000_000))

    def test_a_great_many_small_things(self):
        self.refused(shard(b'{"t": {"dtype": "U8", "shape": [' + b"1," * 5_000_000 + b'4], "data_offsets": [0, 4]}}'))
        self.refused(shard(b'{"__metadata__": {' + b",".join(b'"%d": ""' % n for n in range(500_000)) + b"}}"))
        self.refused(shard(b"{" + b",".join(b'"%d": {}' % n for n in range(500_000)) + b"}"))

    def test_invalid_utf8_and_control_bytes(self):
        self.refused(shard(b'{"\xff\xfe": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}'))
        self.refused(shard(b'{"\x1b[31mred": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}'))
        self.refused(shard('{"\\u001b[31mred": {"dtype": "U9", "shape": [4], "data_offsets": [0, 4]}}'.encode()))

    def test_what_is_no_header_at_all(self):
        for text in (b"", b"{", b"null", b"[]", b'"text"', b"{}trailing", b'{"t": 3}', b'{"t": {}}', b"\0\0\0\0"):
            with self.subTest(text):
                self.refused(shard(text))

    def test_a_run_of_such_a_model_is_no_crash_but_an_answer(self):
        self.write("model/model.safetensors", shard({"t": TENSOR}, length=2**63))
        finished = self.coldload("quick", self.path("model"), "--runs", "1", "--out", self.path("run"),
                                 expect=(USAGE, 3, 4, INTEGRITY))
        self.assertIn("model.safetensors", finished.out + finished.err)


if __name__ == "__main__":
    unittest.main()
