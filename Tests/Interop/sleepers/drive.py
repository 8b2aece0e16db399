# SPDX-License-Identifier: Apache-2.0
"""Wake-ups between `countersign` and sleeper.py, in both roles.

    drive.py COUNTERSIGN
"""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import sleeper

TEXT = b"valve open"


class Tool:
    """The command-line tool, in a folder of its own."""

    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def run(self, *arguments):
        return subprocess.run(
            [self.path, *arguments], cwd=self.folder, check=True, capture_output=True, text=True, timeout=120
        ).stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--output", "json"))

    @contextlib.contextmanager
    def server(self):
        command = [self.path, "serve", "--dir", "fleet", "--listen", "127.0.0.1:0", "--output", "json"]
        process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            host, port = json.loads(process.stdout.readline())["listening"].rsplit(":", 1)
            yield host, int(port)
        finally:
            process.terminate()
            process.wait()


def receive_exactly(stream, count):
    data = stream.read(count)
    assert len(data) == count, "cut off"
    return data


def receive(stream):
    return receive_exactly(stream, struct.unpack(">H", receive_exactly(stream, 2))[0])


def send(stream, frame):
    stream.write(struct.pack(">H", len(frame)) + frame)
    stream.flush()


def our_device(tool, other):
    """The device is sleeper.py, the server is `countersign serve`."""
    file = sleeper.DeviceFile(os.path.join(tool.folder, "peer.device"))
    with tool.server() as address:
        with socket.create_connection(address) as connection, connection.makefile("rwb") as stream:
            exchange = sleeper.Exchange(file.key)
            send(stream, exchange.first_frame(file.epoch, file.counter + 1))
            exchange.read_answer(receive(stream))
            session = exchange.session(is_device=True)
            send(stream, session.seal(struct.pack(">BBHI", 1, 0, file.epoch, 0)))
            welcome = session.open(receive(stream))
            assert welcome[0] == 0x81, "no welcome"
            first_message = file.generation << 48 | 1_000
            send(stream, session.seal(struct.pack(">BQB", 0x0B, first_message, 0)))
            assert session.open(receive(stream)) == struct.pack(">BHBB", 0x96, 256, 32, 8)
        device = sleeper.Sleeper(exchange.export, first_message)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(120)
            udp.connect(address)

            def wake(flags, data=b""):
                frame = device.seal(flags, data)
                udp.send(frame)
                answer = udp.recv(2048)
                assert device.open(answer), "not an answer"
                return frame, answer

            # The record `ping`: a repeat is answered only if it is not shorter than the answer.
            frame, answer = wake(sleeper.WANTS_ANSWER | sleeper.RECORD, b"\x07")
            assert len(frame) == len(answer) == 24
            assert device.open(answer)[:3] == (0, 0, 0)
            udp.send(frame)
            assert udp.recv(2048) == answer, "a repeat has the same answer"
            # Two are lost.
            device.counter += 2
            frame, answer = wake(sleeper.WANTS_ANSWER, b"x" * 20)
            assert len(frame) == 43 and len(answer) <= 51
            # Text, for an application that the system does not have; counters 1 and 2 are missing.
            assert device.open(answer) == (0, 3, 2, 1, struct.pack(">BQB", 0x85, first_message + 3, 1))
            record = struct.pack(">B12sQ", 0x08, other, first_message + 4) + TEXT
            _, answer = wake(sleeper.WANTS_ANSWER | sleeper.RECORD, record)
            assert device.open(answer)[4] == b"", "not stored"
        # Over TCP too: one frame, one answer, and the end.
        with socket.create_connection(address) as connection, connection.makefile("rwb") as stream:
            send(stream, device.seal(sleeper.WANTS_ANSWER))
            assert device.open(receive(stream)), "no answer over TCP"
            assert stream.read() == b""
        server = "%s:%d" % address
        command = ["listen", "--device", "other.device", "--server", server, "--count", "1", "--timeout", "60"]
        assert TEXT.decode() in tool.run(*command), "the message did not arrive"
    print("interop: sleeper.py woke its session at countersign serve")


class Server(threading.Thread):
    """The server is sleeper.py: TCP and UDP, one session."""

    def __init__(self, file):
        super().__init__(daemon=True)
        self.file = file
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.messages = []
        self.failure = None

    def run(self):
        try:
            self.suspend()
            while True:
                frame, peer = self.udp.recvfrom(2048)
                answer = self.waiter.take(frame, self.reply)
                if answer:
                    self.udp.sendto(answer, peer)
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def suspend(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb") as stream:
            exchange = sleeper.Exchange(self.file.key)
            exchange.read_first_frame(receive(stream))
            send(stream, exchange.answer())
            session = exchange.session(is_device=False)
            assert session.open(receive(stream))[0] == 1, "no hello"
            # A device without a key pair does not check the signature.
            statement = struct.pack(">BBHH", 0x13, 0, 0, self.file.epoch) + bytes(64)
            send(stream, session.seal(struct.pack(">BIB", 0x81, 7, 0) + statement))
            kind, self.first_message, quotes = struct.unpack(">BQB", session.open(receive(stream)))
            assert (kind, quotes) == (0x0B, 0), "not the first suspend"
            self.waiter = sleeper.Waiter(exchange.export, self.file.epoch)
            send(stream, session.seal(struct.pack(">BHBB", 0x96, 100, 32, 8)))

    def reply(self, counter, flags, data):
        if not flags & sleeper.RECORD or data == b"\x07":
            return sleeper.RENEW, b""
        kind, _, number = struct.unpack(">B12sQ", data[:21])
        assert (kind, number) == (0x08, self.first_message + counter), "not the number of its wake-up"
        self.messages.append(data[21:])
        return 0, b""


def our_server(tool, other):
    """The server is sleeper.py, the device is `countersign suspend` and `countersign wake`."""
    server = Server(sleeper.DeviceFile(os.path.join(tool.folder, "pump.device")))
    server.start()
    address = "127.0.0.1:%d" % server.port
    result = tool.json("suspend", "--device", "pump.device", "--server", address)
    assert result["wake_ups"] == 100, result
    wake = ("wake", "--device", "pump.device", "--server", "udp://" + address)
    result = tool.json(*wake)
    assert result["renew"] and not result["more"] and result["bytes_sent"] == 24, result
    result = tool.json(*wake, "--to", other.hex()[8:], TEXT.decode())
    assert result["outcome"] == "stored" and result["remaining"] == 98, result
    tool.run(*wake, "--one-way")
    result = tool.json(*wake)
    assert result["remaining"] == 96, result
    assert server.messages == [TEXT] and server.failure is None, (server.messages, server.failure)
    print("interop: countersign woke its session at sleeper.py")


def main():
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(os.path.abspath(sys.argv[1]), folder)
        tool.run("init", "--dir", "fleet", "--unsealed")
        tool.run("system", "add", "--dir", "fleet", "waterworks")
        for name in ("peer", "pump", "other"):
            tool.run(
                "device", "add", "--dir", "fleet", "--system", "waterworks", "--scheme", "derived-key",
                "--out", name + ".device")
        other = sleeper.DeviceFile(os.path.join(folder, "other.device")).address
        our_device(tool, other)
        our_server(tool, other)


if __name__ == "__main__":
    main()
