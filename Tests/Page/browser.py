# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over the WebDriver protocol (W3C) with nothing but the standard library."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    def __init__(self, width=1280, height=900):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                if self.request("GET", "/status")["ready"]:
                    break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        options = {
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},{height}"],
            "binary": shutil.which("chromium"),
        }
        capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.request("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = f"/session/{session['sessionId']}"

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        self.request("POST", self.session + "/url", {"url": url})

    def script(self, code, *arguments):
        return self.request("POST", self.session + "/execute/sync", {"script": code, "args": list(arguments)})

    def find(self, selector):
        found = self.request("POST", self.session + "/element", {"using": "css selector", "value": selector})
        return f"{self.session}/element/{found[ELEMENT]}"

    def choose(self, select, option):
        """Picks an option as a person would."""
        self.request("POST", self.find(f"#{select} option[value='{option}']") + "/click", {})

    def type(self, field, text):
        element = self.find(f"#{field}")
        self.request("POST", element + "/clear", {})
        self.request("POST", element + "/value", {"text": str(text)})

    def click(self, selector):
        self.request("POST", self.find(selector) + "/click", {})

    def resize(self, width, height):
        self.request("POST", self.session + "/chromium/send_command", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}})

    def prefer(self, scheme):
        """Light or dark."""
        self.request("POST", self.session + "/chromium/send_command", {
            "cmd": "Emulation.setEmulatedMedia", "params": {"features": [{"name": "prefers-color-scheme", "value": scheme}]}})

    def wait_for(self, code, *arguments):
        """What a script hands to the function that is its last argument."""
        return self.request("POST", self.session + "/execute/async", {"script": code, "args": list(arguments)})

    def log(self):
        return self.request("POST", self.session + "/se/log", {"type": "browser"})

    def close(self):
        try:
            self.request("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(10)
