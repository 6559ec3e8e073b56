"""docs/kubernetes/job.yaml fits the image and the command line. No API server is here to ask."""

import os
import re
import unittest

import yaml

from coldload_cli import SOURCE, CliTest


class Job(CliTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "docs/kubernetes/job.yaml"), encoding="utf-8") as file:
            self.job = yaml.safe_load(file)
        self.pod = self.job["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]

    def test_it_runs_as_the_images_user_confined_and_writes_only_results(self):
        with open(os.path.join(SOURCE, "cmake/dev/package.sh"), encoding="utf-8") as file:
            user, group = re.search(r"--config\.user (\d+):(\d+)", file.read()).groups()
        security = self.pod["securityContext"]
        self.assertIs(security["runAsNonRoot"], True)
        self.assertEqual((security["runAsUser"], security["runAsGroup"]), (int(user), int(group)))
        self.assertEqual(security["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertEqual(self.container["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        writable = [mount["mountPath"] for mount in self.container["volumeMounts"] if not mount.get("readOnly")]
        self.assertEqual(writable, ["/results"])
        self.assertEqual({mount["name"] for mount in self.container["volumeMounts"]},
                         {volume["name"] for volume in self.pod["volumes"]})

    def test_coldload_takes_its_arguments(self):
        model = self.small_model("models/model")
        arguments = [part.replace("/models/model", model).replace("/results", self.dir)
                     for part in self.container["args"]]
        self.assertNotEqual(arguments, self.container["args"])
        self.assertIn("local/sequential/stream/cold", self.coldload(*arguments, "--dry-run").out)


if __name__ == "__main__":
    unittest.main()
