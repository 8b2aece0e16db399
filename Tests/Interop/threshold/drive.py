# SPDX-License-Identifier: Apache-2.0
"""Keys that our implementation and frost.py make and refresh together, and signatures of both, live.

    drive.py PEER [ROUNDS]

PEER is our ThresholdPeer. Every signature is verified by frost.py and by OpenSSL, where Python's `cryptography` is installed.
"""

import json
import pathlib
import secrets
import subprocess
import sys

import frost

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None
    print("interop: skipped OpenSSL's Ed25519: Python has no cryptography")


class Ours:
    """Our implementation, as a process that answers lines."""

    def __init__(self, command):
        self.process = subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        self.process.stdin.write(" ".join(w.hex() if isinstance(w, bytes) else str(w) for w in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer and not answer.startswith("error"), f"{words[0]}: {answer}"
        return answer

    def refuse(self, *words):
        try:
            self.ask(*words)
        except AssertionError as error:
            return str(error)
        raise SystemExit(f"ours accepted: {words[0]}")

    def get(self, *words):
        return bytes.fromhex(self.ask(*words))

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0


def ceremony(ours, begin, theirs):
    """Participant 1 is ours; the others are frost.py's."""
    pledges = {1: ours.get(*begin)} | {i: party.pledge for i, party in theirs.items()}
    for i, party in theirs.items():
        ours.ask("pledge", i, party.pledge)
        party.pledges = pledges
    announcements = {1: ours.get("announce")} | {i: party.announcements[i] for i, party in theirs.items()}
    for i, party in theirs.items():
        ours.ask("announcement", i, announcements[i])
        for dealer, data in announcements.items():
            if dealer != i:
                party.take_announcement(dealer, data)
    for i, party in theirs.items():
        ours.ask("share", i, frost.scalar(party.share(1)))
        party.take_share(1, ours.get("deal", i))
        for j, other in theirs.items():
            if j != i:
                party.take_share(j, frost.scalar(other.share(i)))
    transcript = ours.get("transcript")
    for i, party in theirs.items():
        assert party.transcript == transcript
        ours.ask("transcript", i, party.transcript)
    encoded, fingerprint = ours.ask("finish").split(" ", 1)
    ends = {i: party.finish() for i, party in theirs.items()}
    for group, _ in ends.values():
        assert group.encoded.hex() == encoded
        assert group.fingerprint == fingerprint
    return ends


def check(key, message, signature):
    assert frost.verify(key, message, signature)
    if Ed25519PublicKey is None:
        return
    public = Ed25519PublicKey.from_public_bytes(frost.encode(key))
    public.verify(signature, message)
    try:
        public.verify(signature, message + b"x")
    except InvalidSignature:
        return
    raise SystemExit("OpenSSL accepts another message")


def sign(ours, ends, signers, message):
    group = next(iter(ends.values()))[0]
    commitments = {1: ours.get("nonces")}
    nonces = {}
    for i in signers:
        share = ends[i][1]
        nonces[i] = (frost.nonce(share), frost.nonce(share))
        points = [frost.encode(frost.multiply(n, frost.B)) for n in nonces[i]]
        commitments[i] = frost.big(i, 2) + b"".join(points)
    listed = [
        (i, frost.decode(data[2:34]), frost.decode(data[34:])) for i, data in sorted(commitments.items())
    ]
    shares = {1: ours.get("sign", message, *commitments.values())}
    for i in signers:
        z = frost.sign(i, ends[i][1], group.key, *nonces[i], message, listed)
        shares[i] = frost.big(i, 2) + frost.scalar(z)
    for i, data in shares.items():
        assert frost.verify_share(i, frost.load(data[2:]), group.public[i], group.key, message, listed)
    own = frost.aggregate(group.key, message, listed, [frost.load(data[2:]) for data in shares.values()])
    assert ours.get("aggregate", message, *commitments.values(), *shares.values()) == own
    check(group.key, message, own)
    # Theirs lies: ours says who.
    liar = signers[0]
    wrong = shares | {liar: frost.big(liar, 2) + frost.scalar(frost.load(shares[liar][2:]) + 1)}
    answer = ours.refuse("aggregate", message, *commitments.values(), *wrong.values())
    assert f"participant {liar}" in answer, answer
    # The nonces are gone.
    ours.refuse("sign", message + b"x", *commitments.values())


def vectors():
    """frost.py against RFC 9591's vector, where the file is at hand."""
    path = pathlib.Path(__file__).resolve().parents[4] / "shared/vectors/frost-ed25519-sha512.json"
    if not path.exists():
        print(f"interop: skipped RFC 9591's vector: no {path.name}")
        return
    file = json.loads(path.read_text())
    given = file["inputs"]
    message = bytes.fromhex(given["message"])
    key = frost.decode(bytes.fromhex(given["group_public_key"]))
    shares = {p["identifier"]: int.from_bytes(bytes.fromhex(p["participant_share"]), "little") for p in given["participant_shares"]}
    nonces, listed = {}, []
    for output in file["round_one_outputs"]["outputs"]:
        i = output["identifier"]
        nonces[i] = tuple(
            frost.nonce(shares[i], bytes.fromhex(output[f"{name}_nonce_randomness"])) for name in ("hiding", "binding")
        )
        points = [frost.multiply(n, frost.B) for n in nonces[i]]
        assert frost.encode(points[0]).hex() == output["hiding_nonce_commitment"]
        listed.append((i, *points))
    parts = [frost.sign(i, shares[i], key, *nonces[i], message, listed) for i, _, _ in listed]
    expected = [output["sig_share"] for output in file["round_two_outputs"]["outputs"]]
    assert [frost.scalar(part).hex() for part in parts] == expected
    assert frost.aggregate(key, message, listed, parts).hex() == file["final_output"]["sig"]
    print("interop: frost.py makes RFC 9591's vector")


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    vectors()
    signatures = 0
    for threshold, count in [(2, 2), (2, 3), (3, 4)]:
        ours = Ours(sys.argv[1])
        keys = {i: secrets.token_bytes(32) for i in range(1, count + 1)}
        session = secrets.token_bytes(32)
        listed = [f"{i}:{key.hex()}" for i, key in keys.items()]
        theirs = {i: frost.Party(i, threshold, session, keys) for i in range(2, count + 1)}
        ends = ceremony(ours, ["generate", 1, threshold, session, *listed], theirs)
        for turn in range(2):
            for _ in range(rounds):
                signers = sorted(secrets.SystemRandom().sample(range(2, count + 1), threshold - 1))
                sign(ours, ends, signers, secrets.token_bytes(secrets.randbelow(100)))
                signatures += 1
            if turn == 0:
                session = secrets.token_bytes(32)
                theirs = {
                    i: frost.Party(i, threshold, session, keys, group, share) for i, (group, share) in ends.items()
                }
                ends = ceremony(ours, ["refresh", 1, session, *listed], theirs)
        ours.end()
    verifier = "frost.py" if Ed25519PublicKey is None else "frost.py and OpenSSL"
    print(f"interop: {signatures} signatures with frost.py, over keys made and refreshed together, verified by {verifier}")


if __name__ == "__main__":
    main()
