"""What each package holds, as `cmake --install --component` puts it; the packages themselves: ./dev package --test."""

import json
import os
import unittest

from coldload_cli import BUILD, CliTest, run

CMAKE = os.environ["COLDLOAD_CMAKE"]


class Components(CliTest):
    def install(self, *components):
        """Installed below this test's directory, then moved: an installed tree may lie anywhere."""
        for component in components:
            finished = run([CMAKE, "--install", BUILD, "--prefix", self.path("first"), "--component", component])
            self.assertEqual(finished.code, 0, finished)
        os.rename(self.path("first"), self.path("moved"))
        return {os.path.relpath(os.path.join(folder, name), self.path("moved"))
                for folder, _, names in os.walk(self.path("moved")) for name in names}

    def provided(self):
        finished = run([self.path("moved/bin/coldload"), "list", "plugins", "--json"])
        self.assertEqual(finished.code, 0, finished)
        listed = json.loads(finished.out)
        self.assertEqual(listed["refused"], [])
        for plugin in listed["plugins"]:
            self.assertEqual(os.path.dirname(plugin["file"]), self.path("moved/lib/coldload/plugins"))
        return {component for plugin in listed["plugins"] for component in plugin["components"]}

    def test_coldload_alone_has_the_program_its_words_and_all_but_the_heavy_plugins(self):
        files = self.install("coldload")
        self.assertLessEqual({"bin/coldload", "share/man/man1/coldload.1.gz", "share/zsh/site-functions/_coldload",
                              "share/bash-completion/completions/coldload", "share/coldload/scenarios/quickstart.toml",
                              "share/coldload/schema/result.schema.json"}, files)
        self.assertEqual({name for name in files if name.startswith("include/")}, set())
        provided = self.provided()
        self.assertLessEqual({"backend/local", "backend/staged", "strategy/io_uring", "strategy/command"}, provided)
        self.assertFalse({"backend/s3", "backend/nfs", "backend/http"} & provided)

    def test_the_heavy_plugins_are_one_file_each_and_found_beside_the_others(self):
        files = self.install("s3", "nfs", "http")
        self.assertEqual({name for name in files if not name.startswith("share/doc/")},
                         {f"lib/coldload/plugins/coldload_{name}.so" for name in ("s3", "nfs", "http")})

    def test_together_they_provide_every_backend(self):
        self.install("coldload", "s3", "nfs")
        self.assertLessEqual({"backend/local", "backend/s3", "backend/nfs"}, self.provided())

    def test_headers_are_for_those_who_build_plugins(self):
        files = self.install("dev")
        self.assertIn("include/coldload/abi.h", files)
        self.assertFalse({name for name in files if name.startswith(("bin/", "lib/coldload/plugins/"))})


if __name__ == "__main__":
    unittest.main()
