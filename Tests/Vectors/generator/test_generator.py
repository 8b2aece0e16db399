#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Self-test of the reference: published values, the pattern rules, and the soundness of the sets.

    python3 test_generator.py
"""

import dataclasses
import json
import unittest

import mlkem
from functions import CIPHERS, HASHES, RESERVED_NONCE, KeyPair, Refused
from generate import FILES, ROOT
from make_low_order import LOW_ORDER
from noise import CipherState
from patterns import BASE, admits_fallback, parse
from seeds import seed
from session import check


def broken_rules(pattern):
    """The rules of sections 7.3 and 9.3 that a canonical pattern breaks."""
    broken, done = set(), set()
    owned = {True: set(pattern.initiator_pre), False: set(pattern.responder_pre)}  # public keys known to both
    for i, message in enumerate(pattern.messages):
        initiator = i % 2 == 0
        for token in message:
            if token in ("e", "s"):
                broken |= {2} if token in owned[initiator] else set()
                owned[initiator].add(token)
            elif token not in ("psk", "e1", "ekem1"):
                broken |= {3} if token in done else set()
                broken |= set() if token[0] in owned[True] and token[1] in owned[False] else {1}
            done.add(token) if token not in ("e", "s") else None
        for used, needed in (("se", "ee"), ("ss", "es")) if initiator else (("es", "ee"), ("ss", "se")):
            broken |= {4} if used in done and needed not in done else set()
        broken |= {"psk"} if "psk" in done and "e" not in owned[initiator] else set()
    return broken


def sets():
    return {name: json.loads((ROOT / name).read_text()) for name in FILES}


class Functions(unittest.TestCase):
    def test_blake2s_of_rfc_7693(self):
        expected = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"
        self.assertEqual(HASHES["BLAKE2s"].hash(b"abc").hex(), expected)

    def test_hkdf_of_rfc_5869_case_3(self):
        okm = b"".join(HASHES["SHA256"].hkdf(b"", bytes([0x0B] * 22), 2))[:42]
        self.assertEqual(
            okm.hex(), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        )

    def test_x25519_of_rfc_7748(self):
        alice = KeyPair(bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
        bob = KeyPair(bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"))
        shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
        self.assertEqual(alice.dh(bob.public).hex(), shared)

    def test_every_low_order_key_is_refused(self):
        self.assertEqual(len(set(LOW_ORDER)), 14)
        for public in LOW_ORDER:
            with self.assertRaises(Refused) as caught:
                KeyPair(seed("any")).dh(public)
            self.assertEqual(caught.exception.category, "low_order")

    def test_reserved_nonce_and_failed_reading(self):
        for cipher in CIPHERS.values():
            state = CipherState(cipher, bytes(32))
            with self.assertRaises(Refused):
                state.open(bytes(20))
            self.assertEqual(state.n, 0)
            state.n = RESERVED_NONCE
            with self.assertRaises(Refused) as caught:
                state.seal(b"")
            self.assertEqual(caught.exception.category, "nonce")


class KEM(unittest.TestCase):
    """Against OpenSSL, where this `cryptography` has ML-KEM, and the refusal of section 7.2."""

    def test_both_ways_with_openssl(self):
        try:
            from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
        except ImportError:
            self.skipTest("this cryptography has no ML-KEM")
        for number in range(3):
            material = seed(f"ML-KEM {number}", 64)
            ek, dk = mlkem.generate(material)
            theirs = MLKEM768PrivateKey.from_seed_bytes(material)
            self.assertEqual(theirs.public_key().public_bytes_raw(), ek)
            ciphertext, secret = mlkem.encapsulate(ek, seed("m"))
            self.assertEqual(theirs.decapsulate(ciphertext), secret)
            secret, ciphertext = theirs.public_key().encapsulate()
            self.assertEqual(mlkem.decapsulate(dk, ciphertext), secret)
            forged = bytes([ciphertext[0] ^ 1]) + ciphertext[1:]
            self.assertEqual(mlkem.decapsulate(dk, forged), theirs.decapsulate(forged))

    def test_a_key_that_is_not_reduced(self):
        ek = mlkem.generate(seed("ML-KEM", 64))[0]
        self.assertTrue(mlkem.is_public_key(ek))
        self.assertFalse(mlkem.is_public_key(b"\xff\xff" + ek[2:]))
        self.assertFalse(mlkem.is_public_key(ek[:-1]))


class Patterns(unittest.TestCase):
    def test_hfs_as_in_the_draft(self):
        for name, first, second in (
            ("NN", "e e1", "e ee ekem1"),
            ("XX", "e e1", "e ee ekem1 s es"),
            ("XK", "e es e1", "e ee ekem1"),
            ("IK", "e es e1 s ss", "e ee ekem1 se"),
            ("IX", "e e1 s", "e ee ekem1 se s es"),
        ):
            messages = parse(name + "hfs").messages
            self.assertEqual((" ".join(messages[0]), " ".join(messages[1])), (first, second))
            self.assertEqual(messages[2:], BASE[name].messages[2:])

    def test_count(self):
        self.assertEqual(len(BASE), 15 + 23)
        self.assertEqual(sum(map(admits_fallback, BASE.values())), 28)

    def test_fallback_is_bob_initiated(self):
        pattern = parse("XXfallback+psk0")
        self.assertEqual((pattern.initiator_pre, pattern.responder_pre), ((), ("e",)))
        self.assertEqual(pattern.messages, (("psk", "e", "ee", "s", "se"), ("s", "es")))
        self.assertEqual(parse("KXfallback").responder_pre, ("e", "s"))
        self.assertFalse(parse("NNfallback").one_way)

    def test_rules_catch_bad_patterns(self):
        for messages, rule in (
            ((("e", "es"),), 1),
            ((("e",), ("e", "ee"), ("e",)), 2),
            ((("e",), ("e", "ee"), ("ee",)), 3),
            ((("s",), ("e", "se"), ("s",)), 2),
            ((("psk", "s"),), "psk"),
        ):
            self.assertIn(rule, broken_rules(dataclasses.replace(BASE["NN"], messages=messages)))

    def test_every_emitted_pattern_is_valid(self):
        for name, content in sets().items():
            for vector in content.get("vectors", []):
                section = vector["protocol_name"].split("_")[1]
                self.assertEqual(broken_rules(parse(section)), set(), section)


class Sets(unittest.TestCase):
    def test_every_positive_vector_runs_from_its_file(self):
        for name, content in sets().items():
            for vector in content.get("vectors", []):
                self.assertTrue(check(vector), (name, vector["protocol_name"]))

    def test_no_name_occurs_twice(self):
        for name in ("noise/hybrid.json", "noise/psk.json", "noise/deferred.json", "noise/fallback.json"):
            names = [v["protocol_name"] for v in sets()[name]["vectors"]]
            self.assertEqual(len(names), len(set(names)))

    def test_one_changed_bit_is_noticed(self):
        vector = json.loads(json.dumps(sets()["noise/psk.json"]["vectors"][0]))
        vector["messages"][0]["payload"] += "00"
        self.assertFalse(check(vector))

    def test_cases_are_distinct_and_complete(self):
        cases = [c for v in sets()["noise/negative.json"]["vectors"] for c in v["cases"]]
        self.assertEqual(len({c["id"] for c in cases}), len(cases))
        self.assertEqual({c["expect"] for c in cases}, {"decrypt", "length", "low_order", "nonce", "order"})
        self.assertGreater(len(cases), 900)
        cases = [c for v in sets()["noise/hybrid-negative.json"]["vectors"] for c in v["cases"]]
        self.assertEqual(len({c["id"] for c in cases}), len(cases))
        self.assertEqual({c["expect"] for c in cases}, {"decrypt", "kem_key", "length", "order"})


if __name__ == "__main__":
    unittest.main()
