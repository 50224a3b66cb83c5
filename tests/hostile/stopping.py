"""Starting twice and stopping at work: one server a folder, and SIGTERM lets what runs end or go on later."""
import http.client
import signal
import threading
import time

from server import Server, answer, expect, fails, keeps, make_project, rows, until, versions


def second_server_on_the_folder(folder):
    with Server(folder / "data") as server:
        make_project(server, 10)
        fails(["serve", "--port", "0", "--data-dir", folder / "data"], f"in use by process {server.process.pid}")
        fails(["import", __file__, "--project", "p", "--data-dir", folder / "data"], f"in use by process {server.process.pid}")
        fails(["serve", "--port", str(server.port), "--data-dir", folder / "other"], f"{server.port}")
        server.lives()
        server.stop()
    with Server(folder / "data") as server:  # The lock went with its holder.
        server.stop()


def stop_during_an_import(folder):
    """The import that runs is finished or broken off between batches; what was taken in stays, and it can be sent again."""
    body = rows(0, 60_000, padding=100)
    answers = []
    with Server(folder / "data") as server:
        server.ok("POST", "/api/v1/projects", {"name": "p", "classes": ["ham", "spam"]})

        def send():
            try:
                answers.append(server.call("POST", "/api/v1/projects/p/examples", body, {"Content-Type": "application/x-ndjson"}))
            except (OSError, http.client.HTTPException) as error:
                answers.append((0, str(error)))

        sender = threading.Thread(target=send)
        sender.start()
        until("rows arrive", lambda: server.ok("GET", "/api/v1/projects/p")["counts"]["examples"] > 0)
        server.stop(60)
        sender.join()
    with Server(folder / "data") as server:
        there = server.ok("GET", "/api/v1/projects/p")["counts"]["examples"]
        if answers[0][0] == 200:
            expect(there == answers[0][1]["accepted"] == 60_000, f"{there} rows of a finished import are there")
        again = server.ok("POST", "/api/v1/projects/p/examples", body, {"Content-Type": "application/x-ndjson"})
        expect(again["duplicates"] == there and again["accepted"] == 60_000 - there, f"{there} were there, sent again: {again}")
        server.verifies()
        server.stop()


def stop_during_a_job(folder):
    """A job that runs when the server stops is handed back, and the next server does it."""
    labels = {}
    with Server(folder / "data") as server:
        make_project(server, 500)
        expect(answer(server, 20, labels) is None, "labels were refused")
        until("a first model", lambda: versions(server))
        # So many more rows that the next turn fits the featurizer anew, which takes a while.
        server.ok("POST", "/api/v1/projects/p/examples", rows(500, 60_000, padding=20), {"Content-Type": "application/x-ndjson"})
        had = versions(server)
        server.ok("POST", "/api/v1/projects/p/cycles", {})
        jobs = until("a job runs", lambda: server.ok("GET", "/api/v1/jobs?state=running")["items"], pause=0)
        started = time.monotonic()
        server.stop(30)
        expect(time.monotonic() - started < 25, "stopping took longer than the drain")
    with Server(folder / "data") as server:
        keeps(server, labels)
        until("a model of the new features is trained", lambda: len(versions(server)) > len(had))
        ended = until("the job has ended", lambda: server.ok("GET", f"/api/v1/jobs/{jobs[0]['id']}")["state"] in
                      ("succeeded", "cancelled") and server.ok("GET", f"/api/v1/jobs/{jobs[0]['id']}"))
        expect(ended["attempts"] == 1, f"the stop counted as an attempt: {ended}")
        server.verifies()
        server.process.send_signal(signal.SIGINT)
        expect(server.process.wait(30) == 0, "SIGINT did not end the server cleanly")


def tests(_):
    return [second_server_on_the_folder, stop_during_an_import, stop_during_a_job]
