"""Damaged files: the database, features, models, featurizers and images; each is found, named, and rebuilt where that is possible."""
import base64
import os
import shutil
import struct
import zlib

from server import (CLASSES, Server, answer, expect, fails, flip, keeps, make_project, train, until, versions)

INFER = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["free cash"]}]}


def labelled(folder, count=25, examples=200):
    """A data folder with labels and a model, its server stopped; the labels."""
    data, labels = folder / "data", {}
    with Server(data) as server:
        make_project(server, examples)
        expect(answer(server, count, labels) is None, "labels were refused")
        until("a model is trained", lambda: versions(server))
        until("the loop waits for labels", lambda: waits(server))
        server.stop()
    return data, labels


def waits(server):
    jobs = server.ok("GET", "/api/v1/jobs?limit=1000")["items"]
    return jobs and all(job["state"] in ("succeeded", "failed", "cancelled") for job in jobs)


def feature_files(data):
    return sorted(path for path in (data / "features/1/1").iterdir() if path.stat().st_size > 0)


def damage_database_before_start(folder):
    data, labels = labelled(folder)
    database, spare = data / "querist.db", folder / "spare.db"
    expect(not (data / "querist.db-wal").exists(), "the write-ahead log outlived a clean stop")
    shutil.copy(database, spare)
    size = os.path.getsize(spare)

    def cut_to(wanted):
        os.truncate(database, wanted)

    def overwrite(at, length):
        with database.open("r+b") as file:
            file.seek(at)
            file.write(b"\xee" * length)

    for harm in (lambda: overwrite(0, 100), lambda: cut_to(size // 2), lambda: cut_to(100), lambda: overwrite(4096, size - 4096),
                 lambda: overwrite(size // 4, size // 2), lambda: cut_to(size - 4096)):
        shutil.copy(spare, database)
        harm()
        fails(["serve", "--port", "0", "--data-dir", data], "damaged: restore querist.db from a backup")
        fails(["status", "--data-dir", data], "damaged: restore querist.db from a backup")
    shutil.copy(spare, database)
    with Server(data) as server:  # The backup is all it takes.
        keeps(server, labels)
        server.verifies()


def damage_database_while_it_runs(folder):
    """Overwritten under the running server: requests are refused, nothing else ends, and a backup heals it."""
    data, labels = labelled(folder, examples=4000)
    spare = folder / "spare.db"
    shutil.copy(data / "querist.db", spare)
    with Server(data) as server:
        with (data / "querist.db").open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(8192)
            file.write(b"\xee" * (size - 8192))
        until("the damage is met", lambda: server.call("GET", "/api/v1/projects/p/examples?limit=1000&q=zzz")[0] == 503)
        server.refused(503, "unavailable", "restore querist.db from a backup", "GET", "/api/v1/projects/p/examples?limit=1000&q=zzz")
        server.lives()
    for left in ("querist.db-wal", "querist.db-shm"):
        (data / left).unlink(missing_ok=True)
    shutil.copy(spare, data / "querist.db")
    with Server(data) as server:
        keeps(server, labels)
        server.verifies()


HARMS = {"flipped": flip, "cut": lambda path: os.truncate(path, os.path.getsize(path) // 2), "emptied": lambda path: os.truncate(path, 0),
         "removed": os.unlink}


def damage_features_before_start(folder):
    data, labels = labelled(folder)
    for harm in HARMS.values():
        for path in feature_files(data):
            harm(path)
            with Server(data) as server:
                train_more(server, labels)
                server.stop()
    expect({path.name for path in (data / "features/1").iterdir()} == {"1"}, "a featurizer was fitted anew for it")


def train_more(server, labels):
    """A few labels and a new model; what was chosen before is chosen again from the rebuilt features."""
    train(server, 2, labels)
    until("the loop waits for labels", lambda: waits(server))
    for cycle in server.ok("GET", "/api/v1/projects/p/cycles?limit=3")["items"]:
        if cycle["selection"]:
            replay = server.ok("POST", f"/api/v1/projects/p/cycles/{cycle['id']}/replay", {})
            expect(replay["identical"], f"cycle {cycle['id']} is not chosen again alike")
    keeps(server, labels)


def damage_features_while_it_runs(folder):
    """Under the running server, whose memory maps these very files: found at the next look, rebuilt, no crash."""
    data, labels = labelled(folder)
    with Server(data) as server:
        train_more(server, labels)
        for harm in HARMS.values():
            for name in [path.name for path in feature_files(data)]:
                harm(data / "features/1/1" / name)
                train_more(server, labels)
                server.lives()
        shutil.rmtree(data / "features/1/1")
        train_more(server, labels)
        server.stop()
    before = {path.name: path.read_bytes() for path in feature_files(data)}
    shutil.rmtree(data / "features/1")
    with Server(data) as server:  # What was mended bit by bit equals what is made from nothing.
        train_more(server, labels)
        server.stop()
    for name in ("values.bin", "columns.bin", "offsets.bin", "geometry.bin"):
        expect((data / "features/1/1" / name).read_bytes() == before[name], f"{name} differs from a rebuilt one")


def damage_model(folder):
    """A damaged version says so and can be rolled back from; the next training does without it."""
    data, labels = labelled(folder, 45)
    with Server(data) as server:
        train(server, 25, labels)
        until("the loop waits for labels", lambda: waits(server))
        models = server.ok("GET", "/api/v1/projects/p/models")["items"]
        server.stop()
    newest, older = models[0], models[1]
    expect(newest["sha256"] != older["sha256"], "two versions are one file")
    for harm in (flip, os.unlink):
        path = data / "models/1" / (newest["sha256"] + ".bin")
        harm(path)
        with Server(data) as server:
            version = f"/v2/models/p/versions/{newest['version']}/infer"
            status, reply = server.call("POST", version, INFER)
            expect(status == 503 and "train again" in str(reply), f"a damaged model answered {status} {reply}")
            server.ok("POST", f"/v2/models/p/versions/{older['version']}/infer", INFER)
            server.lives()
            server.ok("POST", f"/v2/models/p/versions/{train(server, 3, labels)}/infer", INFER)
            until("the loop waits for labels", lambda: waits(server))
            newest = server.ok("GET", "/api/v1/projects/p/models")["items"][0]
            keeps(server, labels)
            server.verifies()
            server.stop()


def damage_featurizer(folder):
    """The features' own function: without it a new one is fitted, and old versions say what they lack."""
    data, labels = labelled(folder)
    for harm in (flip, os.unlink):
        path = max((data / "featurizers/1").iterdir(), key=os.path.getmtime)
        harm(path)
        with Server(data) as server:
            before = versions(server)[0]
            status, reply = server.call("POST", f"/v2/models/p/versions/{before}/infer", INFER)
            expect(status == 503 and "train again" in str(reply), f"a damaged featurizer answered {status} {reply}")
            server.lives()
            server.ok("POST", f"/v2/models/p/versions/{train(server, 3, labels)}/infer", INFER)
            until("the loop waits for labels", lambda: waits(server))
            keeps(server, labels)
            server.verifies()
            server.stop()


def png(shade):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + bytes([(shade * 40 + x) % 256 for x in range(8)]) for _ in range(8))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def damage_image(folder):
    data = folder / "data"
    with Server(data) as server:
        server.ok("POST", "/api/v1/projects", {"name": "p", "classes": CLASSES})
        images = [{"image_url": "data:image/png;base64," + base64.b64encode(png(i)).decode()} for i in range(3)]
        expect(server.ok("POST", "/api/v1/projects/p/examples", images)["accepted"] == 3, "images were refused")
        blobs = sorted(path for path in (data / "blobs").rglob("*") if path.is_file())
        expect(len(blobs) == 3, f"{len(blobs)} files are stored")
        flip(blobs[0])
        blobs[1].unlink()
        found = [server.call("GET", f"/api/v1/projects/p/examples/{i}/image") for i in (1, 2, 3)]
        expect(sorted(status for status, _ in found) == [200, 404, 503], f"the images answered {found}")
        server.lives()
        # Sent again, the bytes are whole again; the examples are known.
        server.ok("POST", "/api/v1/projects/p/examples", images)
        healed = [server.call("GET", f"/api/v1/projects/p/examples/{i}/image")[0] for i in (1, 2, 3)]
        expect(healed == [200, 200, 200], f"after importing again the images answered {healed}")
        server.verifies()
        server.stop()


def tests(_):
    return [damage_database_before_start, damage_database_while_it_runs, damage_features_before_start, damage_features_while_it_runs,
            damage_model, damage_featurizer, damage_image]
