"""Destination `cuda` through the real binary, on a fake driver library: what a run leaves, what is skipped, what fails.

The fake keeps device memory in ordinary memory and is told by FAKE_CUDA_… what to do wrong."""

import csv
import os
import unittest

from coldload_cli import BUILD, CASE_FAILED, ENVIRONMENT, INTEGRITY, MIB, OK, SOURCE, USAGE, CliTest, hasty, metric, run

FAKE = os.path.join(BUILD, "lib/coldload/fakes/libfake_cuda.so")
FAKE_CUFILE = os.path.join(BUILD, "lib/coldload/fakes/libfake_cufile.so")
MODEL_BYTES = 3 * MIB + 17 + MIB + 4099


class Gpu(CliTest):
    def text(self, compare="", destination="", run_section=None, strategies="[strategy.parallel]\nchunk = \"256 KiB\"\n"):
        return (f'[model]\npath = "model"\n[backend.disk]\nplugin = "local"\nroot = "{self.dir}"\n{strategies}'
                f'[destination.gpu]\nplugin = "cuda"\nlibrary = "{FAKE}"\n{destination}'
                f'[[compare]]\ndestination = ["stream", "gpu"]\ncache = "as-is"\n{compare}'
                + (hasty(2, "quiet = false") if run_section is None else run_section))

    def gpu_runs(self, document):
        return [entry for entry in document["runs"] if "/gpu" in entry["case"]]


class Loading(Gpu):
    def test_brings_the_same_bytes_as_stream_by_every_strategy(self):
        self.small_model()
        strategies = ("[strategy.sequential]\n[strategy.parallel]\nchunk = \"256 KiB\"\n[strategy.io_uring]\n"
                      "[strategy.mmap]\nthreads = 2\nchunk = \"1 MiB\"\n")
        _, document = self.run_scenario(self.text(strategies=strategies))
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        self.assertEqual(len(document["cases"]), 8)
        verified = {entry["checksum"] for entry in document["runs"] if entry["repetition"] == 0}
        self.assertEqual(len(verified), 1)
        self.assertNotIn("", verified)

    def test_leaves_a_phase_of_its_own_figures_and_evidence(self):
        self.small_model()
        _, document = self.run_scenario(self.text())
        for entry in self.gpu_runs(document):
            self.assertIn("destination", entry["phases_ns"])
            self.assertNotIn("buffers", entry["phases_ns"])
            self.assertEqual(metric(entry, "cuda/copied_bytes"), entry["bytes"]["model"])
            self.assertEqual(metric(entry, "cuda/pinned_left_bytes"), 0)
            self.assertGreaterEqual(metric(entry, "cuda/gpu_memory_used_bytes"), MODEL_BYTES)
            for tag in ("context_ns", "device_memory_ns", "pinning_ns", "finish_ns", "buffer_wait_ns", "copies", "copy_ns",
                        "copy_rate", "copy_hidden"):
                self.assertIsNotNone(metric(entry, f"cuda/{tag}"), tag)
            self.assertEqual(entry["evidence"]["gpu"], "Fake GPU")
            self.assertEqual(entry["evidence"]["pinned"], "register")
        stream = [entry for entry in document["runs"] if "/stream/" in entry["case"]]
        for entry in stream:
            self.assertIn("buffers", entry["phases_ns"])
            self.assertNotIn("destination", entry["phases_ns"])
        options = {case["destination"]: case["options"].get("destination") for case in document["cases"]}
        self.assertIsNone(options["stream"])
        self.assertEqual(options["gpu"]["streams"], {"value": 4, "written": "4", "source": "default"})

    def test_sweeps_its_options(self):
        self.small_model()
        _, document = self.run_scenario(self.text(destination='streams = [1, 2]\npinned = ["alloc", "register"]\n'))
        self.assertEqual(sorted(case for case in self.statuses(document) if "/gpu" in case), sorted(
            f"disk/parallel/gpu,streams={streams},pinned={pinned}/as-is" for streams in (1, 2)
            for pinned in ("alloc", "register")))
        self.assertEqual(set(self.statuses(document).values()), {"ok"})

    def test_cold_and_warm_are_proved_as_for_any_destination(self):
        self.small_model()
        text = self.text().replace('cache = "as-is"', 'cache = ["cold", "warm"]')
        _, document = self.run_scenario(text)
        kinds = {entry["case"].split("/")[3]: entry["proof"]["kind"] for entry in self.gpu_runs(document)}
        self.assertEqual(kinds, {"cold": "residency+bytes", "warm": "warm"})

    def test_tells_the_memory_in_the_bench_table(self):
        self.small_model()
        self.run_scenario(self.text())
        self.coldload("report", self.path("run"), "-o", self.path("report"))
        with open(self.path("report/storage_layout_bench.csv"), encoding="utf-8") as file:
            by_destination = {row["destination"]: row["gpu_mem_used_mb"] for row in csv.DictReader(file)}
        self.assertEqual(by_destination["stream"], "")
        self.assertGreaterEqual(float(by_destination["gpu"]), 4)

    def test_ceilings_and_the_device_stand_in_the_document(self):
        self.small_model()
        _, document = self.run_scenario(self.text(run_section="[run]\nrepetitions = 1\nquiet = false\n"))
        tags = {probe["tag"] for probe in document["probes"] if probe["subject"] == "gpu"}
        self.assertEqual(tags, {"gpu/pinned_to_device", "gpu/device_to_pinned", "gpu/pageable_to_device"})
        device, = document["environment"]["devices"]
        self.assertEqual((device["destination"], device["gpu"], device["cuda_driver"]), ("gpu", "Fake GPU", "13.0"))
        self.assertEqual(device["gpu_memory_bytes"], 1 << 30)


class NotPossible(Gpu):
    def test_without_a_driver_the_case_is_skipped_and_says_so(self):
        self.small_model()
        text = self.text().replace(FAKE, "/no/such/libcuda.so.1")
        _, document = self.run_scenario(text)
        self.assertEqual(self.statuses(document), {"disk/parallel/stream/as-is": "ok", "disk/parallel/gpu/as-is": "skipped"})
        entry, = self.gpu_runs(document)
        self.assertRegex(entry["reason"], "^no CUDA driver: /no/such/libcuda.so.1: cannot open")

    def test_with_nothing_but_skipped_cases_the_environment_is_unfit(self):
        self.small_model()
        text = self.text().replace(FAKE, "/no/such/libcuda.so.1").replace('["stream", "gpu"]', '"gpu"')
        self.run_scenario(text, expect=ENVIRONMENT)

    def test_too_little_gpu_memory_is_one_failed_record(self):
        self.small_model()
        _, document = self.run_scenario(self.text(), expect=CASE_FAILED, env={"FAKE_CUDA_MEMORY_BYTES": str(3 * MIB)})
        entry, = self.gpu_runs(document)
        self.assertEqual(entry["status"], "failed")
        self.assertEqual(entry["evidence"]["failed_in"], "destination")
        self.assertRegex(entry["reason"], r"^item 1 of 2: \d+ bytes of GPU memory are not there: 3145728 of 3145728 are free")

    def test_a_copy_that_fails_is_one_failed_record_that_names_the_call(self):
        self.small_model()
        _, document = self.run_scenario(self.text(), expect=CASE_FAILED, env={
            "FAKE_CUDA_FAIL_FUNCTION": "cuMemcpyHtoDAsync_v2", "FAKE_CUDA_FAIL_CALL": "5"})
        entry, = self.gpu_runs(document)
        self.assertEqual((entry["status"], entry["reason"]), ("failed", "cuMemcpyHtoDAsync_v2: CUDA_ERROR_UNKNOWN (999)"))
        self.assertEqual(metric(entry, "cuda/pinned_left_bytes"), 0)

    def test_a_byte_that_arrives_changed_is_found(self):
        self.small_model()
        _, document = self.run_scenario(self.text(), expect=INTEGRITY, env={"FAKE_CUDA_CORRUPT_COPY": "7"})
        self.assertIn("failed", self.statuses(document).values())

    def test_touching_brings_nothing_to_a_gpu(self):
        self.small_model()
        _, document = self.run_scenario(self.text(strategies='[strategy.mmap]\nmapped = "touch"\n'))
        entry, = self.gpu_runs(document)
        self.assertEqual((entry["status"], entry["reason"]),
                         ("skipped", 'mapped = "touch" brings nothing to destination "gpu"'))


class CuFile(Gpu):
    """Strategy `cufile`, on a fake libcufile."""

    def run_cufile(self, destination='"gpu"', more="", **options):
        self.small_model()
        strategies = (f'[strategy.cufile]\nlibrary = "{FAKE_CUFILE}"\nthreads = 3\nchunk = "512 KiB"\n{more}'
                      '[strategy.sequential]\n')
        text = self.text(strategies=strategies).replace(
            'destination = ["stream", "gpu"]\n', f'strategy = "cufile"\ndestination = {destination}\n')
        text += '[[compare]]\nstrategy = "sequential"\ncache = "as-is"\n'
        _, document = self.run_scenario(text, **options)
        return [entry for entry in document["runs"] if "/cufile" in entry["case"]]

    def test_brings_the_same_bytes_and_does_not_say_peer_to_peer_without_the_module(self):
        for entry in self.run_cufile():
            self.assertEqual(entry["status"], "ok", entry["reason"])
            self.assertEqual(entry["bytes"]["delivered"], entry["bytes"]["model"])
            self.assertEqual(entry["evidence"]["nvidia_fs"], "absent")
            self.assertEqual(entry["evidence"]["cufile_mode"], "without nvidia-fs")
            self.assertTrue(entry["evidence"]["direct"])

    def test_with_the_module_but_without_its_statistics_it_says_that_it_is_not_told(self):
        if os.path.exists("/proc/driver/nvidia-fs/stats"):
            return
        for entry in self.run_cufile(env={"FAKE_CUFILE_NVIDIA_FS": "1"}):
            self.assertEqual(entry["evidence"]["nvidia_fs"], "2.20")
            self.assertEqual(entry["evidence"]["cufile_mode"], "not told: nvidia-fs keeps no statistics")

    def test_into_ordinary_memory_it_is_skipped(self):
        entry, = self.run_cufile(destination='"stream"')
        self.assertEqual((entry["status"], entry["reason"]), (
            "skipped", "cufile reads into a GPU's memory: it needs a destination there, such as cuda"))

    def test_without_its_library_or_driver_it_is_skipped(self):
        entry, = self.run_cufile(env={"FAKE_CUFILE_NO_DRIVER": "1"})
        self.assertEqual((entry["status"], entry["reason"]), (
            "skipped", "no GPUDirect Storage: cuFileDriverOpen: cuFile error 5001 (driver not initialized)"))

    def test_what_fails_is_one_failed_record_with_the_bytes(self):
        entry, = self.run_cufile(expect=CASE_FAILED, env={"FAKE_CUFILE_FAIL_READ": "1"})
        self.assertRegex(entry["reason"], r"^model/model-0000\d-of-00002.safetensors: bytes \d+-\d+: .*[Ii]nput/output error")

    def test_what_cufile_refuses_is_told_by_its_number(self):
        entry, = self.run_cufile(expect=CASE_FAILED, env={"FAKE_CUFILE_REFUSE_READ": "1"})
        self.assertRegex(entry["reason"], r": bytes \d+-\d+: cuFile error 5011 \(CUDA driver failed\)$")

    def test_what_cannot_be_set_up_skips_the_case(self):
        entry, = self.run_cufile(env={"FAKE_CUFILE_NO_REGISTER": "1"})
        self.assertEqual((entry["status"], entry["evidence"]["failed_in"]), ("skipped", "setup"))
        self.assertRegex(entry["reason"], r"^no GPUDirect Storage: .*: cuFileBufRegister of \d+ bytes: cuFile error 5022 "
                                          r"\(invalid value\)$")


class Words(Gpu):
    def refused(self, old, new):
        finished = self.coldload("check", self.scenario(self.text().replace(old, new)), expect=USAGE)
        return finished.err

    def test_the_names_of_the_own_destinations_cannot_be_taken(self):
        self.assertIn('destination "stream": this is coldload\'s own, which needs no table and has no options: choose another '
                      "name", self.refused("[destination.gpu]", "[destination.stream]"))

    def test_a_destination_without_a_table_is_a_mistake(self):
        self.assertIn('no destination "gpux"; did you mean "gpu"?', self.refused('"stream", "gpu"', '"stream", "gpux"'))

    def test_a_plugin_of_another_kind_is_a_mistake(self):
        self.assertIn('destination "gpu": no destination plugin "local": it is a backend',
                      self.refused('plugin = "cuda"', 'plugin = "local"'))

    def test_an_option_that_it_has_not_is_a_mistake(self):
        self.assertIn('destination "gpu" (cuda): no option "stream"; did you mean "streams"',
                      self.refused("[destination.gpu]", "[destination.gpu]\nstream = 2"))

    def test_list_and_describe_know_the_kind(self):
        self.assertRegex(self.coldload("list").out, r"\nDestinations\n  cuda  a GPU's memory, through pinned buffers")
        described = self.coldload("describe", "destination/cuda").out
        self.assertIn('destination "cuda": a GPU', described)
        self.assertIn("[destination.cuda]", described)


class WithoutAGpu(Gpu):
    def test_the_gpu_tests_say_so_and_run_the_rest(self):
        script = os.path.join(SOURCE, "tests/gpu/run.sh")
        finished = run([script, BUILD, "--models", self.path("models"), "--results", self.path("results"), "--only", "tests"],
                       timeout=280)
        self.assertEqual(finished.code, OK, finished)
        if os.path.exists("/dev/nvidiactl"):
            return
        self.assertIn("there is no GPU here", finished.out)
        self.assertRegex(finished.out, r"ok: every-way: \d+ runs, one checksum, [1-9]\d* skipped")


if __name__ == "__main__":
    unittest.main()
