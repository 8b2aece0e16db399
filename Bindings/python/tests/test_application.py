# SPDX-License-Identifier: Apache-2.0
"""An application and devices in Python, against the server and against a second implementation of it."""

import asyncio
import tempfile
import threading
import unittest
import unittest.mock

import countersign
from countersign import aio

from .fleet import Fleet

try:
    from .relay import RelayFleet
except ImportError:
    RelayFleet = None  # type: ignore


class ApplicationTests:
    """What an application and its devices do, whatever the server."""

    @classmethod
    def make_fleet(cls, folder: str):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.fleet = cls.make_fleet(folder.name)
        cls.addClassCleanup(cls.fleet.close)
        cls.backend = cls.fleet.application("backend")
        cls.fleet.serve()
        cls.number = 0

    def setUp(self) -> None:
        type(self).number += 1
        self.pump = f"{self.number:016x}"
        self.file = self.fleet.device(self.pump)

    def application(self) -> countersign.Application:
        application = countersign.Application(self.backend, "127.0.0.1", self.fleet.port)
        self.addCleanup(application.close)
        return application

    def device(self) -> countersign.Device:
        device = countersign.Device(self.file, "127.0.0.1", self.fleet.port, applications=True)
        self.addCleanup(device.close)
        return device

    def test_reports(self) -> None:
        with self.device() as pump, self.application() as backend:
            numbers = [pump.report(f"reading {index}") for index in range(5)]
            reports = []
            for report in backend.reports():
                reports.append(report)
                if len(reports) == 5:
                    break
            self.assertEqual([report.text for report in reports], [f"reading {index}" for index in range(5)])
            self.assertEqual([report.number for report in reports], numbers)
            self.assertTrue(all(report.is_sealed and report.device == pump.address for report in reports))
            # The last was not done: it comes again.
        with self.application() as backend:
            again = backend.receive()
            self.assertEqual((again.text, again.attempt), ("reading 4", 2))
            backend.done(again)
        with self.application() as backend, self.assertRaises(TimeoutError):
            backend.receive(timeout=0.5)

    def test_a_device_hears_that_its_report_is_done(self) -> None:
        with self.device() as pump, self.application() as backend:
            worker = threading.Thread(target=lambda: backend.done(backend.receive()))
            worker.start()
            pump.report("the tank is full", to="backend", wants_done=True)
            worker.join()
            with self.assertRaisesRegex(countersign.NotStored, "no such application"):
                pump.report("hello?", to="nobody", timeout=0.5)

    def test_requests_and_replies(self) -> None:
        with self.device() as pump, self.application() as backend:
            pump.report("here")
            backend.done(backend.receive())

            def serve() -> None:
                for index in range(3):
                    request = pump.request()
                    pump.reply(request, request.text.upper())

            worker = threading.Thread(target=serve)
            worker.start()
            for word in ("open", "close", "stop"):
                self.assertEqual(backend.request(self.pump, word), word.upper().encode())
            worker.join()
            with self.assertRaises(countersign.NotDelivered):
                backend.request("00000000deadbeef", "hello?")
        with self.application() as backend, self.assertRaisesRegex(countersign.NotDelivered, "sleeps"):
            backend.request(self.pump, "wake up")

    def test_a_request_that_waits(self) -> None:
        with self.device() as pump:
            pump.report("good night")
        with self.application() as backend:
            backend.done(backend.receive())
            replies = []
            worker = threading.Thread(target=lambda: replies.append(backend.request(self.pump, "how are you?", waits=True)))
            worker.start()
            with self.device() as pump:
                pump.reply(pump.request(), "well")
            worker.join()
            self.assertEqual(replies, [b"well"])
        # What was replied to is not asked again.
        with self.device() as pump, self.assertRaises(TimeoutError):
            pump.request(timeout=0.5)

    def test_more_than_it_has_room_for(self) -> None:
        other = self.fleet.device(f"{self.number + 0x100:016x}")
        with self.device() as pump, countersign.Device(other, "127.0.0.1", self.fleet.port, applications=True) as valve:
            body = bytes(60_000)
            for _ in range(15):
                pump.report(body)
                valve.report(body)
        # More bytes than fit its window, and channels of more devices than it keeps.
        with unittest.mock.patch("countersign._queue.MAXIMUM_CHANNELS", 1), self.application() as backend:
            for index in range(30):
                report = backend.receive()
                self.assertEqual((report.body, report.attempt), (body, 1))
                backend.done(report)
            with self.assertRaises(TimeoutError):
                backend.receive(timeout=0.5)

    def test_with_an_event_loop(self) -> None:
        async def run() -> tuple[list[str], bytes]:
            port = self.fleet.port
            async with await aio.connect(self.file, "127.0.0.1", port, applications=True) as pump, await aio.connect_application(
                self.backend, "127.0.0.1", port
            ) as backend:
                await asyncio.gather(*(pump.report(f"{index}") for index in range(20)))
                texts = []
                async for report in backend.reports():
                    texts.append(report.text)
                    if len(texts) == 20:
                        await backend.done(report)
                        break

                async def serve() -> None:
                    await pump.reply(await pump.request(), "yes")

                reply, _ = await asyncio.gather(backend.request(self.pump, "are you there?"), serve())
                return texts, reply

        texts, reply = asyncio.run(run())
        self.assertEqual((texts, reply), ([f"{index}" for index in range(20)], b"yes"))


class ServerTests(ApplicationTests, unittest.TestCase):
    """Against `countersign serve`."""

    @classmethod
    def make_fleet(cls, folder: str) -> Fleet:
        return Fleet()


@unittest.skipUnless(RelayFleet, "needs the package cryptography")
class SecondImplementationTests(ApplicationTests, unittest.TestCase):
    @classmethod
    def make_fleet(cls, folder: str):
        return RelayFleet(folder, countersign)


if __name__ == "__main__":
    unittest.main()
