# SPDX-License-Identifier: Apache-2.0
"""The responder of EDHOC (RFC 9528), by lakers: method 3 (static Diffie-Hellman both ways), suite 2 (P-256, AES-CCM, SHA-256,
MACs of 8 bytes), credentials by `kid`. Usage: edhoc.py COUNT; prints the responder's median in us and the messages' bytes.
"""

import json
import statistics
import sys
import time

import lakers


def credential(kid, public_x, subject):
    """A CCS credential (RFC 8392, RFC 8747): a subject, and a COSE key with its key id. Lakers reads no other layout."""
    header = bytes([0xA2, 0x02, 0x60 + len(subject)]) + subject
    key = bytes.fromhex("08A101A50102") + bytes([0x02, 0x41, kid]) + bytes.fromhex("2001215820") + public_x
    return header + key + bytes.fromhex("225820") + bytes(32)


def main(count):
    device_key, device_public = lakers.p256_generate_key_pair()
    server_key, server_public = lakers.p256_generate_key_pair()
    device_credential = credential(0x2B, device_public, b"device")
    server_credential = credential(0x0A, server_public, b"server")
    by_reference = lakers.CredentialTransfer.ByReference
    samples = []
    for _ in range(count):
        device = lakers.EdhocInitiator()
        first = device.prepare_message_1(c_i=None)
        start = time.thread_time_ns()
        server = lakers.EdhocResponder(server_key, server_credential)
        server.process_message_1(first)
        second = server.prepare_message_2(by_reference, None, None)
        spent = time.thread_time_ns() - start
        _, shown, _ = device.parse_message_2(second)
        device.verify_message_2(device_key, device_credential, lakers.credential_check_or_fetch(shown, server_credential))
        third, device_secret = device.prepare_message_3(by_reference, None)
        start = time.thread_time_ns()
        shown, _ = server.parse_message_3(third)
        secret = server.verify_message_3(lakers.credential_check_or_fetch(shown, device_credential))
        server.completed_without_message_4()
        samples.append(spent + time.thread_time_ns() - start)
        if bytes(secret) != bytes(device_secret):
            sys.exit("the two sides disagree")
    print(json.dumps({
        "server_us": statistics.median(samples) / 1000, "device_bytes": len(first) + len(third), "server_bytes": len(second)}))


main(int(sys.argv[1]))
