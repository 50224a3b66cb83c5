"""Models are trained, promoted and rolled back under clients that never stop asking: not one request fails."""
import http.client
import json
import threading
import time

from server import Server, answer, expect, make_project, train, until, versions

CLIENTS = 6
PROMOTIONS, TRAININGS = 24, 6
TEXTS = ["win a prize now number 3", "meeting at noon number 12", "free cash offer number 19", "see you later number 44"]
BODY = json.dumps({"inputs": [{"name": "text", "shape": [len(TEXTS)], "datatype": "BYTES", "data": TEXTS}]}).encode()


class Client(threading.Thread):
    """Asks on one kept connection until told to stop; notes every answer, and whatever went wrong."""

    def __init__(self, server, stopping):
        super().__init__()
        self.server, self.stopping = server, stopping
        self.answers, self.problems, self.slowest = {}, [], 0.0
        self.asked = 0

    def run(self):
        wire = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        while not self.stopping.is_set():
            started = time.monotonic()
            try:
                wire.request("POST", "/v2/models/p/infer", BODY, {"Content-Type": "application/json"})
                reply = wire.getresponse()
                text = reply.read()
                answer = json.loads(text)
                if reply.status != 200:
                    self.problems.append((reply.status, answer))
                else:
                    said = json.dumps([output["data"] for output in answer["outputs"]])
                    self.answers.setdefault(answer["model_version"], set()).add(said)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.problems.append(repr(error))
                return
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - started)
        wire.close()


def swap_under_load(folder):
    labels = {}
    with Server(folder / "data", "--workers", "4") as server:
        make_project(server, 1500, batch_size=40)
        expect(answer(server, 40, labels) is None, "labels were refused")
        until("a first model", lambda: versions(server))
        stopping = threading.Event()
        clients = [Client(server, stopping) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        promoted = rolled_back = trained = 0
        deadline = time.monotonic() + 60
        while promoted < PROMOTIONS:
            expect(time.monotonic() < deadline, f"only {promoted} promotions, {rolled_back} rollbacks, {trained} trainings in a minute")
            if trained < TRAININGS:
                train(server, 8, labels)
                trained += 1
            champion = next(m["version"] for m in server.ok("GET", "/api/v1/projects/p/models")["items"] if "champion" in m["aliases"])
            other = next(v for v in versions(server) if v != champion)
            server.ok("PUT", "/api/v1/projects/p/models/aliases/champion", {"version": other, "reason": "swap", "force": True})
            promoted += 1
            if promoted % 2 == 0:
                server.ok("POST", "/api/v1/projects/p/models/rollback", {"reason": "swap back"})
                rolled_back += 1
            time.sleep(0.1)
        stopping.set()
        for client in clients:
            client.join()
        problems = [problem for client in clients for problem in client.problems]
        asked = sum(client.asked for client in clients)
        expect(not problems, f"{len(problems)} of {asked} requests failed: {problems[:3]}")
        seen = sorted({version for client in clients for version in client.answers}, key=int)
        expect(len(seen) >= 3, f"only the versions {seen} ever answered")
        for version in seen:  # Each answer is wholly the version's that it names.
            reply = server.ok("POST", f"/v2/models/p/versions/{version}/infer", BODY)
            expect(reply["model_version"] == version, f"version {version} answered as {reply['model_version']}")
            own = json.dumps([output["data"] for output in reply["outputs"]])
            said = set().union(*(client.answers.get(version, set()) for client in clients))
            expect(said == {own}, f"version {version} gave {len(said)} different answers")
        server.verifies()
        server.stop()
        print(f"       {asked} requests, none failed, over {trained} trainings, {promoted} promotions and {rolled_back} rollbacks; "
              f"versions {', '.join(seen)} answered, the slowest in {max(client.slowest for client in clients) * 1000:.0f} ms", flush=True)


def tests(_):
    return [swap_under_load]
