"""Kills the server with SIGKILL under eight annotating clients, again and again, and checks that nothing acknowledged is lost."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = ROOT / "build/querist"
ROUNDS = int(os.environ.get("QUERIST_CRASH_ROUNDS", "20"))
CLIENTS = 8
PROJECT = "crash"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One run of the real binary on a data folder."""

    def __init__(self, folder):
        self.port = free_port()
        self.log = open(folder / "server.log", "ab")
        self.process = subprocess.Popen([BINARY, "serve", "--port", str(self.port), "--data-dir", folder / "data"],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if call(self.port, "GET", "/v2/health/ready")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError("the server did not become ready; see " + self.log.name)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def call(port, method, path, body=None):
    """One request on a connection of its own; OSError or HTTPException when the server dies under it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None
    finally:
        connection.close()


class Record:
    """What the clients were told: acknowledged labels, and who holds which example."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = {}  # example id -> value
        self.held = {}          # example id -> annotator
        self.double = []
        self.unexpected = []

    def lease(self, example, annotator):
        with self.lock:
            holder = self.held.get(example)
            if example in self.acknowledged or (holder is not None and holder != annotator):
                self.double.append((example, holder, annotator))
            self.held[example] = annotator

    def answer(self, example, value):
        with self.lock:
            self.acknowledged[example] = value
            self.held.pop(example, None)


def annotate_until_dead(port, annotator, record, classes):
    """Leases and answers until the server is gone."""
    base = f"/api/v1/projects/{PROJECT}"
    while True:
        try:
            status, leased = call(port, "POST", f"{base}/leases", {"count": 2, "annotator": annotator})
            if status != 200 and status != 201:
                record.unexpected.append(("lease", status, leased))
                return
            if not leased["items"]:
                time.sleep(0.01)
            for item in leased["items"]:
                example = item["example"]["id"]
                with record.lock:
                    mine = record.acknowledged.get(example)
                if mine is not None:
                    record.double.append((example, "already answered", annotator))
                    continue
                record.lease(example, annotator)
                value = classes[example % len(classes)]
                status, answer = call(port, "POST", f"{base}/annotations",
                                      {"example_id": example, "value": value, "lease_id": item["lease_id"], "seconds": 1.5})
                if status == 201:
                    record.answer(example, value)
                else:
                    record.unexpected.append(("annotate", status, answer))
                    return
        except (OSError, http.client.HTTPException, ValueError):
            return  # The server died; what it did not acknowledge may or may not be stored.


def stored_labels(port):
    """Every labelled example of the project, by id."""
    labels, after = {}, None
    while True:
        query = "?state=labeled&limit=1000" + (f"&after={after}" if after else "")
        status, page = call(port, "GET", f"/api/v1/projects/{PROJECT}/examples{query}")
        assert status == 200, page
        labels.update({item["id"]: item["label"] for item in page["items"]})
        after = page["next"]
        if after is None:
            return labels


def settle(record, labels):
    """After a restart: an answer that was stored but not acknowledged is no longer held by anyone."""
    with record.lock:
        for example, annotator in list(record.held.items()):
            if example in labels:
                record.acknowledged[example] = labels[example]
                del record.held[example]


def main():
    random.seed(1)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="querist-crash-"))
    classes = ["ham", "spam"]
    rows = folder / "rows.jsonl"
    with rows.open("w") as out:
        for i in range(400 * max(ROUNDS, 1)):
            word = ["meeting at noon", "win a prize now", "see you later", "free cash offer"][i % 4]
            out.write(json.dumps({"text": f"{word} number {i} {random.random():.9f}"}) + "\n")
    subprocess.run([BINARY, "import", rows, "--project", PROJECT, "--classes", ",".join(classes), "--data-dir", folder / "data"],
                   check=True, stdout=subprocess.DEVNULL)
    record = Record()
    lost = broken = 0
    for round_number in range(ROUNDS):
        server = Server(folder)
        if round_number == 0:  # These answers say nothing of the texts: asking again would be right, and is another test's.
            status, answer = call(server.port, "PATCH", f"/api/v1/projects/{PROJECT}", {"settings": {"relabel": "off"}})
            assert status == 200, answer
        labels = stored_labels(server.port)
        lost += sum(1 for example, value in record.acknowledged.items() if labels.get(example) != value)
        settle(record, labels)
        status, verdict = call(server.port, "GET", "/api/v1/ledger/verify")
        broken += not (status == 200 and verdict["valid"])
        clients = [threading.Thread(target=annotate_until_dead, args=(server.port, f"annotator-{i}", record, classes))
                   for i in range(CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(random.uniform(0.05, 0.8))
        server.kill()
        for client in clients:
            client.join()
    server = Server(folder)
    labels = stored_labels(server.port)
    lost += sum(1 for example, value in record.acknowledged.items() if labels.get(example) != value)
    status, verdict = call(server.port, "GET", "/api/v1/ledger/verify")
    broken += not verdict["valid"]
    server.process.terminate()
    clean_end = server.process.wait(timeout=30) == 0
    checks = {"no acknowledged label was lost": lost == 0, "no example was leased twice": not record.double,
              "the ledger verified after every kill": broken == 0, "labels were acknowledged": len(record.acknowledged) > ROUNDS,
              "no unexpected answer": not record.unexpected, "SIGTERM ended the server cleanly": clean_end}
    print(f"{ROUNDS} kills, {len(record.acknowledged)} acknowledged labels, {lost} lost, {len(record.double)} double leases, "
          f"{verdict['events']} events")
    for name, good in checks.items():
        if not good:
            print("failed:", name, record.double[:3], record.unexpected[:3])
    failed = sum(not good for good in checks.values())
    print(f"{len(checks) - failed} passed, {failed} failed")
    if failed:
        print("kept:", folder)
    else:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
