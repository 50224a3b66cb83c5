"""A project of known labels with chosen settings, for benchmarks that measure stored models."""
import json
import re
import subprocess
import sys
import urllib.request


def share(estimate):
    """A share in per cent with its interval."""
    return f"{100 * estimate['value']:.1f} ({100 * estimate['ci_low']:.1f} to {100 * estimate['ci_high']:.1f})"


class OneProject:
    """Settings are the API's, so a server is up for them alone; everything else is the command line's."""

    def __init__(self, binary, folder, settings):
        self.binary, self.folder = binary, folder
        server = subprocess.Popen([str(binary), "serve", "--port", "0", "--data-dir", str(folder)], stdout=subprocess.PIPE, text=True)
        try:
            address = re.search(r"http://[^\s/]+", server.stdout.readline()).group()
            self._send(f"{address}/api/v1/projects", {"name": "p", "settings": settings}, "POST")
        finally:
            server.terminate()
            server.wait()

    @staticmethod
    def _send(url, body, method):
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)) as reply:
            return json.loads(reply.read())

    def ask(self, *words):
        command = [self.binary, *words, "--data-dir", self.folder, "--project", "p"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return done.stdout

    def label(self, path, columns, labels):
        """Imports the file and has its own labels answer until there are so many."""
        self.ask("import", path, "--label", "label", "--add-classes", *columns)
        self.ask("run", "--oracle", "label", "--until", f"labels={labels}")
