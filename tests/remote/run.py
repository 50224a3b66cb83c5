#!/usr/bin/python3
"""The verbs against a running server: the same output, exit codes and data as in a folder of their own, and what goes wrong."""
import contextlib
import csv
import http.server
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("QUERIST_BINARY", ROOT / "build/querist")
ENV = {name: value for name, value in os.environ.items() if not name.startswith("QUERIST_")}
# What differs from run to run: times, names of the one at work, and what either goes into. A server writes events of its jobs too.
VARYING = {"created_at", "finished_at", "started_at", "seconds", "actor", "annotator", "sha256", "through_event"}

results = []


def check(good, name, detail=""):
    results.append(bool(good))
    if not good:
        print(f"failed: {name}\n{detail}"[:3000])


def querist(*arguments, text="", env=(), timeout=120):
    """Exit code, standard output and standard error of one command."""
    done = subprocess.run([BINARY, *map(str, arguments)], input=text, capture_output=True, text=True, env={**ENV, **dict(env)},
                          timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Server:
    def __init__(self, folder, port=0, *flags):
        self.folder = folder
        self.process = subprocess.Popen([BINARY, "serve", "--port", str(port), "--data-dir", folder, *flags], env=ENV,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        self.url = re.search(r"http://\S+", line).group(0)
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(30)
        self.process.stdout.close()
        return code


def plain(value):
    """JSON without what differs from run to run."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items() if name not in VARYING}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def comparable(output):
    """What was printed, as lines or JSON, without what differs."""
    output = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", output)
    output = re.sub(r" \(request [0-9a-f]+\)", "", output)  # Stands behind a server's error only.
    lines = []
    for line in [output] if output.startswith("{\n") else output.splitlines():
        try:
            lines.append(plain(json.loads(line)))
        except ValueError:
            lines.append(re.sub(r"\((\w+)\)$", "(WHO)", line))
    return lines


class Pair:
    """The same commands on a folder and on a server with a folder of its own."""

    def __init__(self, folder, server):
        self.where = (("--data-dir", folder), ("--server", server.url))

    def same(self, name, *arguments, text="", code=0):
        """Runs both; what they print, their exit codes and the files they write must be equal. Returns the local output."""
        seen = []
        for where in self.where:
            given = [str(a).replace("WHERE", where[0][2:]) for a in arguments]
            done = querist(*given, *where, text=text)
            seen.append((done[0], comparable(done[1]), comparable(done[2])))
        check(seen[0] == seen[1] and seen[0][0] == code, name, f"folder: {seen[0]}\nserver: {seen[1]}")
        return done[1]


def words(rng, spam):
    good, bad = ["meeting", "lunch", "see", "you", "later", "home", "mum"], ["win", "free", "cash", "prize", "claim", "offer", "now"]
    return " ".join(rng.choice(bad if spam and rng.random() < 0.7 else good) for _ in range(8))


def write_texts(path, rows, seed=1):
    rng = random.Random(seed)
    with path.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["body", "kind", "key", "who", "part"])
        for row in range(rows):
            spam = rng.random() < 0.4
            table.writerow([f"{words(rng, spam)} {row}, \"é\"", "spam" if spam else "ham", f"row-{row}", f"g{row % 7}", "train"])


def write_npy(path, matrix):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(matrix)}, {len(matrix[0])}), }}".ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() +
                     b"".join(struct.pack("<f", number) for row in matrix for number in row))


def write_images(folder, count):
    """Grey pictures, dark or bright, in one folder a class, and the same as a zip."""
    rng = random.Random(5)
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for number in range(count):
            kind = ("dark", "bright")[number % 2]
            base = 40 if kind == "dark" else 200
            pixels = bytes(min(255, base + rng.randrange(40)) for _ in range(64))
            path = folder / kind / f"{number}.pgm"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"P5 8 8 255\n" + pixels)
            archive.write(path, f"{kind}/{number}.pgm")


def check_texts(pair, folder):
    texts = folder / "texts.csv"
    write_texts(texts, 400)
    with texts.open("a") as out:
        out.write(",spam,row-400,g,train\n" + "again,ham,row-1,g,train\n" + "one,cell,too,many,train,x\n")
    columns = ["--text", "body", "--label", "kind", "--id", "key", "--group", "who", "--split", "part"]
    pair.same("import prints the same counts", "import", texts, "--project", "sms", *columns, "--json", "--rejects", folder / "WHERE.csv")
    rejects = [(folder / f"{name}.csv").read_text() for name in ("data-dir", "server")]
    check(rejects[0] == rejects[1] and rejects[0].count("\n") == 3, "the rejected rows are the same", rejects)
    lines = "".join(json.dumps({"text": f"from a pipe {n}", "label": "ham", "meta": {"n": n}}) + "\n" for n in range(20))
    pair.same("import reads standard input", "import", "-", "--project", "piped", text=lines)
    pair.same("a pipe's rows again are duplicates", "import", "-", "--project", "piped", text=lines)
    pair.same("a label that is no class is rejected", "import", "-", "--project", "piped", text='{"text": "new", "label": "eggs"}\n')
    pair.same("--add-classes makes it one", "import", "-", "--project", "piped", "--add-classes", text='{"text": "new", "label": "eggs"}\n')
    pair.same("nothing on standard input", "import", "-", "--project", "piped", code=1)
    pair.same("a file that is not there", "import", folder / "none.csv", "--project", "sms", code=1)

    pair.same("evaluate before a model", "evaluate", "--project", "sms")
    pair.same("train before a label", "train", "--project", "sms", code=1)
    pair.same("predict before a model", "predict", texts, "--project", "sms", "--text", "body", code=1)
    pair.same("export of no model", "export", "model", "--project", "sms", code=1)
    pair.same("run", "run", "--project", "sms", "--oracle", "kind", "--until", "labels=80", "--json")
    pair.same("run until a sentence", "run", "--project", "sms", "--oracle", "kind", "--until", "labels=100|stopped")
    for verb in (["status"], ["status", "--json"], ["evaluate"], ["evaluate", "--json"], ["models"], ["models", "list", "--json"],
                 ["models", "show", "2"], ["models", "history"], ["export", "labels", "--format", "csv"], ["export", "labels"]):
        pair.same(" ".join(verb), *verb, "--project", "sms")
    pair.same("predict", "predict", texts, "--project", "sms", "--text", "body")
    pair.same("predict to a file", "predict", texts, "--project", "sms", "--text", "body", "--out", folder / "WHERE.jsonl")
    written = [(folder / f"{name}.jsonl").read_text() for name in ("data-dir", "server")]
    check(written[0] == written[1] and written[0].count("\n") == 401, "predictions in files are the same")
    pair.same("export of a model", "export", "model", "--project", "sms", "--out", folder / "WHERE.model")
    models = [(folder / f"{name}.model").read_bytes() for name in ("data-dir", "server")]
    check(models[0] == models[1] and len(models[0]) > 100, "the model's bytes are the same")
    pair.same("promote", "models", "promote", "1", "--project", "sms", "--reason", "older is better", "--force")
    pair.same("rollback", "models", "rollback", "--project", "sms", "--reason", "it was not", "--json")
    pair.same("promote an alias of one's own", "models", "promote", "2", "--project", "sms", "--alias", "blue", "--force")
    pair.same("predict with an alias", "predict", texts, "--project", "sms", "--text", "body", "--alias", "blue")
    pair.same("an alias that is none", "predict", texts, "--project", "sms", "--text", "body", "--alias", "red", code=1)
    pair.same("a version that is none", "models", "show", "99", "--project", "sms", code=1)


def check_labelling(pair):
    taken = pair.same("next --json", "next", "--project", "sms", "--count", "3", "--json")
    pair.same("next", "next", "--project", "sms")
    example = json.loads(taken)["items"][0]["example_id"]
    pair.same("annotate", "annotate", example, "ham", "--project", "sms")
    pair.same("annotate in another's name", "annotate", json.loads(taken)["items"][1]["example_id"], "spam", "--project", "sms",
              "--annotator", "ada", "--json", code=1)
    pair.same("a class that is none", "annotate", example, "eggs", "--project", "sms", code=1)
    pair.same("an example that is none", "annotate", "99999", "ham", "--project", "sms", code=1)
    pair.same("by hand: answer, slip, undo, skip, stop", "annotate", "--project", "sms", text="1\neggs\nu\n2\ns\nq\n")
    pair.same("by hand for another", "annotate", "--project", "sms", "--annotator", "ada", text="spam\nu\nham\n")
    pair.same("train", "train", "--project", "sms", "--json")
    pair.same("labels after all that", "export", "labels", "--project", "sms")


def check_payloads(pair, folder):
    """Embeddings, tables and pictures arrive as they would in a folder, so the loop goes the same way on them."""
    rng = random.Random(3)
    labels, vectors, table = folder / "labels.csv", folder / "vectors.npy", folder / "table.csv"
    kinds = [rng.random() < 0.5 for _ in range(200)]
    write_npy(vectors, [[rng.gauss(kind, 0.7) * 1e-3 for _ in range(5)] for kind in kinds])
    labels.write_text("kind\n" + "".join(f"{'a' if kind else 'b'}\n" for kind in kinds))
    table.write_text("zeta,alpha,label\n" + "".join(f"{rng.gauss(2 * kind, 1):.3f},{'xyz'[row % 3]},{'a' if kind else 'b'}\n"
                                                    for row, kind in enumerate(kinds)))
    write_images(folder / "pictures", 120)
    kept = {"vectors": [labels, "--embeddings", vectors, "--label", "kind"], "plain": [vectors], "table": [table, "--label", "label"],
            "pictures": [folder / "pictures"], "zipped": [folder / "pictures.zip"]}
    for project, given in kept.items():
        pair.same(f"import of {project}", "import", *given, "--project", project)
    for project in ("vectors", "table", "pictures"):
        pair.same(f"run on {project}", "run", "--project", project, "--oracle", "column", "--until", "labels=60", "--json")
        pair.same(f"next of {project}", "next", "--project", project)
        pair.same(f"labels of {project}", "export", "labels", "--project", project, "--format", "csv")
    pair.same("predict pictures", "predict", folder / "pictures", "--project", "pictures")
    pair.same("predict a table", "predict", table, "--project", "table")
    pair.same("predict vectors", "predict", vectors, "--project", "vectors")
    pair.same("predict another payload", "predict", table, "--project", "pictures", code=1)
    short = folder / "short.npy"
    write_npy(short, [[1.0, 2.0]] * 3)
    pair.same("embeddings of another length", "import", labels, "--embeddings", short, "--project", "vectors", code=1)
    pair.same("another payload", "import", folder / "texts.csv", "--text", "body", "--project", "vectors", code=1)


def check_record(pair, url):
    pair.same("ledger of nothing", "ledger", "burn", code=2)
    for where in pair.where:
        code, shown, _ = querist("ledger", "verify", *where)
        check(code == 0 and shown.startswith("the ledger holds: "), "ledger verify", shown)
    code, shown, _ = querist("ledger", "show", "--server", url, "--after", "2")
    events = [json.loads(line) for line in shown.splitlines()]
    check(code == 0 and [event["sequence"] for event in events] == list(range(3, len(events) + 3)) and len(events) > 400,
          "ledger show lists every event after the one named", events[:2])
    pair.same("a project must be named", "status", code=2)
    pair.same("a project that is none", "status", "--project", "none", code=1)


def check_people(pair, url):
    pair.same("no user yet", "users", "--json")
    pair.same("the first user is an admin", "users", "add", "ben", text="a long password\n", code=1)
    pair.same("a short password", "users", "add", "ada", "--role", "admin", text="x\n", code=1)
    tokens = {}
    for role in ("annotator", "engineer", "admin"):
        code, token, problem = querist("tokens", "add", role, "--role", role, "--server", url)
        check(code == 0 and len(token.strip()) > 20, f"a token for the role {role}", problem)
        tokens[role] = token.strip()
    code, added, problem = querist("users", "add", "ada", "--role", "admin", "--server", url, text="a long password\n")
    check((code, added) == (0, "user ada added as admin\n"), "users add", problem)
    code, _, problem = querist("users", "--server", url)
    check(code == 1 and "--token" in problem and "QUERIST_TOKEN" in problem, "users set up: a token is needed", problem)
    admin = ("--server", url, "--token", tokens["admin"])
    code, shown, problem = querist("users", *admin)
    check((code, shown.split()) == (0, ["ada", "admin"]), "users list", shown + problem)
    code, shown, _ = querist("tokens", "--json", *admin)
    check(code == 0 and [token["name"] for token in json.loads(shown)["items"]] == list(tokens), "tokens list --json", shown)
    env = {"QUERIST_SERVER": url, "QUERIST_TOKEN": tokens["annotator"]}
    code, shown, problem = querist("next", "--project", "sms", env=env)
    check(code == 0 and "example" in shown, "QUERIST_SERVER and QUERIST_TOKEN sign in", problem)
    for name, verb in {"import": ["import", "-", "--project", "sms"], "a new project": ["import", "-", "--project", "new"],
                       "train": ["train", "--project", "sms"], "run": ["run", "--project", "sms"],
                       "users": ["users"], "ledger": ["ledger"], "export model": ["export", "model", "--project", "sms"],
                       "another's work": ["next", "--project", "sms", "--annotator", "ben"]}.items():
        code, _, problem = querist(*verb, env=env, text='{"text": "x"}\n')
        check(code == 1 and re.search(r"role|engineer", problem) and "(request " in problem, f"an annotator's {name} is refused", problem)
    code, _, problem = querist("annotate", "5", "ham", "--project", "sms", "--annotator", "ben", "--json", env=env)
    check(code == 1 and "engineer" in problem, "an annotator may not answer as another", problem)
    code, _, problem = querist("status", "--project", "sms", "--server", url, "--token", "wrong")
    check(code == 1 and "token" in problem, "a wrong token", problem)
    for verb, said in ((["tokens", "revoke", "1"], "revoked\n"), (["users", "add", "eve"], "user eve added as annotator\n"),
                       (["users", "remove", "eve"], "user eve removed\n")):
        code, shown, problem = querist(*verb, *admin, text="a long password\n")
        check((code, shown) == (0, said), " ".join(verb), problem)
    code, _, problem = querist("next", "--project", "sms", env=env)
    check(code == 1 and "token" in problem, "a revoked token", problem)
    return tokens["admin"]


def check_addresses(folder, url, token):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    code, _, problem = querist("status", "--server", nobody)
    check(code == 1 and nobody in problem and "running" in problem, "no server there", problem)
    for wrong in ("localhost:80", "ftp://x", "http://", "http://h:port", "http://user@h", "http://h:99999999"):
        code, _, problem = querist("status", "--server", wrong)
        check(code == 2 and "http://HOST:PORT" in problem, f"the address {wrong}", problem)
    code, _, problem = querist("status", "--server", url, "--data-dir", folder / "local")
    check(code == 2 and "not both" in problem, "a server and a folder", problem)
    code, shown, problem = querist("status", "--project", "sms", "--data-dir", folder / "local", env={"QUERIST_SERVER": nobody})
    check(code == 0, "a folder on the command line beats a server in a variable", problem)
    code, shown, problem = querist("status", "--project", "sms", "--server", url, "--token", token,
                                   env={"QUERIST_DATA_DIR": folder / "none"})
    check(code == 0 and not (folder / "none").exists(), "a server on the command line beats a folder in a variable", problem)

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"no")

        def log_message(self, *_):
            pass
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    code, _, problem = querist("status", "--server", f"http://127.0.0.1:{other.server_port}")
    check(code == 1 and "answered 404 and not as Querist does" in problem, "another kind of server", problem)
    other.shutdown()


def pump(source, target):
    with contextlib.suppress(OSError, ValueError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def serve_tls(listener, context, port):
    """A proxy that ends TLS in front of the server."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with contextlib.suppress(OSError):
            client = context.wrap_socket(client, server_side=True)
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()


def check_tls(folder, server, token):
    made, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                    "-out", made, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True,
                   capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_tls, args=(listener, context, server.port), daemon=True).start()
    port = listener.getsockname()[1]
    verb = ["status", "--project", "sms", "--token", token, "--server"]
    trusted = {"SSL_CERT_FILE": made}
    code, shown, problem = querist(*verb, f"https://localhost:{port}", env=trusted)
    check(code == 0 and "examples labelled" in shown, "https with a certificate that is trusted", problem)
    code, shown, problem = querist("export", "labels", "--project", "sms", "--token", token, "--server", f"https://localhost:{port}", env=trusted)
    check(code == 0 and shown.count("\n") > 50, "several requests through https", problem)
    code, _, problem = querist(*verb, f"https://localhost:{port}")
    check(code == 1 and "certificate" in problem, "https with a certificate of nobody's", problem)
    code, _, problem = querist(*verb, f"https://127.0.0.1:{port}", env=trusted)
    check(code == 1 and "certificate" in problem, "https with the certificate of another name", problem)
    listener.close()


def counts(url, project):
    with urllib.request.urlopen(f"{url}/api/v1/projects/{project}") as answer:
        return json.load(answer)["counts"]["examples"]


def wait_for_rows(url, project, rows):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if counts(url, project) >= rows:
                return
        time.sleep(0.01)


def check_kills(folder):
    """A server killed under an import: the client goes on with the next one, or is run again; no row is lost or stands twice."""
    big, rows = folder / "big.csv", 60_000
    write_texts(big, rows, seed=9)
    server = Server(folder / "killed")
    for project, columns in (("by_id", ["--id", "key"]), ("by_content", [])):
        verb = [BINARY, "import", big, "--project", project, "--text", "body", *columns, "--classes", "ham,spam", "--server", server.url, "--json"]
        client = subprocess.Popen(list(map(str, verb)), env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for_rows(server.url, project, 3_000)
        server.stop(signal.SIGKILL)
        running = client.poll() is None
        server = Server(folder / "killed", server.port)
        shown, problem = client.communicate(timeout=120)
        report = json.loads(shown) if client.returncode == 0 else {}
        check(running and report.get("accepted", 0) + report.get("duplicates", 0) == rows and report.get("rejected") == 0,
              f"the import goes on with the new server ({project})", shown + problem)
        check(counts(server.url, project) == rows, f"every row stands once ({project})", counts(server.url, project))
    verb[verb.index("by_content")] = "again"
    client = subprocess.Popen(list(map(str, verb)), env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_rows(server.url, "again", 3_000)
    server.stop(signal.SIGKILL)
    client.kill()
    client.wait()
    server = Server(folder / "killed", server.port)
    there = counts(server.url, "again")
    code, shown, problem = querist(*verb[1:])
    report = json.loads(shown) if code == 0 else {}
    check(0 < there < rows and report.get("duplicates") == there and report.get("accepted") == rows - there,
          "run again, the import adds what was missing", f"{there} {shown}{problem}")
    check(counts(server.url, "again") == rows, "and every row stands once")
    check(querist("ledger", "--server", server.url)[0] == 0, "the ledger holds after the kills")
    check(server.stop() == 0, "the server ends cleanly")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="querist-remote-"))
    server = Server(folder / "remote")
    try:
        pair = Pair(folder / "local", server)
        check_texts(pair, folder)
        check_labelling(pair)
        check_payloads(pair, folder)
        check_record(pair, server.url)
        token = check_people(pair, server.url)
        check_addresses(folder, server.url, token)
        check_tls(folder, server, token)
    finally:
        server.stop()
    check_kills(folder)
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    if failed:
        print("kept:", folder)
    else:
        shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
