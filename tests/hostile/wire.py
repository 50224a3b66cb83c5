"""Wrong and slow clients against the real binary: each is refused in words with a code, and changes nothing."""
import json
import socket
import subprocess
import time

from server import Server, expect, keeps, make_project, until

POST = "POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def raw(server, *parts, pause=0.0, half_close=False, seconds=20):
    """Sends bytes as they are and gives all that comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as wire:
        for part in parts:
            wire.sendall(part if isinstance(part, bytes) else part.encode())
            time.sleep(pause)
        if half_close:
            wire.shutdown(socket.SHUT_WR)
        got = b""
        while chunk := wire.recv(65536):
            got += chunk
        return got.decode(errors="replace")


def bodies_that_are_wrong(folder):
    with Server(folder / "data") as server:
        make_project(server, 10)
        projects, bad = "/api/v1/projects", "invalid_argument"
        deep = b"[" * 100_000 + b"]" * 100_000
        server.refused(400, bad, "(nested|deep)", "POST", projects, deep)
        server.refused(400, bad, "(nested|deep)", "POST", projects, b'{"name":' + b'{"a":' * 100_000)
        server.refused(400, bad, "(nested|deep)", "PATCH", projects + "/p", b'{"settings": {"batch_size": ' + deep + b"}}")
        server.refused(400, bad, "UTF-8", "POST", projects, b'{"name": "\xff\xfe"}')
        server.refused(400, bad, "name", "POST", projects, b'{"name": "a\\u0000b"}')
        server.refused(400, bad, '"colour"', "POST", projects, {"name": "q", "colour": "red"})
        server.refused(400, bad, "batch_sise", "PATCH", projects + "/p", {"settings": {"batch_sise": 3}})
        server.refused(400, bad, "batch_size", "PATCH", projects + "/p", {"settings": {"batch_size": [3]}})
        server.refused(400, bad, '"eggs" is none of the classes of p: ham, spam', "POST", projects + "/p/annotations",
                       {"example_id": 1, "value": "eggs"})
        server.refused(400, bad, "example_id", "POST", projects + "/p/annotations", {"example_id": "1", "value": "ham"})
        server.refused(400, bad, "example_id", "POST", projects + "/p/annotations", {"example_id": 1e300, "value": "ham"})
        server.refused(413, "resource_exhausted", "1048576|1 MiB", "POST", projects, b'{"name": "' + b"x" * (1 << 20) + b'"}')
        claimed = raw(server, POST + "Content-Length: 999999999999\r\n\r\n")
        expect("413" in claimed.split("\r\n")[0] and "resource_exhausted" in claimed, f"a claimed terabyte gave {claimed[:300]}")
        expect([p["name"] for p in server.ok("GET", projects)["items"]] == ["p"], "a refused request changed something")
        server.verifies()
        server.stop()


def texts_with_nul_and_broken_bytes(folder):
    """An import tells the bad rows and keeps the good ones."""
    with Server(folder / "data") as server:
        server.ok("POST", "/api/v1/projects", {"name": "p", "classes": ["a", "b"]})
        lines = [b'{"text": "good"}', b'{"text": "bad \xff\xfe"}', b'{"text": "with \\u0000 inside"}', b'{"text": 7}', b'{"text": "fine"}',
                 b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"text": NaN}', b'{"text": "last"}']
        result = server.ok("POST", "/api/v1/projects/p/examples", b"\n".join(lines), {"Content-Type": "application/x-ndjson"})
        told = {one["row"]: one["reason"] for one in result["rejected"]}
        texts = [one["text"] for one in server.ok("GET", "/api/v1/projects/p/examples")["items"]]
        expect({2, 6, 7} <= set(told), f"rows were not told: {result}")
        expect({"good", "fine", "last"} <= set(texts) and len(texts) == result["accepted"], f"rows are missing: {texts} {told}")
        expect(result["accepted"] + result["rejected_count"] == len(lines), f"rows vanished: {result}")
        server.verifies()
        server.stop()


def infinite_features(folder):
    """Rows of NaN and infinity are told by number; a model is not asked about them either."""
    with Server(folder / "data") as server:
        server.ok("POST", "/api/v1/projects", {"name": "p", "classes": ["a", "b"], "settings": {"batch_size": 10}})
        good = [json.dumps({"embedding": [i % 7 - 3.0, i / 40, 1.0]}) for i in range(40)]
        bad = ['{"embedding": [NaN, 1, 2]}', '{"embedding": [1e39, 1, 2]}', '{"embedding": [Infinity, 1, 2]}', '{"embedding": [1, 2]}']
        body = "\n".join(good[:20] + bad + good[20:]).encode()
        result = server.ok("POST", "/api/v1/projects/p/examples", body, {"Content-Type": "application/x-ndjson"})
        expect(result["accepted"] == 40 and sorted(one["row"] for one in result["rejected"]) == [21, 22, 23, 24], f"{result}")
        for i in range(12):
            leased = server.ok("POST", "/api/v1/projects/p/leases", {"count": 1})["items"]
            if leased:
                server.ok("POST", "/api/v1/projects/p/annotations", {"example_id": leased[0]["example"]["id"], "value": "ab"[i % 2]})
        until("a model is trained", lambda: server.ok("GET", "/api/v1/projects/p/models")["items"])
        ask = '{"inputs": [{"name": "embedding", "shape": [1, 3], "datatype": "FP32", "data": [%s, 1, 2]}]}'
        server.ok("POST", "/v2/models/p/infer", (ask % "1").encode())
        for number in ("NaN", "1e39", "-1e39", "1e999", "null"):
            status, reply = server.call("POST", "/v2/models/p/infer", (ask % number).encode())
            expect(status == 400, f"asked about {number} the model answered {status} {reply}")
        server.lives()
        server.stop()


def leases_that_ran_out_or_are_anothers(folder):
    with Server(folder / "data") as server:
        make_project(server, 30, lease_seconds=5)
        path = "/api/v1/projects/p"
        first = server.ok("POST", path + "/leases", {"count": 1, "annotator": "ada"})["items"][0]
        example = first["example"]["id"]
        late = {"example_id": example, "value": "ham", "lease_id": first["lease_id"]}
        time.sleep(5.5)
        items = server.ok("POST", path + "/leases", {"count": 100, "annotator": "bob"})["items"]
        taken = next((item for item in items if item["example"]["id"] == example), None)
        expect(taken, "an example whose lease ran out is not handed out again")
        server.refused(409, "conflict", "ran out and its example went to someone else", "POST", path + "/annotations", late)
        server.refused(409, "conflict", ".", "POST", f"{path}/leases/{first['lease_id']}/heartbeat")
        server.ok("POST", path + "/annotations", {"example_id": example, "value": "spam", "lease_id": taken["lease_id"]})
        keeps(server, {example: "spam"})
        server.verifies()
        server.stop()


def anothers_lease(folder):
    """With people on the server, an annotator cannot answer what another holds."""
    with Server(folder / "data") as server:
        make_project(server, 30)
        server.ok("POST", "/api/v1/users", {"name": "root", "password": "a long password", "role": "admin"})
        server.refused(401, "unauthenticated", "sign in", "GET", "/api/v1/projects")
        server.stop()
    tokens = [subprocess.run([str(Server.binary), "tokens", "add", name, "--role", "annotator", "--data-dir", str(folder / "data")], check=True,
                             capture_output=True, text=True).stdout.strip() for name in ("ada", "bob")]
    ada, bob = ({"Authorization": f"Bearer {token}"} for token in tokens)
    with Server(folder / "data") as server:
        path = "/api/v1/projects/p"
        item = server.ok("POST", path + "/leases", {"count": 1}, ada)["items"][0]
        body = {"example_id": item["example"]["id"], "value": "ham", "lease_id": item["lease_id"]}
        server.refused(403, "permission_denied", "another annotator", "POST", path + "/annotations", body, bob)
        del body["lease_id"]
        server.refused(409, "conflict", "held by another annotator", "POST", path + "/annotations", body, bob)
        server.ok("POST", path + "/annotations", {**body, "lease_id": item["lease_id"]}, ada)
        server.refused(403, "permission_denied", "reviewer", "GET", "/api/v1/ledger/verify", None, bob)
        server.stop()


def slow_and_half_closed_clients(folder):
    with Server(folder / "data", "--header-seconds", "1", "--body-seconds", "1") as server:
        make_project(server, 10)
        idle = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(500)]
        trickling = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(50)]
        for wire in trickling:
            wire.sendall(b"GET /api/v1/projects HTTP/1.1\r\nHost: local")
        started = time.monotonic()
        server.ok("GET", "/api/v1/projects")
        expect(time.monotonic() - started < 1, f"beside slow clients an answer took {time.monotonic() - started:.1f} s")
        for wire in trickling:
            said = wire.recv(65536)
            expect(not said or b" 408 " in said, f"a trickling client got {said[:200]}")
        slow_body = raw(server, POST + "Content-Length: 5000\r\n\r\n{\"na")
        expect(" 408 " in slow_body and "cancelled" in slow_body, f"a body that stalls gave {slow_body[:300]}")
        asked = raw(server, "GET /api/v1/projects HTTP/1.1\r\nHost: localhost\r\n\r\n", half_close=True)
        expect(" 200 " in asked and '"p"' in asked, f"a half-closed client got {asked[:300]!r}")
        broken = raw(server, POST + "Content-Length: 5000\r\n\r\n{\"name\": \"half\"}", half_close=True)
        expect("201" not in broken.split("\r\n")[0], f"half a body was taken: {broken[:200]}")
        piped = raw(server, *["GET /v2/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 20, half_close=True)
        expect(piped.count("HTTP/1.1 200") == 20, f"of 20 piped requests {piped.count('HTTP/1.1 200')} were answered")
        for wire in idle + trickling:
            wire.close()
        expect([p["name"] for p in server.ok("GET", "/api/v1/projects")["items"]] == ["p"], "a broken request changed something")
        server.lives()
        server.stop()


def tests(_):
    return [bodies_that_are_wrong, texts_with_nul_and_broken_bytes, infinite_features, leases_that_ran_out_or_are_anothers, anothers_lease,
            slow_and_half_closed_clients]
