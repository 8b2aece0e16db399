# SPDX-License-Identifier: Apache-2.0
"""A fleet in a temporary directory, with a server, for tests. COUNTERSIGN names the program."""

import json
import os
import re
import subprocess
import tempfile

PROGRAM = os.environ["COUNTERSIGN"]


class Fleet:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = self._folder.name
        self.keys = json.loads(self.run("init", "--dir", "fleet", "--unsealed", "--output", "json"))
        self.run("system", "add", "--dir", "fleet", "waterworks")
        self._server: subprocess.Popen[str] | None = None
        self.port = 0

    def run(self, *words: str, input: str = "", status: int = 0) -> str:
        done = subprocess.run([PROGRAM, *words], cwd=self.path, input=input, capture_output=True, text=True)
        if done.returncode != status:
            raise AssertionError(f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([PROGRAM, *words], cwd=self.path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def device(self, id: str) -> str:
        file = f"{self.path}/{id}.device"
        self.run("device", "add", "--dir", "fleet", "--system", "waterworks", "--id", id, "--out", file)
        return file

    def application(self, name: str) -> str:
        file = f"{self.path}/{name}.application"
        self.run("application", "add", name, "--dir", "fleet", "--system", "waterworks", "--out", file)
        return file

    def serve(self) -> None:
        self._server = self.start("serve", "--dir", "fleet", "--listen", f"127.0.0.1:{self.port}")
        line = self._server.stdout.readline()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line).group(1))

    def stop(self) -> None:
        if self._server:
            self._server.terminate()
            self._server.wait()
            self._server.stdout.close()
        self._server = None

    def close(self) -> None:
        self.stop()
        self._folder.cleanup()

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"
