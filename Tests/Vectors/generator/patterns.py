# SPDX-License-Identifier: Apache-2.0
"""Handshake patterns of Noise revision 34: sections 7.4, 7.5 and 18.1, the modifiers of 9.4 and 10.2, and
hfs of the draft "KEM-based Hybrid Forward Secrecy for Noise", revision 1.

Patterns are kept in canonical form: the initiator is on the left. One line a pattern: pre-messages
left of the colon, messages right of it, each with the arrow of its sender.
"""

import re
from dataclasses import dataclass, replace

FUNDAMENTAL = """
N   <s        : e es
K   >s <s     : e es ss
X   <s        : e es s ss
NN            : e / e ee
NK  <s        : e es / e ee
NX            : e / e ee s es
XN            : e / e ee / s se
XK  <s        : e es / e ee / s se
XX            : e / e ee s es / s se
KN  >s        : e / e ee se
KK  >s <s     : e es ss / e ee se
KX  >s        : e / e ee se s es
IN            : e s / e ee se
IK  <s        : e es s ss / e ee se
IX            : e s / e ee se s es
"""
DEFERRED = """
NK1  <s       : e / e ee es
NX1           : e / e ee s / es
X1N           : e / e ee / s / se
X1K  <s       : e es / e ee / s / se
XK1  <s       : e / e ee es / s se
X1K1 <s       : e / e ee es / s / se
X1X           : e / e ee s es / s / se
XX1           : e / e ee s / es s se
X1X1          : e / e ee s / es s / se
K1N  >s       : e / e ee / se
K1K  >s <s    : e es / e ee / se
KK1  >s <s    : e / e ee se es
K1K1 >s <s    : e / e ee es / se
K1X  >s       : e / e ee s es / se
KX1  >s       : e / e ee se s / es
K1X1 >s       : e / e ee s / se es
I1N           : e s / e ee / se
I1K  <s       : e es s / e ee / se
IK1  <s       : e s / e ee se es
I1K1 <s       : e s / e ee es / se
I1X           : e s / e ee s es / se
IX1           : e s / e ee se s / es
I1X1          : e s / e ee s / se es
"""
REVERSED = {"es": "se", "se": "es"}


@dataclass(frozen=True)
class Pattern:
    name: str
    initiator_pre: tuple
    responder_pre: tuple
    messages: tuple  # of tuples of tokens; the initiator sends the first, then they alternate

    @property
    def one_way(self):
        """Only the base pattern says so: NNfallback has one message and is still interactive."""
        return re.match(r"[NKX](?![A-Z0-9])", self.name) is not None

    @property
    def psks(self):
        return sum(message.count("psk") for message in self.messages)

    @property
    def psk(self):
        return self.psks > 0

    def sends(self, initiator, token):
        return any(token in m for m in self.messages[0 if initiator else 1 :: 2])


def _read(line):
    head, body = line.split(":")
    name, *pre = head.split()
    return Pattern(
        name,
        tuple(p[1] for p in pre if p[0] == ">"),
        tuple(p[1] for p in pre if p[0] == "<"),
        tuple(tuple(m.split()) for m in body.split("/")),
    )


BASE = {p.name: p for p in map(_read, (FUNDAMENTAL + DEFERRED).strip().replace("\n\n", "\n").split("\n"))}
FUNDAMENTAL_NAMES = [line.split()[0] for line in FUNDAMENTAL.strip().split("\n")]
DEFERRED_NAMES = [line.split()[0] for line in DEFERRED.strip().split("\n")]


def admits_fallback(pattern):
    """Section 10.2: the first message must read as a pre-message. One-way patterns have no answer to keep."""
    return pattern.messages[0] in (("e",), ("s",), ("e", "s")) and not pattern.one_way


def fallback(pattern):
    """Section 10.2, then back to canonical form (7.2): Bob becomes the initiator, arrows and DH tokens turn.

    Where Alice's static key was a pre-message already (K patterns), her pre-message becomes "e, s":
    the one order in which section 7.1 allows both.
    """
    if not admits_fallback(pattern):
        raise ValueError(f"{pattern.name} does not admit fallback")
    known = set(pattern.messages[0]) | set(pattern.initiator_pre)
    return replace(
        pattern,
        initiator_pre=pattern.responder_pre,
        responder_pre=tuple(token for token in ("e", "s") if token in known),
        messages=tuple(tuple(REVERSED.get(t, t) for t in m) for m in pattern.messages[1:]),
    )


def psk(pattern, position):
    """Section 9.4: psk0 opens the first message, pskN closes message N."""
    messages = list(pattern.messages)
    if position == 0:
        messages[0] = ("psk",) + messages[0]
    else:
        messages[position - 1] += ("psk",)
    return replace(pattern, messages=tuple(messages))


def hfs(pattern):
    """Section 5 of the draft, by its rule: its table puts the e1 of KKhfs before es, against it."""
    messages, first_e = [], True
    for tokens in pattern.messages:
        tokens = list(tokens)
        if "e" in tokens and first_e:
            agreements = [i for i, token in enumerate(tokens) if token in ("ee", "es", "se", "ss")]
            tokens.insert((agreements or [tokens.index("e")])[0] + 1, "e1")
            first_e = False
        if "ee" in tokens:
            tokens.insert(tokens.index("ee") + 1, "ekem1")
        messages.append(tuple(tokens))
    return replace(pattern, messages=tuple(messages))


MODIFIERS = {"fallback": fallback, "hfs": hfs}


def parse(section):
    """The pattern that a name section such as "XXfallback+psk0" stands for (section 8.1)."""
    match = re.fullmatch(r"([A-Z0-9]+)((?:psk\d|fallback|hfs)(?:\+(?:psk\d|fallback|hfs))*)?", section)
    pattern = BASE[match[1]]
    for modifier in filter(None, (match[2] or "").split("+")):
        pattern = MODIFIERS[modifier](pattern) if modifier in MODIFIERS else psk(pattern, int(modifier[3:]))
    return replace(pattern, name=section)
