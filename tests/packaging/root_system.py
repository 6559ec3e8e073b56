"""A root file system of another distribution, unpacked on the disk, and commands run in it.

Commands run in a mount namespace of their own with this machine's /proc, /sys and /dev, as the user they are given,
with no network set up, and with nothing of this machine's environment.
"""

import ctypes
import os
import shutil
import struct
import subprocess
import tempfile

NOBODY = 65534

ENTER = r"""
set -e
root=$1 owner=$2 directory=$3 writable=$4
shift 4
if [ -n "$writable" ]; then
  mount --bind "$root" "$root"
  mount --bind "$root$writable" "$root$writable"
  mount -o remount,bind,ro "$root"
fi
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
exec chroot --userspec="$owner" "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/nonexistent \
  /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$directory" "$@"
"""

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
BPF_LOAD_WORD, BPF_JUMP_EQUAL, BPF_RETURN = 0x20, 0x15, 0x06
RETURN_ALLOW, RETURN_EPERM = 0x7FFF0000, 0x00050001
IO_URING_SETUP = 425


def forbid_io_uring():
    """As the default profile of container runtimes does, for this process and all it starts."""
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in (
        (BPF_LOAD_WORD, 0, 0, 0), (BPF_JUMP_EQUAL, 0, 1, IO_URING_SETUP), (BPF_RETURN, 0, 0, RETURN_EPERM),
        (BPF_RETURN, 0, 0, RETURN_ALLOW)))
    instructions = ctypes.create_string_buffer(program, len(program))
    filter_program = struct.pack("HxxxxxxP", 4, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


class RootSystem:
    """Unpacked from `tar`, below `scratch`, which is on a disk; or a directory that is there already."""

    def __init__(self, scratch, tar=None, directory=None):
        if os.geteuid() != 0:
            raise PermissionError("root systems are entered by chroot: run this as root")
        self.root = directory or tempfile.mkdtemp(prefix="root-", dir=scratch)
        os.chmod(self.root, 0o755)
        if tar is not None:
            subprocess.run(["tar", "-C", self.root, "--numeric-owner", "-xpf", tar], check=True)

    def remove(self):
        shutil.rmtree(self.root)

    def path(self, inside):
        return os.path.join(self.root, inside.lstrip("/"))

    def unpack(self, tar, into):
        os.makedirs(self.path(into), exist_ok=True)
        subprocess.run(["tar", "-C", self.path(into), "-xpf", tar], check=True)

    def make_directory(self, inside, user):
        os.makedirs(self.path(inside), exist_ok=True)
        os.chown(self.path(inside), user, user)

    def run(self, *command, user=0, directory="/", without_io_uring=False, only_writable="", timeout=300):
        """The finished process, its stdout and stderr as text. `only_writable`: all but that folder is read-only."""
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", ENTER, "sh", self.root,
             f"{user}:{user}", directory, only_writable, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=timeout, check=False, preexec_fn=forbid_io_uring if without_io_uring else None)

    def files(self):
        """Every path, and the bytes of none: what a package leaves behind is one more."""
        found = set()
        for folder, names, others in os.walk(self.root):
            found.update(os.path.relpath(os.path.join(folder, name), self.root) for name in names + others)
        return found
