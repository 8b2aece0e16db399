# SPDX-License-Identifier: Apache-2.0
"""The example in C that answers an application's commands. COUNTERSIGN_EXAMPLES names the folder in which it is built."""

import os
import subprocess
import tempfile
import threading
import unittest

import countersign

try:
    from .relay import RelayFleet
except ImportError:
    RelayFleet = None  # type: ignore

PUMP = "00a0b1c2d3e4f506"


@unittest.skipUnless(RelayFleet and "COUNTERSIGN_EXAMPLES" in os.environ, "needs the example and the package cryptography")
class ExampleTests(unittest.TestCase):
    def test_a_device_in_c_answers_commands(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            fleet = RelayFleet(folder, countersign)
            self.addCleanup(fleet.close)
            backend_file, pump_file = fleet.application("backend"), fleet.device(PUMP)
            program = [os.environ["COUNTERSIGN_EXAMPLES"] + "/command", pump_file, str(fleet.port)]
            with countersign.Application(backend_file, "127.0.0.1", fleet.port) as backend:
                with subprocess.Popen([*program, "the pump runs", "2"], stdout=subprocess.PIPE, text=True) as pump:
                    report = backend.receive()
                    self.assertEqual((report.text, report.is_sealed), ("the pump runs", True))
                    backend.done(report)
                    self.assertEqual([backend.request(PUMP, word) for word in ("open", "close")], [b"done", b"done"])
                    self.assertEqual(pump.communicate(timeout=30)[0], "command  open\ncommand  close\n")
                # A command that waits is opened in the channel that was stored.
                replies: list[bytes] = []
                worker = threading.Thread(target=lambda: replies.append(backend.request(PUMP, "stop", waits=True)))
                worker.start()
                with subprocess.Popen([*program, "again", "1"], stdout=subprocess.PIPE, text=True) as pump:
                    self.assertEqual(pump.communicate(timeout=30)[0], "command  stop\n")
                worker.join()
                self.assertEqual((replies, pump.returncode), ([b"done"], 0))
                self.assertEqual(backend.receive().text, "again")


if __name__ == "__main__":
    unittest.main()
