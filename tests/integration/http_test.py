"""Backend http against nginx: lists, loads, compares with the list, and says what is wrong."""

import hashlib
import os
import shutil
import sys
import unittest

from coldload_cli import BUILD, CASE_FAILED, ENVIRONMENT, INTEGRITY, OK, SOURCE, USAGE, CliTest, hasty
from conformance_cli import ConformanceCliTest

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from nginx import Nginx, certificate  # noqa: E402


def write_list(directory):
    """SHA256SUMS of all below it, as `sha256sum` writes it."""
    lines = []
    for root, _, names in os.walk(directory):
        for name in sorted(names):
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            lines.append(f"{digest}  {os.path.relpath(path, directory)}\n")
    with open(os.path.join(directory, "SHA256SUMS"), "w", encoding="utf-8") as file:
        file.writelines(line for line in lines if not line.endswith("SHA256SUMS\n"))


class HttpTest(CliTest):
    def setUp(self):
        super().setUp()
        self.small_model("web/model")
        write_list(self.path("web"))

    def nginx(self, **more):
        return Nginx(self.path("web"), self.path("nginx"), **more)

    def load(self, url, more="", strategy="[strategy.parallel]\n", expect=OK, run=""):
        text = (f'[model]\npath = "model"\n[backend.web]\nplugin = "http"\nurl = "{url}"\n{more}\n{strategy}' +
                hasty(2, run))
        return self.run_scenario(text, expect=expect)


class Loads(HttpTest):
    def test_a_model_is_listed_loaded_and_cold_for_this_machine(self):
        with self.nginx() as nginx:
            _, document = self.load(nginx.url)
        runs = self.runs_of(document, "web/parallel/stream/cold")
        self.assertEqual([run["status"] for run in runs], ["ok"] * 3)
        for run in runs[1:]:
            self.assertEqual(run["proof"]["kind"], "no_local_cache")
            self.assertEqual(run["bytes"]["delivered"], run["bytes"]["model"])

    def test_its_bytes_are_those_of_the_files(self):
        with self.nginx() as nginx:
            text = (f'[model]\npath = "model"\n[backend.web]\nplugin = "http"\nurl = "{nginx.url}/"\n'
                    f'[backend.local]\nroot = "{self.path("web")}"\n[strategy.sequential]\n' + hasty(1))
            _, document = self.run_scenario(text)
        self.assertEqual(set(self.statuses(document).values()), {"ok"})
        sums = {run["checksum"] for run in document["runs"] if run["checksum"]}
        self.assertEqual(len(sums), 1, document["runs"])

    def test_over_tls_with_a_certificate_that_is_named(self):
        tls = certificate(self.dir)
        with self.nginx(tls=tls) as nginx:
            _, document = self.load(nginx.url, f'ca_file = "{tls[0]}"')
            self.assertEqual(self.statuses(document), {"web/parallel/stream/cold": "ok"})
            shutil.rmtree(self.path("run"))
            finished = self.coldload("check", self.scenario(
                f'[model]\npath = "model"\n[backend.web]\nplugin = "http"\nurl = "{nginx.url}"\n[strategy.parallel]\n'))
            self.assertEqual(finished.code, OK)
            finished = self.coldload("plan", self.path("scenario.toml"), expect=CASE_FAILED)
            self.assertIn("certificate", finished.err + finished.out)

    def test_keys_of_any_letters(self):
        os.rename(self.path("web/model"), self.path("web/mod el+%41#?"))
        write_list(self.path("web"))
        with self.nginx() as nginx:
            text = (f'[model]\npath = "mod el+%41#?"\n[backend.web]\nplugin = "http"\nurl = "{nginx.url}"\n'
                    "[strategy.sequential]\n" + hasty(1))
            _, document = self.run_scenario(text)
        self.assertEqual(set(self.statuses(document).values()), {"ok"})


    def test_a_dry_run_of_staging_lists_the_source_or_says_that_it_cannot(self):
        with self.nginx() as nginx:
            copy = self.path("copy")
            listed = self.coldload("stage", nginx.url, copy, "--dry-run")
            self.assertRegex(listed.out, r"MB in \d+ files would be copied from http://.*; nothing was done")
            self.assertFalse(os.path.exists(copy))
            # The list names what lies below it, and there is none in the model's own directory.
            refused = self.coldload("stage", nginx.url + "/model", copy, "--dry-run", expect=USAGE)
            self.assertIn("/model/SHA256SUMS: HTTP status 404", refused.err)


class Fails(HttpTest):
    def refused(self, url, *said, more=""):
        text = (f'[model]\npath = "model"\n[backend.web]\nplugin = "http"\nurl = "{url}"\n{more}\n[strategy.parallel]\n' +
                hasty(1))
        # What cannot be asked while planning is told in the plan.
        finished = self.coldload("plan", self.scenario(text), expect=(CASE_FAILED, INTEGRITY, USAGE))
        for words in said:
            self.assertIn(words, finished.err + finished.out)

    def test_no_list_is_named_with_its_url(self):
        os.remove(self.path("web/SHA256SUMS"))
        with self.nginx() as nginx:
            self.refused(nginx.url, f"{nginx.url}/SHA256SUMS", "HTTP status 404")

    def test_a_list_that_is_none_is_refused_with_the_line(self):
        self.write("web/SHA256SUMS", "<html>hello</html>\n")
        with self.nginx() as nginx:
            self.refused(nginx.url, "no line of sha256sum", "<html>hello</html>")

    def test_an_object_that_is_listed_and_gone_is_named(self):
        os.remove(self.path("web/model/model-00002-of-00002.safetensors"))
        with self.nginx() as nginx:
            self.refused(nginx.url, "model-00002-of-00002.safetensors", "404")

    def test_what_may_not_be_read_says_so(self):
        with self.nginx(server="location /model { deny all; }") as nginx:
            self.refused(nginx.url, "HTTP status 403")

    def test_a_url_that_is_none_is_a_mistake_of_the_scenario(self):
        self.refused("ftp://127.0.0.1", "https://HOST/PATH")

    def test_a_user_or_a_query_is_refused_without_showing_it(self):
        # "stage", since a scenario that is refused here has no other way in.
        for url, said in (("http://SECRET@127.0.0.1:1/x", 'url is "http://***@127.0.0.1:1/x": results would show a user or a query'),
                          ("http://u:SEC/RET@127.0.0.1:1/x", "with a password in it"),
                          ("http://127.0.0.1:1/x?sig=SECRET", 'url is "http://127.0.0.1:1/x?***": results would show a user or a query'),
                          ("gopher://u:SECRET@127.0.0.1/x", "gopher://***@127.0.0.1/x: no backend reads")):
            told = self.coldload("stage", url, self.path("copy"), expect=(USAGE, ENVIRONMENT, CASE_FAILED)).err
            self.assertIn(said, told)
            self.assertNotIn("RET", told)

    def test_nobody_there_is_told_with_the_address(self):
        self.refused("http://127.0.0.1:1", "http://127.0.0.1:1/SHA256SUMS")

    def test_a_server_that_serves_no_ranges_is_skipped_by_name(self):
        with self.nginx(server="max_ranges 0;") as nginx:
            finished, _ = self.load(nginx.url, expect=(OK, 3, CASE_FAILED))
            self.assertIn("serves no ranges", finished.out + finished.err)

    def test_bytes_that_are_not_those_of_the_list_fail_the_run(self):
        name = self.path("web/model/model-00002-of-00002.safetensors")
        with open(name, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        with self.nginx() as nginx:
            finished, document = self.load(nginx.url, "verify = true", "[strategy.sequential]\nwhole_file = true\n",
                                           expect=CASE_FAILED)
        self.assertIn("model-00002-of-00002.safetensors", str([run["reason"] for run in document["runs"]]), finished)
        self.assertIn("is not the list's", str([run["reason"] for run in document["runs"]]))


class Conforms(ConformanceCliTest):
    def test_against_nginx(self):
        self.samples()
        write_list(self.path("samples"))
        with Nginx(self.path("samples"), self.path("nginx")) as nginx:
            found = self.check(os.path.join(BUILD, "lib/coldload/plugins/coldload_http.so"), f"url={nginx.url}", expect=OK)
        passed = {contract for contract, (ending, _) in found.items() if ending == "passed"}
        self.assertLessEqual({"backend.list", "backend.missing", "backend.read_edges", "backend.past_end",
                              "backend.concurrent", "backend.cancel", "backend.gives_back"}, passed)
        # Over a socket nothing here could see what stays.
        self.assertEqual(found["backend.no_local_cache"][0], "skipped")

    def test_against_a_server_that_is_slow(self):
        self.samples()
        write_list(self.path("samples"))
        with Nginx(self.path("samples"), self.path("nginx"), server="limit_rate 200k;") as nginx:
            found = self.check(os.path.join(BUILD, "lib/coldload/plugins/coldload_http.so"), f"url={nginx.url}",
                               only="backend.cancel", expect=OK)
        self.assertEqual(found["backend.cancel"][0], "passed")


if __name__ == "__main__":
    unittest.main()
