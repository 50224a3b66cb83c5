"""Full disks and read-only ones: what was acknowledged stays, the answer says why, and all goes on once there is room."""
import os
import re
import subprocess
import time

from server import Server, answer, expect, fails, keeps, make_project, rows, stored_labels, train, until, versions

def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def unmount_below(folder):
    """Takes down what a test mounted, whatever became of the test."""
    with open("/proc/mounts") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in reversed([point for point in points if point.startswith(str(folder))]):
        subprocess.run(["umount", "--lazy", point], check=False)


class SmallDisk:
    """A tmpfs of a few MiB that can be filled to the last page."""

    kind = "a small tmpfs"
    limit = None
    refusal = (429, "resource_exhausted", "(free some space|No space left)")

    def __init__(self, folder, mib):
        self.path = folder / "disk"
        self.path.mkdir()
        run("mount", "-t", "tmpfs", "-o", f"size={mib}m", "querist-test", self.path)
        self.filler = self.path / "filler"

    def fill(self, server):
        with self.filler.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def give(self, server):
        os.truncate(self.filler, os.path.getsize(self.filler) - (4 << 10))

    def free(self, server):
        self.filler.unlink()


class SizeLimit:
    """Where nothing can be mounted: the server's own limit on the size of files, which refuses every write as a full disk does."""

    kind = "RLIMIT_FSIZE, as nothing can be mounted here"
    limit = "unlimited"
    refusal = (503, "unavailable", "the disk failed")  # As SQLite names a write that its file may not grow by.

    def __init__(self, folder, mib):
        self.path = folder

    def fill(self, server):
        self.bytes = max(path.stat().st_size for path in self.path.glob("data/*")) >> 12 << 12
        self.give(server)

    def give(self, server):
        self.bytes += 4 << 10
        run("prlimit", f"--pid={server.process.pid}", f"--fsize={self.bytes}:unlimited")

    def free(self, server):
        run("prlimit", f"--pid={server.process.pid}", "--fsize=unlimited:unlimited")


def full_disk_tests(Disk):
    print(f"       full disks are made with {Disk.kind}", flush=True)

    def full_disk_while_annotating(folder):
        disk, labels = Disk(folder, 24), {}
        with Server(disk.path / "data", limit=disk.limit) as server:
            make_project(server, 300)
            expect(answer(server, 30, labels) is None, "no label was stored before the disk was full")
            disk.fill(server)
            refusal = until("a label is refused", lambda: answer(server, 50, labels))
            expect((refusal[0], refusal[1]["error"]["code"]) == Disk.refusal[:2], f"refused with {refusal}")
            server.refused(*Disk.refusal, "POST", "/api/v1/projects", {"name": "another"})
            server.lives()
            keeps(server, labels)
            server.verifies()
            disk.free(server)
            before = len(labels)
            until("labels are taken again", lambda: answer(server, 1, labels) is None and len(labels) > before)
            expect(answer(server, 20, labels) is None, "labels are not taken again")
            until("a model is trained", lambda: versions(server))
            keeps(server, labels)
            server.verifies()
            server.stop()
        with Server(disk.path / "data") as server:
            keeps(server, labels)
            expect(len(stored_labels(server)) == len(labels), "a label is there that was never acknowledged")
            server.verifies()

    def full_disk_while_importing(folder):
        disk = Disk(folder, 40)
        with Server(disk.path / "data", limit=disk.limit) as server:
            make_project(server, 20)
            if Disk.limit:
                disk.fill(server)
            many = rows(20, 20020, padding=2000)  # 80 MB onto 40.
            jsonl = {"Content-Type": "application/x-ndjson"}
            server.refused(*Disk.refusal, "POST", "/api/v1/projects/p/examples", many, jsonl)
            server.lives()
            there = server.ok("GET", "/api/v1/projects/p")["counts"]["examples"]
            expect(20 <= there < 20020, f"{there} examples are there")
            server.verifies()
            if Disk.limit:
                disk.free(server)
            else:
                run("mount", "-o", "remount,size=400m", disk.path)
            again = server.ok("POST", "/api/v1/projects/p/examples", many, jsonl)
            expect(again["accepted"] == 20020 - there and again["duplicates"] == there - 20,
                   f"{there} were there, and now {again['accepted']} more, {again['duplicates']} known")
            server.verifies()
            server.stop()

    def full_disk_while_training(folder):
        disk, labels = Disk(folder, 24), {}
        with Server(disk.path / "data", limit=disk.limit) as server:
            make_project(server, 400)
            expect(answer(server, 20, labels) is None, "the first labels were refused")
            until("a first model is trained", lambda: versions(server))
            expect(answer(server, 5, labels) is None, "more labels were refused")
            disk.fill(server)
            # Room is given by the page until the job itself can be written, so that training meets the full disk.
            until("a job is taken", lambda: server.call("POST", "/api/v1/projects/p/cycles", {})[0] == 202 or disk.give(server))
            until("training failed for want of room", lambda: re.search("disk|space", server.said()), 20)
            server.lives()
            keeps(server, labels)
            server.ok("POST", "/v2/models/p/infer", {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["free"]}]})
            had = versions(server)
            disk.free(server)
            expect(answer(server, 1, labels) is None, "labels are not taken again")
            server.ok("POST", "/api/v1/projects/p/cycles", {})
            until("a new model is trained without a restart", lambda: len(versions(server)) > len(had), 90)
            server.verifies()
            server.stop()

    def full_disk_under_the_command_line(folder):
        disk = Disk(folder, 8)
        if Disk.limit:
            with Server(disk.path / "data", limit=disk.limit) as server:
                disk.fill(server)
                until("a project is refused", lambda: server.call("POST", "/api/v1/projects", {"name": str(time.time_ns())})[0] != 201)
                server.refused(*Disk.refusal, "POST", "/api/v1/projects", {"name": "another"})
            return
        source = folder / "rows.jsonl"
        source.write_bytes(rows(0, 8000, padding=1000))
        command = ["import", source, "--project", "p", "--classes", "ham,spam", "--data-dir", disk.path / "data"]
        fails(command, Disk.refusal[2])
        run("mount", "-o", "remount,size=200m", disk.path)
        subprocess.run([str(Server.binary), *map(str, command)], check=True, capture_output=True)
        with Server(disk.path / "data") as server:
            expect(server.ok("GET", "/api/v1/projects/p")["counts"]["examples"] == 8000, "rows are missing")
            server.verifies()

    return [full_disk_while_annotating, full_disk_while_importing, full_disk_while_training, full_disk_under_the_command_line]


def read_only_at_start(folder):
    """A read-only mount binds root too, as the bits of a folder do not."""
    data = folder / "data"
    with Server(data) as server:
        make_project(server, 10)
        server.stop()
    run("mount", "--bind", data, data)
    run("mount", "-o", "remount,bind,ro", data)
    fails(["serve", "--port", "0", "--data-dir", data], "cannot write in the folder .*[Rr]ead-only")
    run("umount", data)
    with Server(data) as server:
        expect(server.ok("GET", "/api/v1/projects/p")["counts"]["examples"] == 10, "examples are missing")


def read_only_at_start_by_rights(folder):
    """Where nothing can be mounted: a folder that the server's user may not write in."""
    data = folder / "data"
    data.mkdir(mode=0o555)
    os.chmod(folder, 0o755)
    command = [str(Server.binary), "serve", "--port", "0", "--data-dir", str(data)]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    expect(done.returncode == 1 and "cannot" in done.stderr, f"it ended with {done.returncode}: {done.stderr}")


def read_only_while_it_runs(folder):
    """An ext4 that gives up, as after an error of its disk: it turns read-only under open files."""
    image, disk, labels = folder / "image", folder / "disk", {}
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-F", image)
    run("mount", "-o", "loop", image, disk)
    with Server(disk / "data") as server:
        make_project(server, 100)
        expect(answer(server, 25, labels) is None, "the first labels were refused")
        until("a model is trained", lambda: versions(server))
        run("mount", "-o", "remount,abort", disk)
        status, reply = until("a label is refused", lambda: answer(server, 5, labels))
        code = reply["error"]["code"]
        expect((status, code) in ((503, "unavailable"), (403, "permission_denied")), f"refused with {status} {reply}")
        server.lives()
        keeps(server, labels)
        server.ok("POST", "/v2/models/p/infer", {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["free"]}]})
    run("umount", "--lazy", disk)
    again = until("the disk can be mounted again", lambda: mounted_again(image, disk))
    expect(again, "the disk cannot be mounted again")
    with Server(disk / "data") as server:
        keeps(server, labels)
        server.verifies()
        train(server, 5, labels)
        server.stop()
    run("umount", disk)


def mounted_again(image, disk):
    time.sleep(0.2)
    subprocess.run(["fsck.ext4", "-y", str(image)], capture_output=True, check=False)
    return subprocess.run(["mount", "-o", "loop", str(image), str(disk)], capture_output=True, check=False).returncode == 0


def tests(can_mount):
    if not can_mount:
        print("       left out, as nothing can be mounted here: read_only_while_it_runs", flush=True)
        return [*full_disk_tests(SizeLimit), read_only_at_start_by_rights]
    return [*full_disk_tests(SmallDisk), read_only_at_start, read_only_while_it_runs]
