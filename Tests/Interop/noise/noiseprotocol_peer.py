# SPDX-License-Identifier: Apache-2.0
"""The other end of a session, on the PyPI package noiseprotocol: listens or connects, shakes hands and echoes."""

import json
import socket
import struct
import sys

from noise.connection import Keypair, NoiseConnection


def receive_exactly(stream, count):
    data = stream.read(count)
    if data and len(data) < count:
        raise EOFError("cut off")
    return data


def receive(stream):
    """The next message, None at the end."""
    header = receive_exactly(stream, 2)
    return receive_exactly(stream, struct.unpack(">H", header)[0]) if header else None


def send(stream, message):
    stream.write(struct.pack(">H", len(message)) + bytes(message))
    stream.flush()


def open_connection(session):
    if session["connect"]:
        host, port = session["connect"].rsplit(":", 1)
        return socket.create_connection((host, int(port)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("127.0.0.1:%d" % listener.getsockname()[1], flush=True)
        return listener.accept()[0]


def main():
    with open(sys.argv[1]) as file:
        session = json.load(file)
    is_initiator = bool(session["connect"])
    noise = NoiseConnection.from_name(session["protocol"].encode())
    noise.set_as_initiator() if is_initiator else noise.set_as_responder()
    noise.set_prologue(session["prologue"].encode())
    if session["psk"]:
        noise.set_psks(bytes.fromhex(session["psk"]))
    if session["static"]:
        noise.set_keypair_from_private_bytes(Keypair.STATIC, bytes.fromhex(session["static"]))
    if session["remote_static"]:
        noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, bytes.fromhex(session["remote_static"]))
    noise.start_handshake()
    handshake = noise.noise_protocol.handshake_state

    connection = open_connection(session)
    stream = connection.makefile("rwb")
    payloads, report = list(session["payloads"]), {"payloads": [], "messages": []}
    turn = is_initiator
    while not noise.handshake_finished:
        if turn:
            send(stream, noise.write_message(payloads.pop(0).encode() if payloads else b""))
        else:
            report["payloads"].append(bytes(noise.read_message(receive(stream))).decode())
        turn = not turn
    report["handshake_hash"] = noise.get_handshake_hash().hex()
    report["remote_static"] = getattr(handshake.rs, "public_bytes", b"").hex()

    every, counts = session["rekey_every"], {"out": 0, "in": 0}

    def count(direction, rekey):
        counts[direction] += 1
        if every and counts[direction] % every == 0:
            rekey()

    def transmit(plaintext):
        send(stream, noise.encrypt(plaintext))
        count("out", noise.rekey_outbound_cipher)

    for line in session["lines"]:
        transmit(line.encode())
    if is_initiator:
        connection.shutdown(socket.SHUT_WR)
    while (message := receive(stream)) is not None:
        plaintext = bytes(noise.decrypt(message))
        count("in", noise.rekey_inbound_cipher)
        report["messages"].append(plaintext.decode())
        if not is_initiator:
            transmit(plaintext)
    connection.close()
    print(json.dumps(report), flush=True)


main()
