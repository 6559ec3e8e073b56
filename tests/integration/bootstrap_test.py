"""Bootstrap scripts, run for real: staging, mounts, pruning, locks."""

import os
import shutil
import signal
import subprocess
import sys
import unittest
import urllib.parse

from coldload_cli import MIB, SOURCE, CliTest, processes_of, run, until

sys.path.insert(0, os.path.join(SOURCE, "tests/support"))
from bootstrap_scripts import (COPY, CORRUPT, FOREIGN, LOCKED, MODEL, MOUNT, OWN_MANIFEST, SPACE, TOOL, USAGE,  # noqa: E402
                               BootstrapTest, contents, tree)
from faulty_s3 import FaultyS3, Handler  # noqa: E402


# What the script's environment says of servers leads nowhere.
ELSEWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a",
             "AWS_SECRET_ACCESS_KEY": "b"}


class WholeObjects(Handler):
    """rclone asks for objects whole, which the stand-in has no body for."""

    def do_GET(self):
        path = os.path.join(self.server.root, urllib.parse.unquote(self.path.partition("?")[0]).removeprefix("/models/"))
        if "Range" in self.headers or "?" in self.path and "list-type" in self.path or not os.path.isfile(path):
            super().do_GET()
            return
        with open(path, "rb") as file:
            body = file.read()
        self.answer(200, {"Content-Length": str(len(body)), "ETag": '"first"'}, body)


class Staging:
    """What holds with coldload and without it."""

    def test_the_model_is_copied_whole_and_its_directory_printed(self):
        finished = self.bootstrap(self.staged())
        self.assertEqual(finished.out.splitlines()[-1], os.path.join(self.root, "current"))
        self.assertEqual(contents(self.current()), contents(self.source))
        self.assertEqual(finished.err, "")

    def test_a_second_run_changes_nothing(self):
        self.bootstrap(self.staged())
        before = tree(self.target)
        finished = self.bootstrap(self.staged())
        self.assertIn("already there", finished.out)
        self.bootstrap(self.staged(), "--verify")
        self.assertEqual(tree(self.target), before)

    def test_a_dry_run_writes_nothing(self):
        os.rmdir(self.target)
        before = tree(self.dir + "/lake")
        finished = self.bootstrap(self.staged(), "--dry-run")
        self.assertIn("would copy ", finished.out)
        self.assertFalse(os.path.exists(self.target))
        self.assertEqual(tree(self.dir + "/lake"), before)
        os.mkdir(self.target)
        self.bootstrap(self.staged())
        self.write("lake/model/new.json", "{}")
        before = tree(self.target)
        self.bootstrap(self.staged(keep_versions=1), "--dry-run")
        self.assertEqual(tree(self.target), before)

    def test_a_changed_source_is_a_version_of_its_own(self):
        self.bootstrap(self.staged())
        first = self.current()
        self.write("lake/model/config.json", '{"changed": 1}')
        self.bootstrap(self.staged())
        self.assertNotEqual(self.current(), first)
        self.assertEqual(contents(self.current()), contents(self.source))
        self.assertEqual(len(self.versions()), 2)

    def test_a_copy_cut_short_is_made_anew_beside_it_and_removed(self):
        self.bootstrap(self.staged())
        corrupt = self.current()
        shard = os.path.join(corrupt, "model-00001-of-00002.safetensors")
        os.truncate(shard, 100)
        finished = self.bootstrap(self.staged())
        self.assertIn(f"warning: {corrupt} is not as its manifest says", finished.err)
        self.assertNotEqual(self.current(), corrupt)
        self.assertFalse(os.path.exists(corrupt))
        self.assertEqual(contents(self.current()), contents(self.source))
        before = tree(self.target)
        self.bootstrap(self.staged())
        self.assertEqual(tree(self.target), before)

    def test_a_flipped_bit_is_found_when_asked_to_verify(self):
        self.bootstrap(self.staged())
        corrupt = self.current()
        shard = os.path.join(corrupt, "model-00002-of-00002.safetensors")
        before = os.stat(shard)
        with open(shard, "r+b") as file:
            file.seek(MIB // 2)
            byte = file.read(1)
            file.seek(MIB // 2)
            file.write(bytes([byte[0] ^ 1]))
        # A disk that forgets leaves no trace in the file's times.
        os.utime(shard, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.sync()
        finished = self.bootstrap(self.staged(), "--verify")
        self.assertIn("is corrupt", finished.err)
        self.assertFalse(os.path.exists(corrupt))
        self.assertEqual(contents(self.current()), contents(self.source))

    def test_a_full_disk_is_refused_before_anything_is_copied(self):
        before = f"mount -t tmpfs -o size=4m tmpfs {self.target}\ntrap 'ls -A {self.target}/model >{self.path('left')}' EXIT"
        script = self.render(self.staged())
        finished = self.in_namespace(f"{before}\nbash {script}", expect=SPACE)
        self.assertIn("bytes free, and the copy takes", finished.err)
        self.assertEqual(len(finished.err.splitlines()), 1)
        with open(self.path("left"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "")

    def test_the_reserve_stays_free(self):
        finished = self.bootstrap(self.staged(reserve_bytes=1 << 60), expect=SPACE)
        self.assertIn(f"beside a reserve of {1 << 60}", finished.err)

    def test_a_foreign_directory_at_the_place_is_refused_and_not_touched(self):
        self.bootstrap(self.staged())
        place = self.current()
        for name in (OWN_MANIFEST, ".coldload-manifest"):
            if os.path.exists(os.path.join(place, name)):
                os.remove(os.path.join(place, name))
        os.remove(os.path.join(self.root, "current"))
        before = tree(self.target)
        finished = self.bootstrap(self.staged(), expect=FOREIGN)
        self.assertIn(f"{place} carries no manifest of ours", finished.err)
        self.assertEqual(tree(self.target), before)

    def test_somebodys_model_at_the_place_is_refused_and_not_touched(self):
        shutil.copytree(self.source, self.root)
        before = tree(self.target)
        finished = self.bootstrap(self.staged(), expect=FOREIGN)
        self.assertIn("which is not ours", finished.err)
        self.assertEqual(tree(self.target), before)

    def test_a_foreign_current_is_refused_and_not_touched(self):
        os.makedirs(self.root)
        os.symlink(self.source, os.path.join(self.root, "current"))
        before = tree(self.target)
        self.bootstrap(self.staged(), expect=FOREIGN)
        self.assertEqual(tree(self.target), before)

    def test_a_source_that_is_not_whole_is_not_copied(self):
        finished = self.bootstrap(self.staged(model_bytes=self.weights() + 1), expect=MODEL)
        self.assertIn("it is not whole", finished.err)
        self.assertEqual(os.listdir(self.root), [])

    def test_a_second_instance_is_told_who_is_at_work(self):
        os.makedirs(self.root)
        holder = subprocess.Popen(["flock", self.root, "sleep", "60"])
        self.addCleanup(lambda: (holder.kill(), holder.wait()))
        self.assertTrue(until(lambda: subprocess.run(["flock", "-n", self.root, "true"], check=False).returncode == 1, 10))
        finished = self.bootstrap(self.staged(), expect=LOCKED)
        self.assertIn(f"the lock of {self.root} is held by process ", finished.err)
        # end the sleep that flock left
        subprocess.run(["pkill", "-P", str(holder.pid)], check=False)

    def add_versions(self, count):
        made = []
        for number in range(count):
            self.write("lake/model/config.json", f'{{"version": {number}, "pad": "{"x" * number}"}}')
            self.bootstrap(self.staged(keep_versions=99))
            made.append(self.current())
        return made

    def test_pruning_keeps_the_newest_and_never_what_is_foreign_or_in_use(self):
        made = self.add_versions(5)
        foreign = os.path.join(self.root, "by-hand")
        shutil.copytree(self.source, foreign)
        changed = made[2]
        self.write(os.path.join(changed, "notes.txt"), "mine")
        with open(os.path.join(made[1], "config.json"), "rb"):
            finished = self.bootstrap(self.staged(keep_versions=2))
        self.assertFalse(os.path.exists(made[0]))
        for kept in (made[1], changed, made[3], made[4], foreign):
            self.assertTrue(os.path.isdir(kept), kept)
        self.assertIn(f"{made[1]} stays: it is in use by process {os.getpid()}", finished.err)
        self.assertIn(f"{changed} stays: it holds notes.txt, which is not ours", finished.err)
        self.bootstrap(self.staged(keep_versions=2))
        self.assertFalse(os.path.exists(made[1]))

    def test_a_version_that_is_only_mapped_or_only_mounted_is_in_use(self):
        made = self.add_versions(3)
        hold = ("import mmap,sys,time\nfile=open(sys.argv[1],'rb')\nmap=mmap.mmap(file.fileno(),0,prot=mmap.PROT_READ)\n"
                "file.close()\nprint(1,flush=True)\ntime.sleep(60)")
        mapper = subprocess.Popen([sys.executable, "-c", hold, os.path.join(made[0], "model-00001-of-00002.safetensors")],
                                  stdout=subprocess.PIPE)
        mounter = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "bash", "-ec",
                                    f"mount --bind {made[1]} /mnt; echo 1; exec sleep 60"], stdout=subprocess.PIPE)
        for process in (mapper, mounter):
            self.addCleanup(lambda process=process: (process.kill(), process.communicate()))
            process.stdout.readline()
        finished = self.bootstrap(self.staged(keep_versions=1))
        self.assertIn(f"{made[0]} stays: it is in use by process {mapper.pid}", finished.err)
        self.assertIn(f"{made[1]} stays: it is in use by process {mounter.pid}", finished.err)
        self.assertEqual(len(self.versions()), 3)

    def test_a_copy_ended_by_a_signal_leaves_nothing(self):
        self.small_model("lake/model", shards=(256 * MIB,))
        process = self.start(self.staged())
        self.assertTrue(until(self.partials, 30))
        process.send_signal(signal.SIGTERM)
        code, _, err = self.ended(process)
        self.assertEqual((code, err), (143, "bootstrap: ended by SIGTERM\n"))
        self.assert_nothing_runs()
        self.assertEqual(self.versions(), [])

    def partials(self):
        return [name for name in os.listdir(self.root) if name.endswith(".partial")] if os.path.isdir(self.root) else []

    def in_namespace(self, lines, expect):
        self.needs_root()
        finished = run(["unshare", "--mount", "--propagation", "private", "bash", "-uc", lines], env=self.variables())
        self.assertEqual(finished.code, expect, str(finished))
        return finished


class StagingByPlainTools(Staging, BootstrapTest, CliTest):
    def test_a_disk_that_fills_while_copying_leaves_no_copy(self):
        # No inodes left: space was counted, and is there.
        before = f"mount -t tmpfs -o size=64m,nr_inodes=4 tmpfs {self.target}\ntrap 'ls -A {self.target}/model >{self.path('left')}' EXIT"
        script = self.render(self.staged())
        finished = self.in_namespace(f"{before}\nbash {script}", expect=COPY)
        self.assertIn("No space left on device", finished.err)
        self.assertEqual(len(finished.err.splitlines()), 1)
        with open(self.path("left"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "")

    def test_what_a_killed_copy_left_is_swept_by_the_next(self):
        self.small_model("lake/model", shards=(256 * MIB,))
        process = self.start(self.staged())
        self.assertTrue(until(lambda: any(os.path.exists(os.path.join(self.root, name, OWN_MANIFEST))
                                          for name in self.partials()), 30))
        process.kill()
        # Its watchdog holds the pipes and would be waited for; what is killed may just have begun another.
        self.assertTrue(until(lambda: self.end_processes() or not processes_of(self.dir), 10))
        process.communicate()
        self.assertEqual(len(self.partials()), 1)
        self.bootstrap(self.staged())
        self.assertEqual(self.partials(), [])
        self.assertEqual(contents(self.current()), contents(self.source))

    def test_links_of_a_cache_entry_become_files_and_folders_stay(self):
        blob = self.path("lake/blob")
        os.rename(os.path.join(self.source, "model-00001-of-00002.safetensors"), blob)
        os.symlink("../blob", os.path.join(self.source, "model-00001-of-00002.safetensors"))
        self.write("lake/model/tokenizer/a b.json", "{}")
        self.bootstrap(self.staged(model_bytes=self.weights()))
        self.assertEqual(contents(self.current()), contents(self.source))
        self.assertFalse(os.path.islink(os.path.join(self.current(), "model-00001-of-00002.safetensors")))

    def test_names_with_control_characters_are_refused(self):
        self.write("lake/model/a\nb.json", "{}")
        self.bootstrap(self.staged(), expect=COPY)
        self.assertEqual(os.listdir(self.root), [])

    def test_objects_of_s3_come_by_rclone(self):
        with FaultyS3(self.path("lake")) as server:
            server.RequestHandlerClass = WholeObjects
            env = {"AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
            plan = self.staged(source="s3://models/model", source_is_url=True)
            self.bootstrap(plan, env=env)
            self.assertEqual(contents(self.current()), contents(self.source))
            before = tree(self.target)
            self.bootstrap(plan, env=env)
            self.assertEqual(tree(self.target), before)

    def test_who_may_not_read_the_source_may_not_read_the_copy(self):
        os.chmod(os.path.join(self.source, "config.json"), 0o600)
        os.chmod(os.path.join(self.source, "model-00001-of-00002.safetensors"), 0o777)
        self.bootstrap(self.staged())
        names = ("config.json", "model-00001-of-00002.safetensors")
        self.addCleanup(os.umask, os.umask(0o022))
        self.assertEqual([os.stat(os.path.join(self.current(), name)).st_mode & 0o777 for name in names], [0o600, 0o644])
        os.umask(0o077)
        os.utime(os.path.join(self.source, "config.json"))
        self.bootstrap(self.staged())
        self.assertEqual([os.stat(os.path.join(self.current(), name)).st_mode & 0o777 for name in names], [0o600, 0o600])

    def test_rclone_asks_the_server_that_the_scenario_names(self):
        with FaultyS3(self.path("lake")) as server:
            server.RequestHandlerClass = WholeObjects
            options = [f"endpoint={server.endpoint}", "region=eu-north-1", "addressing=path", "proxy=none", "connections=3"]
            plan = self.staged(source="s3://models/model", source_is_url=True, source_options=options)
            self.bootstrap(plan, env=ELSEWHERE)
            self.assertEqual(contents(self.current()), contents(self.source))
            # Nobody's credentials: it is listed once more, unsigned.
            nobody = {**ELSEWHERE, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
            self.bootstrap({**plan, "source_options": [*options, "anonymous=true"]}, env=nobody)
            self.assertNotEqual(self.bootstrap(plan, env=nobody, expect=COPY).err, "", "signed by nobody")

    def told_to_rclone(self, options, **env):
        """The environment of the rclone that such options lead to."""
        program = self.write("bin/rclone", f"#!/bin/sh\nenv >{self.path('told')}\nexit 1\n")
        os.chmod(program, 0o755)
        path = f"{os.path.dirname(program)}:{os.environ['PATH']}"
        self.bootstrap(self.staged(source="s3://models/model", source_is_url=True, source_options=options), expect=COPY,
                       env={"PATH": path, **env})
        with open(self.path("told"), encoding="utf-8") as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)

    def test_rclone_is_told_what_the_scenario_says(self):
        told = self.told_to_rclone(["endpoint=http://h:9", "addressing=virtual", "ca_file=/etc/a b.pem", "anonymous=true",
                                    "proxy=http://p:1", "part_size=8 MiB"], AWS_REGION="eu-west-1", AWS_CA_BUNDLE="/theirs",
                                   NO_PROXY="h")
        said = {"RCLONE_S3_ENDPOINT": "http://h:9", "RCLONE_S3_PROVIDER": "Other", "RCLONE_S3_FORCE_PATH_STYLE": "false",
                "RCLONE_CA_CERT": "/etc/a b.pem", "RCLONE_S3_ENV_AUTH": "false", "HTTPS_PROXY": "http://p:1",
                "HTTP_PROXY": "http://p:1", "NO_PROXY": "", "RCLONE_S3_REGION": "eu-west-1"}
        self.assertEqual({name: told.get(name) for name in said}, said)
        self.assertNotIn("AWS_CA_BUNDLE", told)
        told = self.told_to_rclone([], AWS_ENDPOINT_URL_S3="http://theirs", AWS_CA_BUNDLE="/theirs")
        said = {"RCLONE_S3_ENDPOINT": "http://theirs", "RCLONE_CA_CERT": "/theirs", "RCLONE_S3_ENV_AUTH": "true"}
        self.assertEqual({name: told.get(name) for name in said}, said)
        self.assertEqual(self.told_to_rclone(["region=mars", "proxy=none"])["NO_PROXY"], "*")

    def test_a_url_that_nothing_here_reads_is_refused(self):
        path = self.tools_without("coldload", "rclone")
        finished = self.bootstrap(self.staged(source="s3://models/model", source_is_url=True), expect=TOOL, env={"PATH": path})
        self.assertIn("neither is here", finished.err)

    def test_a_missing_program_is_named(self):
        finished = self.bootstrap(self.staged(), expect=TOOL, env={"PATH": self.tools_without("sha256sum", "findmnt")})
        self.assertIn("findmnt", finished.err)
        self.assertIn("sha256sum", finished.err)

    def test_a_coldload_that_is_none_is_no_reason_to_copy_by_other_means(self):
        finished = self.bootstrap(self.staged(), expect=TOOL, env={"COLDLOAD": "/nowhere/coldload"})
        self.assertIn("COLDLOAD names /nowhere/coldload, which is no program", finished.err)

    def test_a_wrong_argument_is_refused_and_help_is_not(self):
        self.bootstrap(self.staged(), "--dri-run", expect=USAGE)
        self.assertIn("exit status", self.bootstrap(self.staged(), "--help").out)


class StagingByColdload(Staging, BootstrapTest, CliTest):
    with_coldload = True

    def test_the_copy_is_coldloads(self):
        self.bootstrap(self.staged())
        self.assertTrue(os.path.isfile(os.path.join(self.current(), ".coldload-manifest")))

    def test_a_copy_made_without_coldload_is_taken_as_it_is(self):
        self.with_coldload = False
        self.bootstrap(self.staged())
        before = tree(self.target)
        self.with_coldload = True
        self.bootstrap(self.staged(), "--verify")
        self.assertEqual(tree(self.target), before)

    def test_a_copy_made_by_coldload_cannot_be_verified_without_it(self):
        self.bootstrap(self.staged())
        self.with_coldload = False
        self.bootstrap(self.staged())
        finished = self.bootstrap(self.staged(), "--verify", expect=TOOL)
        self.assertIn("which alone can verify it", finished.err)

    def test_objects_of_s3_and_a_second_run(self):
        with FaultyS3(self.path("lake")) as server:
            env = {"AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
            plan = self.staged(source="s3://models/model", source_is_url=True)
            self.bootstrap(plan, "--dry-run", env=env)
            self.bootstrap(plan, env=env)
            self.assertEqual(contents(self.current()), contents(self.source))
            before = tree(self.target)
            self.bootstrap(plan, env=env)
            self.assertEqual(tree(self.target), before)
            elsewhere = self.staged(source="s3://models/elsewhere", source_is_url=True)
            self.assertIn("cannot be copied", self.bootstrap(elsewhere, "--dry-run", expect=COPY, env=env).err)


    def test_coldload_asks_the_server_that_the_scenario_names(self):
        with FaultyS3(self.path("lake")) as server:
            plan = self.staged(source="s3://models/model", source_is_url=True, source_options=[
                f"endpoint={server.endpoint}", "anonymous=true", "proxy=none", "part_size=1 MiB"])
            self.bootstrap(plan, "--dry-run", env=ELSEWHERE)
            self.bootstrap(plan, env=ELSEWHERE)
            self.assertEqual(contents(self.current()), contents(self.source))
            self.assertIn("already there", self.bootstrap(plan, "--verify", env=ELSEWHERE).out)

    def test_no_more_is_left_free_than_the_plan_says(self):
        before = f"mount -t tmpfs -o size=64m tmpfs {self.target}"
        self.bootstrap(self.staged(reserve_bytes=0), before=before)
        finished = self.bootstrap(self.staged(reserve_bytes=1 << 30), before=before, expect=SPACE)
        self.assertIn("beside a reserve of 1073741824", finished.err)


class Mounts(BootstrapTest, CliTest):
    def mounted(self, **changes):
        mount = {"directory": self.path("disk/models"), "mount_point": self.path("disk"), "type": "ext4", "source": "", **changes}
        return self.staged(target_root=self.path("disk/models"), mounts=[mount])

    def loop(self, file_system="ext4"):
        """Lines that mount a small disk at disk/."""
        image = self.path("image")
        with open(image, "wb") as file:
            file.truncate(64 * MIB)
        os.makedirs(self.path("disk/models"))
        return f"mkfs.{file_system} -q {image}\nmount -o loop {image} {self.path('disk')}\nmkdir {self.path('disk/models')}"

    def test_the_measured_file_system_is_accepted(self):
        finished = self.bootstrap(self.mounted(), before=self.loop())
        self.assertIn("copied and verified", finished.out)

    def test_a_mount_that_is_missing_is_an_empty_directory_and_is_caught(self):
        os.makedirs(self.path("disk/models"))
        finished = self.bootstrap(self.mounted(), expect=MOUNT)
        self.assertIn(f"{self.path('disk')} is not mounted: {self.path('disk/models')} lies on ", finished.err)
        self.assertEqual(os.listdir(self.path("disk/models")), [])

    def test_a_missing_mount_of_unknown_place_is_caught_by_its_source(self):
        os.makedirs(self.path("disk/models"))
        finished = self.bootstrap(self.mounted(mount_point="", source="/dev/nvme9n9"), expect=MOUNT)
        self.assertIn("was measured on /dev/nvme9n9", finished.err)

    def test_another_file_system_is_refused(self):
        os.makedirs(self.path("disk"))
        before = f"mount -t tmpfs tmpfs {self.path('disk')}\nmkdir {self.path('disk/models')}"
        finished = self.bootstrap(self.mounted(), before=before, expect=MOUNT)
        self.assertIn("lies on tmpfs", finished.err)
        self.assertIn("was measured on ext4", finished.err)

    def test_another_device_at_the_same_place_is_told_and_not_refused(self):
        finished = self.bootstrap(self.mounted(source="/dev/nvme9n9"), before=self.loop())
        self.assertIn("and was /dev/nvme9n9 when it was measured", finished.err)

    def test_a_target_that_is_to_be_made_is_judged_by_what_it_will_lie_on(self):
        lines = self.loop() + f"\nrmdir {self.path('disk/models')}"
        self.bootstrap(self.mounted(), before=lines)

    def test_a_directory_that_is_not_there_is_refused(self):
        plan = self.in_place(mounts=[{"directory": self.path("gone"), "mount_point": self.path("gone"), "type": "nfs4", "source": ""}])
        finished = self.bootstrap(plan, expect=MOUNT)
        self.assertIn(f"{self.path('gone')} is not there", finished.err)

    def test_the_topmost_of_two_mounts_counts_and_odd_names_are_read(self):
        place = self.path("a b\\x")
        os.makedirs(place)
        plan = self.in_place(mounts=[{"directory": place, "mount_point": place, "type": "tmpfs", "source": "top"}])
        finished = self.bootstrap(plan, before=f"mount -t ramfs below '{place}'\nmount -t tmpfs top '{place}'")
        self.assertEqual(finished.err, "")


class InPlace(BootstrapTest, CliTest):
    def test_nothing_is_copied_and_the_directory_printed(self):
        for home in ("local_disk", "network", "undecided"):
            before = tree(self.dir)
            finished = self.bootstrap(self.in_place(home=home))
            self.assertEqual(finished.out.splitlines()[-1], self.source)
            after = tree(self.dir)
            for name in ("bootstrap.sh", "runtime"):
                before.pop(name, None)
                after.pop(name, None)
            self.assertEqual(after, before)

    def test_a_model_that_is_missing_or_not_whole_is_refused(self):
        self.assertIn("it is not whole", self.bootstrap(self.in_place(model_bytes=self.weights() + 1), expect=MODEL).err)
        os.mkdir(self.path("empty"))
        self.assertIn("holds no *.safetensors", self.bootstrap(self.in_place(model_directory=self.path("empty")), expect=MODEL).err)
        self.assertIn("No such file", self.bootstrap(self.in_place(model_directory=self.path("gone")), expect=MODEL).err)

    def test_verifying_where_nothing_was_copied_says_that_nothing_was_compared(self):
        self.assertIn("no byte was compared", self.bootstrap(self.in_place(), "--verify").err)

    def test_another_size_is_told(self):
        self.assertIn("were measured", self.bootstrap(self.in_place(model_bytes=1)).err)

    def resident_bytes(self):
        out = subprocess.run(["fincore", "--bytes", "--noheadings", "--output", "RES",
                              *(os.path.join(self.source, f"model-0000{n}-of-00002.safetensors") for n in (1, 2))],
                             capture_output=True, text=True, check=True).stdout
        return sum(map(int, out.split()))

    def warmed(self, **env):
        for name in os.listdir(self.source):
            subprocess.run(["dd", f"if={os.path.join(self.source, name)}", "iflag=nocache", "count=0", "status=none"], check=True)
        self.assertLess(self.resident_bytes(), self.weights() / 2)
        finished = self.bootstrap(self.in_place(prewarm=True), env=env)
        self.assertGreaterEqual(self.resident_bytes(), self.weights())
        self.assertEqual(finished.err, "")
        return finished

    def test_the_page_cache_is_filled_by_vmtouch_or_by_cat(self):
        self.assertIn("filled with 2 shards", self.warmed().out)
        self.assertIn("filled with 2 shards", self.warmed(PATH=self.tools_without("vmtouch", "coldload")).out)

    def test_the_page_cache_is_filled_by_coldload(self):
        self.with_coldload = True
        self.assertIn("by coldload", self.warmed().out)

    def test_what_does_not_fit_into_memory_stays_cold_and_is_told(self):
        os.truncate(os.path.join(self.source, "model-00001-of-00002.safetensors"), 1 << 42)
        finished = self.bootstrap(self.in_place(prewarm=True, model_bytes=1), "--prepare-only")
        self.assertIn("1 of 2 shards do not fit into memory and stay cold", finished.err)
        self.assertIn("filled with 1 shards", finished.out)

    def test_read_ahead_becomes_what_was_measured(self):
        self.needs_root()
        with open(self.path("image"), "wb") as file:
            file.truncate(MIB)
        device = subprocess.run(["losetup", "--find", "--show", self.path("image")], capture_output=True, text=True, check=True).stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "--detach", device], check=True)
        setting = f"/sys/class/block/{os.path.basename(device)}/queue/read_ahead_kb"
        with open(setting, "w", encoding="ascii") as file:
            file.write("256")
        plan = self.in_place(read_ahead_device=device, read_ahead_bytes=512 << 10)
        self.assertIn("from 256 to 512 KiB", self.bootstrap(plan, "--dry-run").out)
        self.assertIn("512 KiB, was 256", self.bootstrap(plan).out)
        with open(setting, encoding="ascii") as file:
            self.assertEqual(file.read().strip(), "512")
        self.assertIn("512 KiB, as measured", self.bootstrap(plan).out)
        sealed = f"mount -o remount,bind,ro /sys 2>/dev/null || mount -t sysfs -o ro sysfs /sys"
        finished = self.bootstrap({**plan, "read_ahead_bytes": 128 << 10}, before=sealed)
        self.assertIn("stays at 512 KiB and was measured at 128", finished.err)

    def test_a_device_without_read_ahead_is_told(self):
        finished = self.bootstrap(self.in_place(read_ahead_device="nvme9n9", read_ahead_bytes=128 << 10))
        self.assertIn("its 128 KiB when it was measured are not in effect", finished.err)


if __name__ == "__main__":
    unittest.main()
