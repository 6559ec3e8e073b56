"""Backend s3: against a real gateway that checks every signature, and against a stand-in that goes wrong on demand."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import uuid

from coldload_cli import (BINARY, CASE_FAILED, ENVIRONMENT, INTEGRITY, MARK, OK, SOURCE, USAGE, CliTest, environment,
                          hasty, metric, processes_of, until)
from conformance_cli import PLUGINS, ConformanceCliTest

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from faulty_s3 import FaultyS3  # noqa: E402
from radosgw import RadosGateway  # noqa: E402

STRATEGIES = """
[strategy.sequential]
chunk = "1 MiB"
[strategy.parallel]
chunk = "1 MiB"
[strategy.in-flight]
plugin = "parallel"
threads = 2
in_flight = 4
chunk = "1 MiB"
[strategy.whole]
plugin = "sequential"
whole_file = true
"""
UNREACHABLE = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "http_proxy": "",
               "https_proxy": "", "all_proxy": "", "no_proxy": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "",
               "AWS_CA_BUNDLE": ""}


def told_by_s3(record):
    """What disturbed the run, without what a busy machine adds."""
    return [reason for reason in record["disturbed"] if reason.startswith("s3: ")]


def upload(client, directory, prefix):
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as body:
                client.put_object(Bucket="models", Key=f"{prefix}/{os.path.relpath(path, directory)}", Body=body)


class Gateway(ConformanceCliTest):
    """Ceph's object gateway, one for all tests of the class."""

    @classmethod
    def setUpClass(cls):
        cls.gateway = RadosGateway(cls.scratch())
        # A secret of its own, so that it is found wherever it should not be.
        cls.gateway.secret_key = "canary" + uuid.uuid4().hex
        cls.addClassCleanup(cls.gateway.stop)
        cls.gateway.start()
        cls.client = cls.gateway.client()
        cls.addClassCleanup(cls.client.close)
        cls.client.create_bucket(Bucket="models")

    def variables(self, **changes):
        return {**UNREACHABLE, "AWS_ACCESS_KEY_ID": self.gateway.access_key,
                "AWS_SECRET_ACCESS_KEY": self.gateway.secret_key, **changes}

    def backends(self, url="s3://models/pre", more=""):
        return (f'[backend.local]\nroot = "{self.dir}"\n[backend.s3]\nurl = "{url}"\n'
                f'endpoint = "{self.gateway.endpoint}"\n{more}')

    def test_strategies_bring_the_bytes_that_lie_on_the_disk(self):
        upload(self.client, self.small_model(), "pre/model")
        text = ('[model]\npath = "model"\n' + self.backends(more='part_size = "512 KiB"\n') + STRATEGIES +
                "[strategy.mmap]\n[strategy.io_uring]\n" + hasty(1))
        finished, document = self.run_scenario(text, env=self.variables())
        statuses = self.statuses(document)
        for name in ("sequential", "parallel", "in-flight", "whole"):
            case = f"s3/{name}/stream/cold"
            self.assertEqual(statuses[case], "ok", finished)
            for record in self.runs_of(document, case):
                self.assertEqual((record["proof"]["kind"], record["proof"]["valid"]), ("no_local_cache", True))
                self.assertEqual(record["bytes"]["delivered"], record["bytes"]["model"])
                self.assertEqual(told_by_s3(record), [])
                self.assertEqual(metric(record, "s3/retries"), 0)
                # Headers of responses and the model's own headers, read before: little more than the model.
                self.assertGreater(metric(record, "s3/wire_bytes"), record["bytes"]["model"])
                self.assertLess(metric(record, "s3/wire_bytes"), record["bytes"]["model"] + 100_000)
                self.assertLessEqual(metric(record, "s3/connections"), 9)
                evidence = record["evidence"]
                self.assertEqual((evidence["credentials"], evidence["tls"], evidence["http"], evidence["addressing"]),
                                 ("environment", "none", "1.1", "path"))
        for name, missing in (("mmap", "MAP"), ("io_uring", "FD")):
            case = next(case for case in document["cases"] if case["id"] == f"s3/{name}/stream/cold")
            self.assertEqual(case["status"], "skipped")
            self.assertIn(missing, case["reason"])
        checksums = {record["checksum"] for record in document["runs"] if record["repetition"] == 0 and record["checksum"]}
        self.assertEqual(len(checksums), 1, checksums)

    def test_the_plugin_breaks_no_contract(self):
        self.samples()
        upload(self.client, self.path("samples"), "contracts")
        found = self.check(os.path.join(PLUGINS, "coldload_s3.so"), "url=s3://models/contracts",
                           f"endpoint={self.gateway.endpoint}", expect=OK, env=self.variables())
        passed = {contract for contract, (ending, _) in found.items() if ending == "passed"}
        self.assertLessEqual({"backend.list", "backend.read_edges", "backend.concurrent", "backend.cancel",
                              "backend.missing", "backend.async_read", "backend.async_cancel"}, passed)

    def test_a_cache_entry_compares_with_a_flat_prefix(self):
        flat = self.small_model("flat")
        upload(self.client, flat, "flat")
        entry = self.path("models--org--name")
        os.makedirs(os.path.join(entry, "snapshots"))
        os.makedirs(os.path.join(entry, "refs"))
        os.rename(flat, os.path.join(entry, "snapshots/0123abcd"))
        self.write("models--org--name/refs/main", "0123abcd")
        text = ('[model]\npath = { local = "models--org--name", s3 = "flat" }\n' + self.backends("s3://models") +
                "[strategy.parallel]\n" + hasty(1))
        _, document = self.run_scenario(text, env=self.variables())
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        self.assertEqual(len({record["checksum"] for record in document["runs"] if record["repetition"] == 0}), 1)

    def test_more_keys_than_a_page_holds_and_folder_markers_are_listed(self):
        model = self.small_model()
        for number in range(1010):
            self.write(f"model/extra/{number:04} ä+%&'\"<>#?.json", "{}")
        upload(self.client, model, "paged/model")
        self.client.put_object(Bucket="models", Key="paged/model/", Body=b"")
        self.client.put_object(Bucket="models", Key="paged/model/folder/", Body=b"")
        text = ('[model]\npath = "model"\n' + self.backends("s3://models/paged") + "[strategy.parallel]\n" + hasty(1))
        _, document = self.run_scenario(text, env=self.variables())
        self.assertEqual(set(self.statuses(document).values()), {"ok"})

    def test_a_wrong_secret_is_told_as_that(self):
        upload(self.client, self.small_model(), "pre/model")
        text = '[model]\npath = "model"\n' + self.backends() + "[strategy.parallel]\n" + hasty(1)
        wrong = "canary" + uuid.uuid4().hex
        finished, document = self.run_scenario(text, expect=CASE_FAILED,
                                               env=self.variables(AWS_SECRET_ACCESS_KEY=wrong))
        reason = next(case["reason"] for case in document["cases"] if case["backend"] == "s3")
        for part in ("403 SignatureDoesNotMatch", self.gateway.endpoint, "region us-east-1", "bucket models",
                     "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
            self.assertIn(part, reason)
        self.assertNotIn(wrong, finished.out + finished.err)

    def doctor(self, expect=OK, **variables):
        file = self.scenario('[model]\npath = "model"\n' + self.backends() + "[strategy.parallel]\n")
        finished = self.coldload("doctor", file, "--json", expect=expect, env=self.variables(**variables))
        self.assertNotIn("canary", finished.out + finished.err)
        return {fact["fact"]: fact for fact in json.loads(finished.out) if fact["subject"] == "backend s3"}

    def test_the_doctor_tells_endpoint_credentials_clock_and_bucket(self):
        upload(self.client, self.small_model(), "pre/model")
        facts = self.doctor()
        for fact in (f"endpoint: {self.gateway.endpoint} (from endpoint), bucket models in the path",
                     "credentials: from environment", "TLS: none, plain HTTP",
                     "bucket: models answers, and may be listed below s3://models/pre/model"):
            self.assertEqual(facts[fact]["level"], "ok", facts)
        self.assertTrue([fact for fact in facts if fact.startswith("clock: ")], facts)

    def test_the_doctor_says_why_a_bucket_cannot_be_listed(self):
        upload(self.client, self.small_model(), "pre/model")
        told = self.doctor(ENVIRONMENT, AWS_SECRET_ACCESS_KEY="canary" + uuid.uuid4().hex)["bucket: cannot be listed"]
        self.assertEqual(told["level"], "error")
        self.assertIn("403 SignatureDoesNotMatch", told["cause"])

    def test_what_is_not_there_is_told_as_that(self):
        upload(self.client, self.small_model(), "pre/model")
        for url, expected in (("s3://models/elsewhere", "no object below it"), ("s3://nobucket", "404 NoSuchBucket")):
            file = self.scenario('[model]\npath = "model"\n' + self.backends(url) + "[strategy.parallel]\n" + hasty(1))
            finished = self.coldload("run", file, "--out", self.path("none"), expect=(USAGE, CASE_FAILED),
                                     env=self.variables())
            self.assertIn(expected, finished.out + finished.err)

    def test_a_program_issues_credentials_and_no_secret_shows_anywhere(self):
        upload(self.client, self.small_model(), "pre/model")
        secrets = self.path("..", os.path.basename(self.dir) + ".secrets")
        self.addCleanup(os.unlink, secrets)
        with open(secrets, "w", encoding="ascii") as file:
            file.write('{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s"}' %
                       (self.gateway.access_key, self.gateway.secret_key))
        config = self.write("config", f"[profile issued]\ncredential_process = cat '{secrets}'\nregion = eu-north-1\n")
        text = ('[model]\npath = "model"\n' + self.backends(more='profile = "issued"\n') + STRATEGIES + hasty(2))
        for number, variables in enumerate((self.variables(), {**UNREACHABLE, "AWS_CONFIG_FILE": config})):
            if number == 0:
                text_now = text.replace('profile = "issued"\n', "")
            else:
                text_now = text
            with Watching(self.dir) as seen:
                finished, document = self.run_scenario(text_now, out=f"run{number}", env=variables)
            self.assertEqual(set(self.statuses(document).values()) - {"skipped"}, {"ok"}, finished)
            self.assertTrue(any("worker" in line for line in seen.lines), seen.lines)
            written = [finished.out, finished.err, *seen.lines]
            for folder, _, names in os.walk(self.dir):
                for name in names:
                    if not name.endswith(".safetensors"):
                        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                            written.append(file.read())
            self.assertGreater(len(written), 5)
            for content in written:
                self.assertNotIn(self.gateway.secret_key, content)
        record = self.runs_of(document, "s3/parallel/stream/cold")[0]
        self.assertEqual(record["evidence"]["credentials"], "credential_process")
        self.assertEqual((record["evidence"]["region"], record["evidence"]["region_source"]), ("eu-north-1", "profile"))


class Watching:
    """The command lines of a test's processes while it lasts."""

    def __init__(self, mark):
        self.mark, self.lines, self.done = mark, set(), threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()

    def watch(self):
        while not self.done.wait(0.01):
            for process in processes_of(self.mark):
                try:
                    with open(f"/proc/{process}/cmdline", encoding="utf-8", errors="replace") as file:
                        self.lines.add(file.read())
                except OSError:
                    pass


class Faults(CliTest):
    def setUp(self):
        super().setUp()
        self.small_model("root/model")

    def one_run(self, server, strategy="sequential", options="", expect=OK, endpoint=None, **variables):
        """The record of one timed run of this strategy."""
        text = (f'[model]\npath = "model"\n[backend.s3]\nurl = "s3://models"\nendpoint = "{endpoint or server.endpoint}"\n'
                f'anonymous = true\n{options}' + STRATEGIES + f'[[compare]]\nstrategy = "{strategy}"\n' +
                hasty(1, 'verify = "off"'))
        name = f"run-{len(os.listdir(self.dir))}"
        finished, document = self.run_scenario(text, out=name, expect=expect, env={**UNREACHABLE, **variables})
        self.assertEqual(len(document["runs"]), 1, finished)
        return document["runs"][0]

    def serving(self, fault, times=None, **more):
        return FaultyS3(self.path("root"), fault, times, **more)

    def test_the_stand_in_serves_what_is_asked_for(self):
        with self.serving(None) as server:
            record = self.one_run(server)
        self.assertEqual((record["status"], told_by_s3(record)), ("ok", []))

    def test_what_passes_is_tried_again_counted_and_told(self):
        for fault, times, disturbed in (("503", 3, "s3: 3 retries (3x 503)"), ("500", 1, "s3: 1 retry (1x 500)"),
                                        ("dies", 1, "s3: 1 retry (1x reset)"),
                                        ("ends_early", 1, "s3: 1 retry (1x reset)"),
                                        ("hangs", 1, "s3: 1 retry (1x timeout)")):
            for strategy in ("sequential", "in-flight"):
                with self.subTest(fault=fault, strategy=strategy), self.serving(fault, times) as server:
                    # Where nothing hangs, a busy machine's pause is not to be taken for it.
                    stall = "500 ms" if fault == "hangs" else "20 s"
                    record = self.one_run(server, strategy, f'stall_timeout = "{stall}"\nretries = 4\n')
                    self.assertEqual(record["status"], "ok")
                    self.assertEqual(told_by_s3(record), [disturbed])
                    self.assertEqual(metric(record, "s3/retries"), times)

    def test_a_copy_that_took_more_tries_says_so(self):
        with self.serving("503", 3) as server:
            finished = self.coldload("stage", "s3://models/model", self.path("copy"), "--option", "anonymous=true",
                                     env={**UNREACHABLE, "AWS_ENDPOINT_URL": server.endpoint})
        self.assertRegex(finished.out, r"copied in .*; disturbed: s3: 3 retries \(3x 503\)\n$")

    def test_what_does_not_pass_fails_after_the_tries_that_were_asked_for(self):
        for fault, reason in (("503", "503 SlowDown after 3 tries in"), ("dies", "ended amid the response after 3 tries"),
                              ("hangs", "no byte for 300 ms after 3 tries")):
            for strategy in ("sequential", "in-flight"):
                with self.subTest(fault=fault, strategy=strategy), self.serving(fault) as server:
                    record = self.one_run(server, strategy, 'stall_timeout = "300 ms"\nretries = 2\n', CASE_FAILED)
                    self.assertEqual(record["status"], "failed")
                    self.assertIn(reason, record["reason"])
                    self.assertRegex(record["reason"], r"s3://models/model/model-0000\d-of-00002.safetensors: bytes \d+-\d+")

    def test_an_answer_that_cannot_be_trusted_fails_at_once(self):
        for fault, reason in (("truncates", "Content-Length"), ("goes_on", "body too long"),
                              ("wrong_range", "bytes now and had"), ("whole", "200 to a request for a range"),
                              ("etag", "the object was replaced"), ("412", "the object was replaced")):
            for strategy in ("sequential", "in-flight"):
                with self.subTest(fault=fault, strategy=strategy), self.serving(fault) as server:
                    record = self.one_run(server, strategy, expect=(CASE_FAILED, INTEGRITY))
                    self.assertEqual(record["status"], "failed")
                    self.assertIn(reason, record["reason"])
                    self.assertEqual(metric(record, "s3/retries"), 0)
                    self.assertNotIn("nobody should repeat", record["reason"])

    def refusal(self, server, options=""):
        file = self.scenario(f'[model]\npath = "model"\n[backend.s3]\nurl = "s3://models"\n'
                             f'endpoint = "{server.endpoint}"\nanonymous = true\n{options}[strategy.sequential]\n' + hasty(1))
        out = self.path(f"refused-{len(os.listdir(self.dir))}")
        return self.coldload("run", file, "--out", out, expect=(USAGE, CASE_FAILED), env=UNREACHABLE)

    def test_a_refusal_is_explained_and_never_tried_again(self):
        with self.serving("301") as server:
            self.assertIn('set region = "eu-west-1"', str(self.refusal(server)))
        with self.serving("403", date="Sun, 06 Nov 1994 08:49:37 GMT") as server:
            self.assertIn("s ahead of the server's: set it", str(self.refusal(server)))
            asked = server.requests
        # One request a survey: the case's, and at most another for the plan's message.
        self.assertLessEqual(asked, 2)

    def test_a_server_that_is_not_there_is_told_as_that(self):
        with self.serving(None) as server:
            pass
        finished = self.refusal(server, "retries = 1\n")
        self.assertIn("no connection after 2 tries", str(finished))

    def test_a_server_is_verified_and_its_tls_is_recorded(self):
        certificate, key = self.path("certificate.pem"), self.path("key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key], check=True, capture_output=True)
        with open(certificate, encoding="ascii") as first, open(key, encoding="ascii") as second:
            both = self.write("both.pem", first.read() + second.read())
        with self.serving(None, certificate=both) as server:
            refused = str(self.refusal(server))
            self.assertIn("TLS failed", refused)
            self.assertIn("set ca_file or AWS_CA_BUNDLE", refused)
            for options, variables in ((f'ca_file = "{certificate}"\n', {}), ("", {"AWS_CA_BUNDLE": certificate})):
                record = self.one_run(server, "in-flight", options, **variables)
                self.assertEqual((record["status"], record["evidence"]["tls"]), ("ok", "TLSv1.3"))
                self.assertGreater(metric(record, "s3/tls_ns"), 0)

    def test_a_proxy_of_the_environment_is_used_and_recorded_without_its_password(self):
        password = "canary" + uuid.uuid4().hex
        with self.serving(None) as server:
            proxy = server.endpoint.replace("http://", f"http://me:{password}@")
            record = self.one_run(server, endpoint="http://host.invalid", http_proxy=proxy)
        self.assertEqual(record["status"], "ok")
        self.assertEqual(record["evidence"]["proxy"], proxy.replace("me:" + password, "***") + " (from http_proxy)")
        self.assert_nothing_written_holds(password)

    def test_a_key_that_can_be_no_objects_is_named_with_the_server_that_lists_it(self):
        for key, said in (("model//a.safetensors", '"model//a.safetensors", which has an empty part between slashes'),
                          ("model/../../a", '"model/../../a", which has a part "." or ".."'),
                          ("model/./\x1b[31ma\n", '"model/./\\x1b[31ma\\x0a", which has a part'),
                          ("model/config.json", '"model/config.json" twice')):
            with self.subTest(key=key), self.serving(None, more_keys=(key, key)) as server:
                # Of the copy nothing is said: the listing is the server's.
                told = self.coldload("stage", "s3://models/model", self.path("copy"), expect=(USAGE, CASE_FAILED, ENVIRONMENT,
                                     INTEGRITY), env={**UNREACHABLE, "AWS_ENDPOINT_URL": server.endpoint,
                                                      "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}).err
                self.assertIn(f"({server.endpoint}, region us-east-1, bucket models) lists the key {said}", told)
                self.assertNotIn("plugin org.coldload", told)
                self.assertFalse(os.path.exists(self.path("copy")))

    def diagnosed(self, server, expect=ENVIRONMENT, model="model"):
        """What the doctor says of the backend and of the model on it."""
        file = self.scenario(f'[model]\npath = "{model}"\n[backend.s3]\nurl = "s3://models"\n'
                             f'endpoint = "{server.endpoint}"\nanonymous = true\n[strategy.sequential]\n')
        finished = self.coldload("doctor", file, "--json", expect=expect, env=UNREACHABLE)
        facts = [fact for fact in json.loads(finished.out) if fact["subject"] == "backend s3"]
        return {fact["fact"].split(":")[0]: fact for fact in facts}, finished

    def test_the_doctor_says_what_failed_and_not_that_a_model_is_not_there(self):
        for fault, cause in (("403", "403 AccessDenied"), ("html", "a document that is no ListBucketResult")):
            with self.subTest(fault=fault), self.serving(fault) as server:
                facts, _ = self.diagnosed(server)
                self.assertEqual(facts['model "model"']["fact"], 'model "model": cannot be listed in s3://models/model')
                self.assertEqual(facts["bucket"]["fact"], "bucket: cannot be listed")
                for fact in (facts['model "model"'], facts["bucket"]):
                    self.assertIn(cause, fact["cause"])
                    self.assertIn(server.endpoint, fact["cause"])
                    self.assertNotIn("provision", fact["fix"])

    def test_the_doctor_advises_no_provision_where_nothing_is_written(self):
        with self.serving(None) as server:
            facts, _ = self.diagnosed(server, model="none")
            self.assertEqual(facts['model "none"']["fact"], 'model "none": not found in s3://models/none')
            self.assertIn("upload it", facts['model "none"']["fix"])
            self.assertEqual(facts["bucket"]["level"], "ok")

    def test_the_doctor_waits_seconds_for_a_server_that_says_nothing(self):
        with self.serving("silent") as server:
            facts, finished = self.diagnosed(server)
            self.assertIn("no byte for 5000 ms after 2 tries", facts["bucket"]["cause"])
            self.assertIn(server.endpoint, facts["bucket"]["cause"])
            self.assertIn("no byte for 5000 ms", facts['model "model"']["cause"])
            self.assertEqual(server.requests, 3)
            # Nowhere near the 20 s that a run waits five times.
            self.assertLess(finished.seconds, 45)

    def test_a_proxy_that_is_not_there_is_told_from_a_server_that_is_not(self):
        file = self.scenario('[model]\npath = "model"\n[backend.s3]\nurl = "s3://models"\nendpoint = "http://127.0.0.1:9"\n'
                             "anonymous = true\nretries = 0\n[strategy.sequential]\n" + hasty(1))
        for no_proxy, said in (("", "no connection to the proxy http://***@127.0.0.1:1 (from http_proxy)"),
                               ("127.0.0.1", "port 9 after")):
            told = str(self.coldload("plan", file, expect=CASE_FAILED, env={
                **UNREACHABLE, "http_proxy": "http://u:canary@127.0.0.1:1", "no_proxy": no_proxy}))
            self.assertIn(said, told)
            self.assertEqual("is the server up" in told, no_proxy != "", told)

    def test_a_password_with_a_slash_in_it_shows_nowhere(self):
        password = "canary" + uuid.uuid4().hex
        text = ('[model]\npath = "model"\n[backend.s3]\nurl = "s3://models"\n%sanonymous = true\nretries = 0\n'
                "[strategy.sequential]\n" + hasty(1))
        for variables in ({"http_proxy": f"http://u:SEC/{password}@127.0.0.1:1"},
                          {"AWS_ENDPOINT_URL": f"http://AKIA:SEC/{password}@h"}, {"AWS_ENDPOINT_URL": f"http://h/?x={password}"}):
            named = self.scenario(text % ('endpoint = "http://h"\n' if "http_proxy" in variables else ""))
            for command in (("doctor", named), ("plan", named), ("run", named, "--out", self.path("out"))):
                told = self.coldload(*command, expect=(OK, USAGE, CASE_FAILED, ENVIRONMENT),
                                     env={**UNREACHABLE, **variables})
                self.assertNotIn(password, told.out + told.err)
            self.assert_nothing_written_holds(password)

    def assert_nothing_written_holds(self, secret):
        for folder, _, names in os.walk(self.dir):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                    self.assertNotIn(secret, file.read(), name)

    def test_an_interrupted_run_ends_at_once_although_the_server_is_silent(self):
        with self.serving("hangs") as server:
            file = self.scenario(f'[model]\npath = "model"\n[backend.s3]\nurl = "s3://models"\n'
                                 f'endpoint = "{server.endpoint}"\nanonymous = true\nstall_timeout = "5 min"\n'
                                 f"[strategy.sequential]\n" + hasty(1))
            process = subprocess.Popen([BINARY, "run", file, "--out", self.path("run")], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=environment({**UNREACHABLE, MARK: self.dir}))
            self.assertTrue(until(lambda: server.faults > 0, 30))
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(process.returncode, 130)
        record = self.document(self.path("run"))["runs"][0]
        # A worker that had to be killed tells nothing: the plugin came back by itself.
        self.assertIn("failed_in", record["evidence"])
        self.assertEqual(record["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()
