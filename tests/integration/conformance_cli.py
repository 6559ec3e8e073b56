"""coldload plugin check as tests call it."""

import json
import os
import sys

from coldload_cli import BUILD, CASE_FAILED, MISBEHAVING, OK, SOURCE, CliTest

sys.path.insert(0, os.path.join(SOURCE, "tests/conformance"))
import make_samples  # noqa: E402

PLUGINS = os.path.join(BUILD, "lib/coldload/plugins")


class ConformanceCliTest(CliTest):
    def check(self, file, *options, only=None, expect=(OK, CASE_FAILED), **more):
        """The contracts of one plugin by id: (ending, detail)."""
        words = [part for option in options for part in ("--option", option)]
        if only is not None:
            words += ["--only", only]
        finished = self.coldload("plugin", "check", file, "--json", *words, expect=expect, timeout=600, **more)
        report = json.loads(finished.out)
        return {entry["id"]: (entry["ending"], entry["detail"]) for entry in report["contracts"]}

    def samples(self):
        make_samples.main(self.path("samples"))
        return f"root={self.path('samples')}"

    def assert_caught(self, name, contract, ending, words, *options, prefix="misbehaving"):
        found = self.check(os.path.join(MISBEHAVING, f"coldload_{prefix}_{name}.so"), *options, only=contract,
                           expect=CASE_FAILED)
        self.assertIn(contract, found, f"{name}: {found}")
        self.assertEqual(found[contract][0], ending, f"{name}: {found}")
        self.assertIn(words, found[contract][1], name)
