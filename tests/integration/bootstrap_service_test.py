"""Bootstrap scripts and their service: readiness, its bounds, signals; and values that would rather be shell."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest

from coldload_cli import SOURCE, CliTest, until

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from bootstrap_scripts import (ENDED, LOCKED, MODEL, NOT_READY, SERVER, BootstrapTest, contents, tree)  # noqa: E402


class Service(BootstrapTest, CliTest):
    def test_it_is_started_with_the_model_the_port_and_the_flags_and_waited_for(self):
        plan = self.staged(**self.served("--ready-after", "1", engine_flags=["--load-format", "auto {model}"]))
        process = self.start(plan, env={"LC_ALL": "de_DE.UTF-8", "NOTIFY_SOCKET": ""})
        self.assertIn("current: ", self.wait_for(process, "ready after "))
        model = os.path.join(self.root, "current")
        report = self.report()
        self.assertEqual(report["argv"][0], str(self.port))
        self.assertEqual(report["argv"][-4:], ["--model", model, "--load-format", f"auto {model}"])
        self.assertEqual(report["environment"]["LC_ALL"], "de_DE.UTF-8")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(process)[0], 143)

    def test_sigterm_and_sigint_end_all_of_it(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            process = self.start(self.in_place(**self.served("--child")))
            self.wait_for(process, "ready after ")
            process.send_signal(number)
            code, _, err = self.ended(process)
            self.assertEqual(code, status)
            self.assertEqual(err.splitlines()[0], f"bootstrap: ended by {signal.Signals(number).name}")
            self.assert_nothing_runs()

    def test_its_status_is_the_scripts_and_its_children_end_with_it(self):
        process = self.start(self.in_place(**self.served("--child", "--end-after", "8", "--status", "7")))
        code, out, _ = self.ended(process)
        self.assertIn("the service ended with status 7", out)
        self.assertEqual(code, 7)
        self.assert_nothing_runs()

    def test_one_that_is_never_ready_is_ended_in_time(self):
        for flag in ("--never", "--silent"):
            plan = self.in_place(**self.served(flag, "--child", ready_timeout_ns=2_000_000_000))
            finished = self.bootstrap(plan, expect=NOT_READY)
            self.assertIn("was not ready within 2 s", finished.err)
            self.assertLess(finished.seconds, 60)
            self.assert_nothing_runs()

    def test_one_that_ends_before_it_is_ready_is_told_with_its_status(self):
        finished = self.bootstrap(self.in_place(**self.served("--never", "--child", "--end-after", "1", "--status", "9")), expect=ENDED)
        self.assertIn("the service ended with status 9", finished.err)
        self.assert_nothing_runs()

    def test_without_curl_bash_asks(self):
        process = self.start(self.in_place(**self.served("--ready-after", "1")), env={"PATH": self.tools_without("curl")})
        self.wait_for(process, "ready after ")
        process.send_signal(signal.SIGTERM)
        self.ended(process)
        finished = self.bootstrap(self.in_place(**self.served("--never", ready_timeout_ns=2_000_000_000)),
                                  env={"PATH": self.tools_without("curl")}, expect=NOT_READY)
        self.assertIn("was not ready", finished.err)

    def test_a_second_instance_is_told_who_serves(self):
        plan = self.in_place(**self.served())
        process = self.start(plan)
        self.wait_for(process, "ready after ")
        finished = self.bootstrap(plan, expect=LOCKED)
        self.assertIn(f"is held by process {process.pid} (bash ", finished.err)
        # Preparing beside it is no second service.
        self.bootstrap(plan, "--prepare-only")

    def test_somebody_elses_port_is_not_taken_for_the_service(self):
        with socket.create_server(("127.0.0.1", self.port)):
            finished = self.bootstrap(self.in_place(**self.served()), expect=LOCKED)
        self.assertIn(f"port {self.port} is taken", finished.err)
        self.assertFalse(os.path.exists(self.path("report")))

    def test_systemd_is_told_when_it_is_ready_and_the_service_cannot_tell_it(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            # The name of a socket is short.
            notified.bind(f"\0coldload-{os.getpid()}-{self.port}")
            notified.settimeout(30)
            process = self.start(self.in_place(**self.served()), env={"NOTIFY_SOCKET": f"@coldload-{os.getpid()}-{self.port}"})
            self.wait_for(process, "ready after ")
            self.assertIn("READY=1", notified.recv(4096).decode())
            self.assertNotIn("NOTIFY_SOCKET", self.report()["environment"])
            process.send_signal(signal.SIGTERM)
            self.ended(process)

    def test_a_dry_run_and_preparing_only_start_nothing(self):
        plan = self.staged(**self.served())
        before = tree(self.target)
        self.assertIn("would start: python3 ", self.bootstrap(plan, "--dry-run").out)
        self.assertEqual(tree(self.target), before)
        self.assertEqual(self.bootstrap(plan, "--prepare-only").out.splitlines()[-1], os.path.join(self.root, "current"))
        self.assertFalse(os.path.exists(self.path("report")))

    def test_a_model_that_no_path_leads_to_cannot_be_asked_for(self):
        finished = self.bootstrap(self.in_place(model_directory="", **self.served()), expect=MODEL)
        self.assertIn("no path leads to it", finished.err)

    def test_a_new_version_beside_a_service_waits_until_it_is_ready(self):
        plan = self.staged(**self.served("--ready-after", "8"))
        process = self.start(plan)
        self.assertTrue(until(lambda: os.path.exists(self.path("report")), 30))
        self.bootstrap(plan, "--prepare-only", expect=LOCKED)
        self.wait_for(process, "ready after ")
        self.write("lake/model/config.json", '{"changed": 1}')
        self.bootstrap(plan, "--prepare-only")
        self.assertEqual(contents(self.current()), contents(self.source))


class HostileValues(BootstrapTest, CliTest):
    """Every text of a plan holds what would be run or would end a quote, if it were shell."""

    def hostile(self, place):
        # Scripts run in this test's directory, where what they were made to run would leave a file.
        return f"'; touch ran-{place} #\n\"$(touch ran-{place})\" `touch ran-{place}` \\ ${{IFS}} * & ! \u00ff\u2028"

    def assert_inert(self):
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith("ran")], [])

    def test_they_stay_text_when_staged_and_served(self):
        source, target = self.path(self.hostile("source")), self.path(self.hostile("target"))
        os.rename(self.source, source)
        argv = ["python3", SERVER, "{port}", self.path("report"), self.hostile("argv"), "{model}"]
        plan = {"home": "staged", "scenario": self.hostile("scenario"), "run_id": self.hostile("run"),
                "model_name": self.hostile("name"), "model_bytes": self.weights(source), "source": source, "target_root": target,
                "mounts": [{"directory": source, "mount_point": "", "type": "", "source": ""}],
                "reasons": [self.hostile("reason")], "basis": [self.hostile("basis")],
                "engine_flags": [self.hostile("flag"), "{port}"], "argv": argv, "port": self.port, "health": "/health",
                "ready_timeout_ns": 60_000_000_000, "prewarm": True,
                "read_ahead_device": self.hostile("device"), "read_ahead_bytes": 4096}
        process = self.start(plan)
        self.wait_for(process, "ready after ")
        model = os.path.join(target, plan["model_name"], "current")
        self.assertEqual(self.report()["argv"][2:], [self.hostile("argv"), model, self.hostile("flag"), str(self.port)])
        self.assertEqual(contents(os.path.realpath(model)), contents(source))
        process.send_signal(signal.SIGTERM)
        self.ended(process)
        self.assertIn("already there", self.bootstrap(plan, "--prepare-only").out)
        self.assert_inert()

    def test_they_stay_text_in_what_is_checked(self):
        for key in ("mount_point", "type", "source"):
            mount = {"directory": self.source, "mount_point": "", "type": "", "source": "", key: self.hostile(key)}
            finished = self.bootstrap(self.in_place(mounts=[mount]), expect=11)
            self.assertEqual(finished.err.count("\n"), 1)
        plan = self.in_place(**self.served("--never", health=self.hostile("health"), ready_timeout_ns=1_000_000_000))
        for path in (os.environ["PATH"], self.tools_without("curl")):
            self.bootstrap(plan, expect=NOT_READY, env={"PATH": path})
        self.bootstrap(self.staged(source=self.hostile("url"), source_is_url=True), expect=10)
        self.assert_inert()

    def test_bytes_that_are_no_text_reach_the_service_as_they_are(self):
        name = b"m\xff\x01\xfe"
        model = os.path.join(os.fsencode(self.dir), name)
        shutil.copytree(os.fsencode(self.source), model)
        plan = self.in_place(latin1=True, model_directory=model.decode("latin1"), model_name=name.decode("latin1"),
                             **self.served())
        process = self.start(plan)
        self.wait_for(process, "ready after ")
        self.assertEqual(os.fsencode(self.report()["argv"][-1]), model)


class Unit(BootstrapTest, CliTest):
    def verified(self, plan):
        script, unit = self.render(plan), self.render(plan, "unit")
        os.chmod(script, 0o755)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "bootstrap.service" in line]
        self.assertEqual((done.returncode, ours), (0, []), done.stderr)

    def test_systemd_finds_nothing_wrong(self):
        mounts = [{"directory": self.target, "mount_point": "", "type": "", "source": ""}]
        self.verified(self.staged(mounts=mounts, prewarm=True, read_ahead_device="vda", read_ahead_bytes=1 << 17, **self.served()))
        self.verified(self.staged(mounts=mounts))
        self.verified(self.in_place(home="network", **self.served()))
        self.verified(self.in_place(home="undecided"))

    def test_hostile_names_stay_on_their_lines(self):
        hostile = "a'; %n $HOME \"x\" \\ [Install]"
        self.verified(self.staged(model_name=hostile, scenario=hostile + "\nExecStartPre=/bin/false", target_root=self.path(hostile),
                                  mounts=[{"directory": self.path(hostile), "mount_point": "", "type": "", "source": ""}], **self.served()))

    def test_it_exposes_little(self):
        self.render(self.staged(**self.served()))
        unit = self.render(self.staged(**self.served()), "unit")
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=50", unit], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
