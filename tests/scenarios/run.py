#!/usr/bin/python3
"""Runs *.scenario files, plain text of requests and expected replies, against the real binary.

A scenario is a list of steps on a server of its own with an empty data folder:

    === The title of a step
    POST /api/v1/projects
    Content-Type: application/json

    {"name": "sms", "classes": ["ham", "spam"]}
    -> 201
    X-Request-Id: *
    {"name": "sms", "created_at": "{{created}}"}

Headers, body, expected headers and expected JSON are optional. Expected JSON is a subset: an object may hold more
fields, a list must have as many items, unless its last item is "{{...}}". "{{name}}" keeps any value under that name, or,
when the name is kept already, wants the same value; "{{*}}" is any value, "{{/regex/}}" a text that the regular expression
matches somewhere, "{{> 3}}" a larger number. In requests {{name}} stands for the kept value. A line "@retry 20" before a
request sends it again for up to 20 seconds until the reply fits; "@restart" stops the server with SIGTERM and starts it
again on the same folder; "@kill" does so with SIGKILL. Lines that begin with # are comments.
"""

import argparse
import http.client
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
START_SECONDS = 30
STOP_SECONDS = 30


class Mismatch(Exception):
    """A reply that is not the expected one."""


class Step:
    def __init__(self, title, line):
        self.title, self.line = title, line
        self.action = None  # "restart" or "kill" in place of a request.
        self.retry = 0
        self.method = self.path = ""
        self.headers, self.body = {}, ""
        self.status = None
        self.expected_headers, self.expected = {}, ""


def is_header(text):
    return re.match(r"^[A-Za-z][A-Za-z0-9-]*: ", text) is not None


def read_request(step, lines):
    if lines and lines[0].split(" ")[0] in METHODS:
        step.method, step.path = lines.pop(0).split(" ", 1)
    else:
        raise ValueError(f"line {step.line}: the step {step.title!r} has no request line")
    while lines and is_header(lines[0]):
        name, value = lines.pop(0).split(": ", 1)
        step.headers[name] = value
    body = []
    while lines and not lines[0].startswith("-> "):
        body.append(lines.pop(0))
    step.body = "\n".join(body).strip("\n")
    if step.headers.get("Content-Type", "").startswith(("text/", "application/x-ndjson")) and step.body:
        step.body += "\n"
    if not lines:
        raise ValueError(f"line {step.line}: the step {step.title!r} expects no status (-> 200)")
    step.status = int(lines.pop(0)[3:])
    while lines and is_header(lines[0]):
        name, value = lines.pop(0).split(": ", 1)
        step.expected_headers[name] = value
    step.expected = "\n".join(lines).strip()


def parse(text):
    steps, lines = [], []

    def close():
        if not steps:
            if any(lines):
                raise ValueError("a scenario begins with a step: === title")
            return
        step = steps[-1]
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and lines[0].startswith("@"):
            word, _, argument = lines.pop(0)[1:].partition(" ")
            if word == "retry":
                step.retry = float(argument)
            elif word in ("restart", "kill"):
                step.action = word
            else:
                raise ValueError(f"line {step.line}: there is no @{word}")
        if step.action is None:
            read_request(step, lines)

    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            continue
        if line.startswith("=== "):
            close()
            lines = []
            steps.append(Step(line[4:].strip(), number))
        else:
            lines.append(line.rstrip())
    close()
    if not steps:
        raise ValueError("the scenario has no step")
    return steps


def fill(text, kept):
    def value(match):
        name = match.group(1)
        if name not in kept:
            raise Mismatch(f"{{{{{name}}}}} was not kept by an earlier step")
        return kept[name] if isinstance(kept[name], str) else json.dumps(kept[name])

    # A whole JSON text "{{name}}" becomes the value itself, so that numbers stay numbers.
    def whole(match):
        name = match.group(1)
        return json.dumps(kept[name]) if name in kept else match.group(0)

    return re.sub(r"\{\{(\w+)\}\}", value, re.sub(r'"\{\{(\w+)\}\}"', whole, text))


def compare_mark(mark, actual, kept, where):
    if mark == "*":
        return
    if mark.startswith("/") and mark.endswith("/"):
        if not isinstance(actual, str) or not re.search(mark[1:-1], actual):
            raise Mismatch(f"{where}: {actual!r} does not match {mark}")
    elif mark.startswith(">"):
        if not isinstance(actual, (int, float)) or actual <= float(mark[1:]):
            raise Mismatch(f"{where}: {actual!r} is not {mark}")
    elif mark in kept:
        if kept[mark] != actual:
            raise Mismatch(f"{where}: expected {kept[mark]!r} again ({mark}), got {actual!r}")
    else:
        kept[mark] = actual


def compare(expected, actual, kept, where="reply"):
    mark = re.fullmatch(r"\{\{(.+)\}\}", expected) if isinstance(expected, str) else None
    if mark:
        compare_mark(mark.group(1).strip(), actual, kept, where)
    elif isinstance(expected, dict):
        if not isinstance(actual, dict):
            raise Mismatch(f"{where}: expected an object, got {actual!r}")
        for name, value in expected.items():
            if name not in actual:
                raise Mismatch(f"{where} lacks {name!r}; it has {', '.join(actual) or 'nothing'}")
            compare(value, actual[name], kept, f"{where}.{name}")
    elif isinstance(expected, list):
        open_end = bool(expected) and expected[-1] == "{{...}}"
        wanted = expected[:-1] if open_end else expected
        if not isinstance(actual, list) or len(actual) < len(wanted) or (not open_end and len(actual) > len(wanted)):
            raise Mismatch(f"{where}: expected a list of {len(wanted)}{' or more' if open_end else ''}, got {actual!r}")
        for index, value in enumerate(wanted):
            compare(value, actual[index], kept, f"{where}[{index}]")
    elif type(expected) is not type(actual) and not (
        isinstance(expected, (int, float)) and isinstance(actual, (int, float)) and bool not in (type(expected), type(actual))
    ):
        raise Mismatch(f"{where}: expected {expected!r}, got {actual!r}")
    elif expected != actual:
        raise Mismatch(f"{where}: expected {expected!r}, got {actual!r}")


class Server:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.log = open(folder / "stderr", "ab")
        self.start()

    def start(self):
        command = [str(self.binary), "serve", "--port", "0", "--data-dir", str(self.folder / "data")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://[^:\s]+:(\d+)", line)
        if not found:
            raise Mismatch(f"the server did not say where it listens, but: {line!r}")
        self.port = int(found.group(1))
        deadline = time.monotonic() + START_SECONDS
        while self.request("GET", "/v2/health/ready", {}, "")[0] != 200:
            if time.monotonic() > deadline:
                raise Mismatch(f"the server was not ready after {START_SECONDS} seconds")
            time.sleep(0.05)

    def request(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body.encode() if body or method not in ("GET", "HEAD") else None, headers)
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Mismatch(f"no reply: {error}") from error
        finally:
            connection.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Mismatch(f"the server did not end within {STOP_SECONDS} seconds of SIGTERM") from None
        if code != 0:
            raise Mismatch(f"the server ended with code {code}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()
        self.log.close()


def send(server, step, kept):
    status, headers, text = server.request(
        step.method,
        fill(step.path, kept),
        {name: fill(value, kept) for name, value in step.headers.items()},
        fill(step.body, kept),
    )
    if status != step.status:
        raise Mismatch(f"expected {step.status}, got {status}: {text[:600]}")
    lower = {name.lower(): value for name, value in headers.items()}
    for name, value in step.expected_headers.items():
        actual = lower.get(name.lower())
        if actual is None or (value != "*" and fill(value, kept) != actual):
            raise Mismatch(f"header {name}: expected {value}, got {actual}")
    if not step.expected:
        return
    if step.expected.startswith("/") and step.expected.endswith("/"):
        if not re.search(step.expected[1:-1], text):
            raise Mismatch(f"the reply does not match {step.expected}: {text[:600]}")
        return
    try:
        actual = json.loads(text)
    except ValueError:
        raise Mismatch(f"expected JSON, got {text[:600]!r}") from None
    # Names are kept only when the whole reply fits, so that a retry begins anew.
    kept_now = dict(kept)
    compare(json.loads(step.expected), actual, kept_now)
    kept.update(kept_now)


def run_step(server, step, kept):
    if step.action == "restart":
        server.stop()
        server.process.stdout.close()
        server.start()
        return
    if step.action == "kill":
        server.kill()
        server.process.stdout.close()
        server.start()
        return
    deadline = time.monotonic() + step.retry
    while True:
        try:
            return send(server, step, kept)
        except Mismatch:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)


def run_scenario(path, binary):
    """Nothing when all is well, else what is wrong."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="querist_scenario_"))
    server, step = None, None
    try:
        steps = parse(path.read_text())
        server = Server(binary, folder)
        kept = {}
        for step in steps:
            run_step(server, step, kept)
        step = None
        server.stop()
        return None
    except (Mismatch, ValueError, OSError) as error:
        place = f"{path.name}:{step.line} {step.title}: " if step else f"{path.name}: "
        log = (folder / "stderr").read_text()[-2000:] if (folder / "stderr").exists() else ""
        return place + str(error) + (f"\n--- the server's log\n{log}" if log else "")
    finally:
        if server:
            server.close()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser(description="Run scenarios against the real binary.")
    arguments.add_argument("--binary", type=pathlib.Path, default=HERE.parents[1] / "build" / "querist")
    arguments.add_argument("names", nargs="*", help="scenarios to run, without .scenario; else all")
    options = arguments.parse_args()
    if not options.binary.exists():
        sys.exit(f"there is no {options.binary}; build it first (make build)")
    paths = [HERE / f"{name}.scenario" for name in options.names] or sorted(HERE.glob("*.scenario"))
    failed = 0
    for path in paths:
        problem = run_scenario(path, options.binary)
        if problem:
            failed += 1
            print(f"FAILED {problem}", flush=True)
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
