# SPDX-License-Identifier: Apache-2.0
"""The images: what each is for, what it links, and which secrets its session handled."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Handshake:
    """One handshake inside a session, for the search of RAM: the frames that carried it, as ("sent" or "received", index),
    how many leading bytes of each are not Noise's, and which key was the static one."""

    pattern: str
    initiator: bool
    frames: tuple[tuple[str, int, int], ...]
    ephemeral: int | None = 0  # which draw of random bytes
    static: str | int = "page"  # the number of a draw, or "issued": the key that an identity-based credential was answered with
    psk: int | None = None  # offset on the storage page


def aims(**cores: tuple[int, int]) -> dict[str, dict[str, int]]:
    """What an image should keep on each core: bytes of flash, of static RAM and stack, and every handshake's overhead. Aims of
    cycles are further down."""
    return {core: ({"flash": cores[core][0], "RAM and stack": cores[core][1]} if core in cores else {}) | {"overhead": 1.1}
            for core in ("m0", "m4", "rv32")}


@dataclass(frozen=True)
class Spec:
    name: str
    source: str  # file in images/: Swift unless it says .c
    scheme: str
    role: str
    key_offset: int = 16  # of the static private key on the storage page
    flags: tuple[str, ...] = ()
    handshakes: tuple[Handshake, ...] = ()
    # Operations whose public input follows from a secret, so that runs with different keys differ in it too.
    public: frozenset[str] = frozenset()
    # Operations outside the handshake: everything else adds up to it.
    outside: frozenset[str] = frozenset({"load", "agree", "store", "seal", "open"})
    limits: dict[str, dict[str, int]] = field(default_factory=lambda: aims())
    draws: tuple[int, ...] = (32, 32, 32)  # random bytes, call by call
    identity_based: bool = False  # whether it links what identity-based credentials need
    arithmetic: str = "own"  # whose Curve25519 it links: see image.link
    conversation: str = ""  # what the host's end plays, where that is another image's name

    @property
    def plays(self) -> str:
        return self.conversation or self.name


# Without public keys there is no Noise pattern; the transcript is the scheme's own.
SYMMETRIC = (Handshake("symmetric", True, (("sent", 0, 0), ("received", 0, 0))),)
SERVER_IK = (Handshake("IK", True, (("sent", 0, 1), ("received", 0, 0))),)
XX = (("sent", 0, 1), ("received", 0, 1), ("sent", 1, 1))
XX_BACK = (("received", 0, 1), ("sent", 0, 1), ("received", 1, 1))

# Two sessions: the new key is the second draw.
ROTATION = (Handshake("IK", True, (("sent", 0, 1), ("received", 0, 0)), 0),
            Handshake("IK", True, (("sent", 3, 1), ("received", 4, 0)), 2, static=1))

# The request for the new credential is the second draw.
ROTATION_IDENTITY = (Handshake("IKimplicit", True, (("sent", 0, 1), ("received", 0, 0)), 0),
                     Handshake("IKimplicit", True, (("sent", 3, 1), ("received", 4, 0)), 2, static="issued"))

# A stored identity begins behind the seed; its first slot's key stands 62 bytes into it.
STORED_KEY = 16 + 62

# A certificate or credential for a key that the image makes is another one for each key.
OWN = frozenset({"certified"})

SERVER = aims(m4=(20 << 10, 4 << 10), m0=(26 << 10, 4 << 10), rv32=(31 << 10, 4 << 10))
PAIR = aims(m4=(32 << 10, 3686), m0=(40 << 10, 3891), rv32=(48 << 10, 3993))
WHOLE = aims(m4=(52 << 10, 6656), m0=(62 << 10, 6656), rv32=(74 << 10, 7168))

# Model cycles of the handshake, with four multiplications on the curve.
IK_CYCLES = {"m4": 2_300_000, "m0": 16_400_000, "rv32": 6_100_000}

# Model cycles of an operation of the image `primitives`.
OPERATION_CYCLES = {"x25519": {"m4": 530_000, "m0": 3_900_000, "rv32": 1_450_000},
                    "ed25519-verify": {"m4": 720_000, "m0": 5_200_000, "rv32": 1_950_000}}

# Bytes of stack of an operation alone, and of code of X25519: what is linked where an image has nothing else of the curve.
OPERATION_STACK = {"x25519": {"m4": 450, "m0": 450, "rv32": 450}, "ed25519-verify": {"m4": 700, "m0": 900, "rv32": 900}}
X25519_CODE = {"m4": 5 << 9, "m0": 5 << 10, "rv32": 11 << 9}

# Images that only talk to the server keep their symmetric key behind the seed, the other keys and the certificate.
PROVISIONED_PSK = 16 + 184

SPECS = (
    Spec("shared-key", "symmetric", "shared-key", "device", PROVISIONED_PSK, ("-D", "SHARED"), SYMMETRIC),
    Spec("derived-key", "symmetric", "derived-key", "device", PROVISIONED_PSK, (), SYMMETRIC),
    Spec("derived-key-ratchet", "symmetric", "derived-key-ratchet", "device", PROVISIONED_PSK, ("-D", "RATCHET"),
         SYMMETRIC),
    Spec("derived-key-ephemeral", "ephemeral", "derived-key-ephemeral", "device",
         handshakes=(Handshake("NNpsk0", True, (("sent", 0, 3), ("received", 0, 0)), psk=PROVISIONED_PSK),), limits=SERVER),
    Spec("compact-kk", "kk", "compact-kk", "device",
         handshakes=(Handshake("KK", True, (("sent", 0, 3), ("received", 0, 0))),), limits=SERVER),
    Spec("hybrid-ikpsk2", "hybrid", "hybrid-ikpsk2", "device",
         handshakes=(Handshake("IKpsk2", True, (("sent", 0, 1), ("received", 0, 0)), psk=PROVISIONED_PSK),), limits=SERVER),
    Spec("ik-registered", "ik", "registered", "device", handshakes=SERVER_IK,
         limits={core: limits | {"model cycles": IK_CYCLES[core]} for core, limits in SERVER.items()}),
    Spec("ik-certified", "ik", "certified", "device", handshakes=SERVER_IK, limits=SERVER),
    Spec("ik-identity", "ik", "identity-based", "device", flags=("-D", "IDENTITY"),
         handshakes=(Handshake("IKimplicit", True, (("sent", 0, 1), ("received", 0, 0))),), limits=SERVER, identity_based=True),
    Spec("xx-initiator", "xx", "certified", "initiator", STORED_KEY, ("-D", "INITIATOR"),
         (Handshake("XX", True, XX),), limits=PAIR),
    Spec("xx-responder", "xx", "certified", "responder", STORED_KEY, (),
         (Handshake("XX", False, XX_BACK),), limits=PAIR),
    Spec("x-seal", "x-seal", "certified", "sender of a sealed message", STORED_KEY, (),
         (Handshake("X", True, (("sent", 0, 0),)),), limits=PAIR),
    Spec("x-open", "x-open", "certified", "recipient of a sealed message", STORED_KEY, (),
         (Handshake("X", False, (("received", 0, 0),), ephemeral=None),), limits=PAIR),
    Spec("rotation", "rotation", "certified", "rotation", STORED_KEY, (), ROTATION, OWN,
         frozenset({"load"})),
    Spec("xx-identity-initiator", "xx", "identity-based", "initiator", STORED_KEY, ("-D", "INITIATOR"),
         (Handshake("XX", True, XX),), limits=PAIR, identity_based=True),
    Spec("xx-identity-responder", "xx", "identity-based", "responder", STORED_KEY, (),
         (Handshake("XX", False, XX_BACK),), limits=PAIR, identity_based=True),
    Spec("rotation-identity", "rotation", "identity-based", "rotation", STORED_KEY, (), ROTATION_IDENTITY,
         OWN, frozenset({"load"}), draws=(32, 64, 32), identity_based=True),
    Spec("c-device", "c-device.c", "certified", "rotation, firmware in C", STORED_KEY, (), ROTATION, OWN,
         frozenset({"load", "seal", "open-pong"}), WHOLE),
    # The same firmware, which then sends a message, opens one, and has a session with another device: two more ephemeral keys.
    Spec("c-messages", "c-device.c", "certified", "messages, firmware in C", STORED_KEY, ("-DMESSAGES",), ROTATION, OWN,
         frozenset({"load", "seal", "open-pong"}), draws=(32, 32, 32, 32, 32)),
)

# The same with libsodium's arithmetic, of which the page says what ours saves.
BESIDE = ("ik-registered", "xx-initiator", "c-device")
SPECS += tuple(replace(spec, name=f"{spec.name}-libsodium", arithmetic="ladder", conversation=spec.name, limits={})
               for spec in SPECS if spec.name in BESIDE)
