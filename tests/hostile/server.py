"""One run of the real binary on a data folder, and what the hostile tests ask of it over HTTP."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = ROOT / "build/querist"
WORDS = ["meeting at noon", "win a prize now", "see you later", "free cash offer"]
CLASSES = ["ham", "spam"]


class Failed(Exception):
    """What was expected did not happen."""


def expect(condition, message):
    if not condition:
        raise Failed(message)


class Server:
    """Started on a folder; leaves nothing running when its block ends."""

    binary = BINARY

    def __init__(self, data, *options, limit=None):
        top = next(path for path in data.parents if path.parent == pathlib.Path(tempfile.gettempdir()))
        self.log = top / "server.log"  # In the test's own folder: a full disk below it must not swallow what the server says.
        command = [str(BINARY), "serve", "--port", "0", "--data-dir", str(data), *options]
        if limit is not None:
            command = ["prlimit", f"--fsize={limit}", "--", *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True)
        found = re.search(r"http://[^:\s]+:(\d+)", self.process.stdout.readline())
        if not found:
            self.process.wait(30)
            raise Failed(f"the server did not start: {self.said()}")
        self.port = int(found.group(1))
        until("the server is ready", lambda: self.call("GET", "/v2/health/ready")[0] == 200)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if kind is None:
            expect("fault of its own" not in self.said(), f"the log tells of a fault: {self.said()[-500:]}")

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def call(self, method, path, body=None, headers=None, timeout=60):
        """Status and JSON of one request on a connection of its own."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # It may say why before it has heard all.
                connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        try:
            return reply.status, json.loads(text) if text else None
        except ValueError:
            return reply.status, text

    def ok(self, method, path, body=None, headers=None):
        """The JSON of a request that must succeed."""
        status, answer = self.call(method, path, body, headers)
        expect(status < 300, f"{method} {path}: {status} {answer}")
        return answer

    def refused(self, status, code, words, method, path, body=None, headers=None):
        """A request that must be refused with this status and code, in words that match."""
        got, answer = self.call(method, path, body, headers)
        error = answer.get("error") if isinstance(answer, dict) else None
        fits = got == status and isinstance(error, dict) and error["code"] == code and re.search(words, error["message"])
        expect(fits, f"{method} {path}: expected {status} {code} /{words}/, got {got} {str(answer)[:400]}")

    def lives(self):
        expect(self.process.poll() is None, f"the server ended with {self.process.poll()}: {self.said()[-800:]}")
        expect(self.call("GET", "/v2/health/live")[0] == 200, "the server is not live")

    def verifies(self):
        verdict = self.ok("GET", "/api/v1/ledger/verify")
        expect(verdict["valid"], f"the ledger is broken: {verdict}")

    def stop(self, seconds=30):
        """SIGTERM must end it with code 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        expect(code == 0, f"SIGTERM ended the server with {code}: {self.said()[-800:]}")


def until(what, ask, seconds=60, pause=0.05):
    """What `ask` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if found := ask():
                return found
        expect(time.monotonic() < deadline, f"after {seconds} seconds still not: {what}")
        time.sleep(pause)


def text_of(i):
    return f"{WORDS[i % 4]} number {i} of the messages {i * 7919 % 1000}"


def rows(begin, end, padding=0):
    """Examples as JSON lines."""
    return "\n".join(json.dumps({"external_id": f"e{i}", "text": text_of(i) + " x" * padding}) for i in range(begin, end)).encode()


def make_project(server, count, name="p", **settings):
    server.ok("POST", "/api/v1/projects", {"name": name, "classes": CLASSES, "settings": {"batch_size": 20, **settings}})
    result = server.ok("POST", f"/api/v1/projects/{name}/examples", rows(0, count), {"Content-Type": "application/x-ndjson"})
    expect(result["accepted"] == count, f"not every row was accepted: {result}")


def answer(server, count, labels, name="p"):
    """Labels so many through leases, noting what was acknowledged; stops at the first refusal and returns it."""
    for _ in range(count):
        status, leased = server.call("POST", f"/api/v1/projects/{name}/leases", {"count": 1})
        if status != 200 or not leased["items"]:
            return status, leased
        item = leased["items"][0]
        value = "spam" if re.search("prize|cash", item["example"]["text"]) else "ham"
        status, reply = server.call("POST", f"/api/v1/projects/{name}/annotations",
                                    {"example_id": item["example"]["id"], "lease_id": item["lease_id"], "value": value})
        if status != 201:
            return status, reply
        labels[item["example"]["id"]] = value
    return None


def stored_labels(server, name="p"):
    found, after = {}, ""
    while after is not None:
        page = server.ok("GET", f"/api/v1/projects/{name}/examples?state=labeled&limit=1000{after and f'&after={after}'}")
        found.update({item["id"]: item["label"] for item in page["items"]})
        after = page["next"]
    return found


def keeps(server, labels, name="p"):
    """Every acknowledged label is there, with its value."""
    stored = stored_labels(server, name)
    lost = {example: value for example, value in labels.items() if stored.get(example) != value}
    expect(not lost, f"{len(lost)} of {len(labels)} acknowledged labels are lost: {list(lost.items())[:3]}")


def versions(server, name="p"):
    return [model["version"] for model in server.ok("GET", f"/api/v1/projects/{name}/models?limit=1000")["items"]]


def train(server, count, labels, name="p"):
    """Labels so many more, turns the loop and gives the new model version."""
    before = versions(server, name)
    refusal = answer(server, count, labels, name)
    expect(refusal is None, f"labels were refused: {refusal}")
    server.ok("POST", f"/api/v1/projects/{name}/cycles", {})
    return until("a new model version", lambda: [v for v in versions(server, name) if v not in before])[0]


def fails(command, words, code=1):
    """A run of the binary that must end with this code and words that match."""
    done = subprocess.run([str(BINARY), *map(str, command)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    said = done.stderr + done.stdout
    expect(done.returncode == code, f"querist {command[0]} ended with {done.returncode}, not {code}: {said[-500:]}")
    expect(re.search(words, said), f"querist {command[0]} said {said[-500:]!r}, not /{words}/")


def flip(path, at=None):
    """One bit of a file turned over in place, as a failing disk does."""
    size = os.path.getsize(path)
    expect(size > 0, f"{path} is empty and cannot be damaged")
    with open(path, "r+b") as file:
        file.seek(size // 2 if at is None else at)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0x10]))
