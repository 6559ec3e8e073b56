"""What `./dev package` makes, on the systems it is made for: run by `./dev package --test`, as root."""

import glob
import json
import os
import subprocess
import tempfile
import unittest

from root_system import NOBODY, RootSystem

PACKAGES = os.environ["COLDLOAD_PACKAGES"]
ROOT_SYSTEMS = os.environ["COLDLOAD_ROOT_SYSTEMS"]
SOURCE = os.environ["COLDLOAD_SOURCE"]
STRATEGIES = ("io_uring", "mmap", "parallel", "sequential")
# What is tried is that it runs, not how fast.
SHARD_BYTES = (24_000_001, 9_000_017)


def only_file(pattern):
    found = glob.glob(os.path.join(PACKAGES, pattern))
    if len(found) != 1:
        raise FileNotFoundError(f"{PACKAGES}/{pattern}: expected one file, found {found}; ./dev package makes it")
    return found[0]


def write_model(directory, user):
    """Shards of random bytes with a safetensors header each, and their index."""
    os.mkdir(directory)
    files = {}
    for number, size in enumerate(SHARD_BYTES, 1):
        header = json.dumps({f"t{number}": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
        name = f"model-{number:05}-of-{len(SHARD_BYTES):05}.safetensors"
        files[name] = len(header).to_bytes(8, "little") + header + os.urandom(size)
    weight_map = {f"t{number}": name for number, name in enumerate(files, 1)}
    files["model.safetensors.index.json"] = json.dumps({"metadata": {"total_size": sum(SHARD_BYTES)},
                                                        "weight_map": weight_map}).encode()
    files["config.json"] = b"{}"
    for name, content in files.items():
        with open(os.path.join(directory, name), "wb") as file:
            file.write(content)
    for path in (directory, *(os.path.join(directory, name) for name in files)):
        os.chown(path, user, user)
    os.sync()


class PackageTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def enter(cls, name):
        """A fresh copy of one of the root systems, gone after the class."""
        system = RootSystem(cls.scratch(), tar=os.path.join(ROOT_SYSTEMS, f"{name}.tar"))
        cls.addClassCleanup(system.remove)
        return system

    @classmethod
    def scratch(cls):
        # Beside the packages and not in /tmp, which may be in memory, where nothing is ever cold.
        scratch = tempfile.TemporaryDirectory(prefix="test-", dir=PACKAGES)
        cls.addClassCleanup(scratch.cleanup)
        return scratch.name

    def succeed(self, system, *command, **more):
        finished = system.run(*command, **more)
        self.assertEqual(finished.returncode, 0, f"{command}: {finished.stdout}\n{finished.stderr}")
        return finished.stdout

    def quick(self, system, program, user, directory, **more):
        """The cases of `quick` by strategy, on a model of that user's; all that is left is in `directory`."""
        system.make_directory(directory, user)
        model = f"{directory}/model"
        write_model(system.path(model), user)
        text = self.succeed(system, program, "quick", model, "--runs", "1", "--format", "json", "--out",
                            f"{directory}/run", user=user, directory=directory, **more)
        document = json.loads(text)
        self.assertEqual(document["environment"]["privileged"], user == 0)
        return {case["strategy"]: case for case in document["cases"]}, document

    def assert_all_ran(self, cases):
        self.assertEqual({name: case["status"] for name, case in cases.items()}, dict.fromkeys(STRATEGIES, "ok"))


class TarballOnDebian11(PackageTest):
    """The oldest glibc it is made for, 2.31, and nothing installed."""

    @classmethod
    def setUpClass(cls):
        cls.system = cls.enter("bullseye")
        cls.system.unpack(only_file("coldload-*-linux-*.tar.gz"), "/opt")
        cls.program = "/" + os.path.relpath(glob.glob(cls.system.path("/opt/coldload-*/bin/coldload"))[0],
                                            cls.system.root)

    def test_the_system_is_as_old_as_it_should_be(self):
        self.assertIn("GLIBC 2.31", self.succeed(self.system, "/lib/x86_64-linux-gnu/libc.so.6"))

    def test_quick_runs_as_root(self):
        cases, _ = self.quick(self.system, self.program, 0, "/var/by-root")
        self.assert_all_ran(cases)

    def test_quick_runs_as_a_user_who_owns_nothing_of_it(self):
        cases, document = self.quick(self.system, self.program, NOBODY, "/var/by-nobody")
        self.assert_all_ran(cases)
        self.assertTrue(all(run["status"] == "ok" for run in document["runs"]), document["runs"])

    def test_it_runs_from_where_a_user_unpacked_it_and_by_a_link(self):
        self.system.make_directory("/home/somebody", NOBODY)
        tarball = only_file("coldload-*-linux-*.tar.gz")
        os.link(tarball, self.system.path("/home/coldload.tar.gz"))
        self.succeed(self.system, "tar", "-xzf", "/home/coldload.tar.gz", user=NOBODY, directory="/home/somebody")
        folder = os.path.basename(tarball).removesuffix(".tar.gz")
        relative = self.succeed(self.system, f"./{folder}/bin/coldload", "list", user=NOBODY, directory="/home/somebody")
        self.assertIn(f"/home/somebody/{folder}/lib/coldload/plugins/coldload_local.so", relative)
        os.symlink(f"{folder}/bin/coldload", self.system.path("/home/somebody/coldload"))
        cases, _ = self.quick(self.system, "/home/somebody/coldload", NOBODY, "/var/by-link")
        self.assert_all_ran(cases)

    def test_only_what_needs_libcurl_is_refused_and_what_it_lacks_is_named(self):
        listed = json.loads(self.succeed(self.system, self.program, "list", "plugins", "--json"))
        self.assertEqual([os.path.basename(each["file"]) for each in listed["refused"]],
                         ["coldload_http.so", "coldload_s3.so"])
        for refused in listed["refused"]:
            self.assertRegex(refused["reason"], r"^cannot be opened: lib(curl|ssl|crypto)\.so\.\d+: cannot open")
        self.assertGreaterEqual(len(listed["plugins"]), 10)
        self.assertEqual({plugin["owner"] for plugin in listed["plugins"]}, {"root:root"})

    def test_what_a_plugin_throws_is_caught_and_told(self):
        scenario = self.system.path("/var/absent.toml")
        with open(scenario, "w", encoding="utf-8") as file:
            file.write('schema = 1\n[model]\npath = "m"\n[backend.local]\nroot = "/nowhere"\n[strategy.sequential]\n')
        finished = self.system.run(self.program, "plan", "/var/absent.toml")
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("/nowhere: No such file or directory", finished.stdout + finished.stderr)

    def test_its_manual_and_completions_are_beside_it(self):
        folder = os.path.dirname(os.path.dirname(self.program))
        for name in ("share/man/man1/coldload.1.gz", "share/bash-completion/completions/coldload",
                     "share/zsh/site-functions/_coldload", "share/coldload/scenarios/quickstart.toml", "README", "LICENSE",
                     "share/doc/coldload/linked/libnfs-dev"):
            self.assertTrue(os.path.isfile(self.system.path(f"{folder}/{name}")), name)


class DebianPackages(PackageTest):
    """On Debian 12 with what they depend on."""

    NAMES = ("coldload", "coldload-plugin-http", "coldload-plugin-nfs", "coldload-plugin-s3", "libcoldload-dev")
    # The package manager's own notes.
    NOTES = ("var/lib/dpkg/", "var/log/", "var/cache/")

    def files(self):
        return {path for path in self.system.files() if not path.startswith(self.NOTES)}

    def setUp(self):
        self.system = self.enter("bookworm")
        self.before = self.files()
        os.mkdir(self.system.path("/packages"))
        for name in self.NAMES:
            os.link(only_file(f"{name}_*.deb"), self.system.path(f"/packages/{name}.deb"))

    def dpkg(self, *arguments):
        return self.succeed(self.system, "dpkg", *arguments)

    def test_they_install_work_and_purge_without_a_trace(self):
        self.dpkg("-i", *(f"/packages/{name}.deb" for name in self.NAMES))
        listed = json.loads(self.succeed(self.system, "coldload", "list", "plugins", "--json"))
        self.assertEqual(listed["refused"], [])
        provided = {component for plugin in listed["plugins"] for component in plugin["components"]}
        self.assertLessEqual({"backend/local", "backend/s3", "backend/nfs", "strategy/io_uring"}, provided)
        for path in ("/usr/share/man/man1/coldload.1.gz", "/usr/share/bash-completion/completions/coldload",
                     "/usr/share/zsh/site-functions/_coldload", "/usr/include/coldload/abi.h"):
            self.assertTrue(os.path.isfile(self.system.path(path)), path)
        cases, _ = self.quick(self.system, "/usr/bin/coldload", NOBODY, "/var/by-nobody")
        self.assert_all_ran(cases)
        self.dpkg("--purge", *self.NAMES)
        left = {path for path in self.files() - self.before
                if not path.startswith(("packages", "var/by-nobody", "proc/", "sys/", "dev/"))}
        self.assertEqual(left, set())
        self.assertEqual(self.before - self.files(), set())

    def test_without_the_heavy_plugins_there_is_no_trace_of_them(self):
        self.dpkg("-i", "/packages/coldload.deb")
        listed = json.loads(self.succeed(self.system, "coldload", "list", "plugins", "--json"))
        self.assertEqual(listed["refused"], [])
        provided = {component for plugin in listed["plugins"] for component in plugin["components"]}
        self.assertFalse({"backend/s3", "backend/nfs", "backend/http"} & provided)
        needed = subprocess.run(["dpkg-deb", "-f", only_file("coldload_*.deb"), "Depends"], capture_output=True, text=True,
                                check=True).stdout
        self.assertNotRegex(needed, "curl|ssl|nfs")


class Image(PackageTest):
    """The files of the image, as a container runtime would run them."""

    @classmethod
    def setUpClass(cls):
        scratch = cls.scratch()
        layout, bundle = os.path.join(scratch, "layout"), os.path.join(scratch, "bundle")
        archive = only_file("coldload-*-oci.tar")
        os.mkdir(layout)
        subprocess.run(["tar", "-C", layout, "-xf", archive], check=True)
        with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
            tag = json.load(file)["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        subprocess.run(["umoci", "unpack", "--image", f"{layout}:{tag}", bundle], check=True, capture_output=True)
        with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
            cls.process = json.load(file)["process"]
        cls.system = RootSystem(scratch, directory=os.path.join(bundle, "rootfs"))

    def test_its_user_is_not_root_and_it_starts_coldload_where_that_user_may_write(self):
        self.assertEqual((self.process["user"]["uid"], self.process["user"]["gid"]), (65532, 65532))
        self.assertEqual(self.process["args"], ["/usr/bin/coldload", "--help"])
        status = os.stat(self.system.path(self.process["cwd"]))
        self.assertEqual((self.process["cwd"], status.st_uid), ("/results", 65532))

    def test_quick_runs_as_its_user(self):
        user = self.process["user"]["uid"]
        cases, _ = self.quick(self.system, self.process["args"][0], user, "/results/quick")
        self.assert_all_ran(cases)

    def test_where_the_default_seccomp_profile_forbids_io_uring_that_case_is_skipped_by_name(self):
        # As docs/kubernetes/job.yaml has it: somebody else's model, nothing but /results to write to.
        user = self.process["user"]["uid"]
        os.mkdir(self.system.path("/models"))
        write_model(self.system.path("/models/model"), 0)
        text = self.succeed(self.system, self.process["args"][0], "quick", "/models/model", "--out", "/results/run", "--yes",
                            "--runs", "1", "--format", "json", user=user, directory=self.process["cwd"],
                            without_io_uring=True, only_writable="/results")
        document = json.loads(text)
        cases = {case["strategy"]: case for case in document["cases"]}
        self.assertEqual(cases.pop("io_uring")["status"], "skipped")
        self.assertEqual({run["proof"]["kind"] for run in document["runs"] if run["status"] == "ok"}, {"bytes"})
        self.assertEqual({case["status"] for case in cases.values()}, {"ok"})
        reason = next(case["reason"] for case in document["cases"] if case["strategy"] == "io_uring")
        self.assertIn("io_uring is refused: Operation not permitted", reason)
        self.assertIn("seccomp", reason)

    def test_every_plugin_loads_and_authorities_for_https_are_there(self):
        listed = json.loads(self.succeed(self.system, "/usr/bin/coldload", "list", "plugins", "--json"))
        self.assertEqual(listed["refused"], [])
        self.assertIn("backend/s3", {component for plugin in listed["plugins"] for component in plugin["components"]})
        self.assertGreater(os.path.getsize(self.system.path("/etc/ssl/certs/ca-certificates.crt")), 100_000)


if __name__ == "__main__":
    unittest.main()
