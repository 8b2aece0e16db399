# SPDX-License-Identifier: Apache-2.0
"""A device in Python against `countersign serve`. Run: python3 -m unittest discover -s Bindings/python/tests -t Bindings/python"""

import asyncio
import os
import unittest

import countersign
from countersign import aio

from .fleet import Fleet



class DeviceTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.fleet = Fleet()
        cls.addClassCleanup(cls.fleet.close)
        cls.fleet.serve()

    def setUp(self) -> None:
        self.number = getattr(type(self), "number", 0) + 1
        type(self).number = self.number
        self.pump, self.valve = (f"{self.number * 16 + index:016x}" for index in (1, 2))
        self.files = {id: self.fleet.device(id) for id in (self.pump, self.valve)}

    def connect(self, id: str, **options: bool) -> countersign.Device:
        device = countersign.connect(self.files[id], "127.0.0.1", self.fleet.port, **options)
        self.addCleanup(device.close)
        return device

    def test_messages_between_two(self) -> None:
        pump, valve = self.connect(self.pump), self.connect(self.valve)
        numbers = [pump.send(self.valve, f"message {index}") for index in range(5)]
        received = []
        for message in valve.messages():
            received.append(message)
            if len(received) == 5:
                break
        self.assertEqual([message.text for message in received], [f"message {index}" for index in range(5)])
        self.assertEqual([message.number for message in received], numbers)
        self.assertEqual({message.sender for message in received}, {pump.address})
        self.assertEqual(str(pump.address), f"1/{self.pump}")
        valve.ping()

    def test_what_is_not_acknowledged_comes_again(self) -> None:
        with self.connect(self.pump, listens=False) as pump:
            for text in ("first", "second"):
                pump.send(self.valve, text)
        with self.connect(self.valve) as valve:
            valve.acknowledge(valve.receive())
            second = valve.receive()
            self.assertEqual(second.text, "second")
        with self.connect(self.valve) as valve:
            again = valve.receive()
            self.assertEqual((again.text, again.number), ("second", second.number))
            with self.assertRaises(ValueError):
                valve.acknowledge(type(again)(again.sender, 7, b"", again._route))
            valve.acknowledge(again)
        with self.connect(self.valve) as valve, self.assertRaises(TimeoutError):
            valve.receive(timeout=0.5)

    def test_with_the_command_line(self) -> None:
        device = self.files[self.pump]
        with self.connect(self.valve) as valve:
            sending = self.fleet.start("send", "--device", device, "--server", self.fleet.server, "--to", self.valve, "a word")
            message = valve.receive()
            valve.acknowledge(message)
            self.assertEqual(message.text, "a word")
            # The sender has it from the recipient itself: they spoke in a session.
            output = sending.communicate()[0]
            self.assertTrue(output.startswith("delivered "), output)
            sleeping = valve.send(self.pump, b"good night")
        output = self.fleet.run("listen", "--device", device, "--server", self.fleet.server, "--count", "1")
        self.assertIn("good night", output)
        self.assertGreater(sleeping, 0)

    def test_a_key_of_its_own(self) -> None:
        file = f"{self.fleet.path}/{self.number}-own.device"
        id = f"{self.number * 16 + 3:016x}"
        keys = self.fleet.keys
        request = countersign.create(
            file, countersign.Address(1, int(id, 16)), bytes.fromhex(keys["issuer_key"]), bytes.fromhex(keys["server_key"]))
        with self.assertRaises(FileExistsError):
            countersign.create(file, countersign.Address(1, 1), bytes(32), bytes(32))
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        self.fleet.run(
            "device", "add", "--dir", "fleet", "--system", "waterworks", "--id", id, "--public-key", "-", "--out", "own.pem",
            input=request.hex())
        with open(f"{self.fleet.path}/own.pem", "rb") as pem:
            certificate = pem.read()
        with self.assertRaises(countersign.CountersignError):
            countersign.install(self.files[self.pump], certificate)
        countersign.install(file, certificate)
        self.files[id] = file
        with self.connect(id) as own:
            self.assertEqual((own.generation, own.address.device), (1, int(id, 16)))
            own.send(self.pump, "hello")
        with self.connect(self.pump) as pump:
            self.assertEqual(pump.receive().sender.device, int(id, 16))

    def test_a_change_of_keys(self) -> None:
        with self.connect(self.pump) as pump:
            pump.send(self.valve, "under the first key")
        self.fleet.run("device", "rotate", "--dir", "fleet", f"1/{self.pump}")
        with self.connect(self.pump) as pump:
            while pump.generation == 1:
                pump.ping()
            pump.send(self.valve, "under the second key")
        with self.connect(self.valve) as valve:
            self.assertEqual([valve.receive().text for _ in range(2)], ["under the first key", "under the second key"])

    def test_refusals(self) -> None:
        pump = self.connect(self.pump)
        with self.assertRaisesRegex(countersign.NotStored, "no such device"):
            pump.send("00000000deadbeef", "hello?")
        with self.assertRaises(ValueError):
            pump.send(self.valve, bytes(64001))
        with self.assertRaises(ValueError):
            pump.send("valve", b"")
        pump.send(self.valve, bytes(64000))
        with self.assertRaisesRegex(countersign.CountersignError, "another process"):
            self.connect(self.pump)
        pump.close()
        self.fleet.run("device", "revoke", "--dir", "fleet", f"1/{self.pump}", "--reason", "key-compromise")
        with self.assertRaises(countersign.KeyRefused):
            self.connect(self.pump)
        os.chmod(self.files[self.valve], 0o644)
        with self.assertRaisesRegex(countersign.CountersignError, "chmod 600"):
            self.connect(self.valve)
        damaged = f"{self.fleet.path}/damaged.device"
        with open(damaged, "wb") as file:
            file.write(bytes(1092))
        os.chmod(damaged, 0o600)
        self.files["damaged"] = damaged
        with self.assertRaisesRegex(countersign.CountersignError, "damaged"):
            self.connect("damaged")

    def test_with_an_event_loop(self) -> None:
        async def run() -> tuple[set[str], int]:
            port = self.fleet.port
            pump = await aio.connect(self.files[self.pump], "127.0.0.1", port, listens=False)
            async with pump, await aio.connect(self.files[self.valve], "127.0.0.1", port) as valve:
                await asyncio.gather(*(pump.send(self.valve, f"{index}") for index in range(20)))
                texts = set()
                async for message in valve.messages():
                    texts.add(message.text)
                    if len(texts) == 20:
                        break
                await valve.ping()
                with self.assertRaises(countersign.NotStored):
                    await pump.send("00000000deadbeef", "hello?")
                with self.assertRaises(TimeoutError):
                    await pump.receive(timeout=0.2)
                return texts, valve.generation

        self.assertEqual(asyncio.run(run()), ({f"{index}" for index in range(20)}, 1))

    def test_a_server_that_goes(self) -> None:
        pump = self.connect(self.pump)
        self.fleet.stop()
        with self.assertRaises(OSError):
            pump.ping()
        pump.close()
        self.fleet.serve()
        self.connect(self.pump).ping()


if __name__ == "__main__":
    unittest.main()
