// SPDX-License-Identifier: Apache-2.0

import Credentials
import CountersignCrypto
import Schemes
import Testing
import Wire

@Suite("Prologues")
struct PrologueTests {
  @Test("differ whenever two parties could mean something else")
  func distinct() {
    let a = DeviceAddress(system: SystemID(1), device: DeviceID(2))
    let b = DeviceAddress(system: SystemID(1), device: DeviceID(3))
    let c = DeviceAddress(system: SystemID(2), device: DeviceID(2))
    let keys = [X25519.PrivateKey.random().publicKey, X25519.PrivateKey.random().publicKey]
    var prologues: [Prologue] = [Prologue(.direct)]
    for (from, to) in [(a, b), (b, a), (a, c), (c, a)] {
      prologues.append(Prologue(.relayed(from: from, to: to)))
      for generation: Generation in [1, 2, 256, .max] {
        prologues.append(Prologue(.sealed(from: from, to: to, generation: generation)))
      }
    }
    for scheme in SchemeID.allCases {
      for key in keys { prologues.append(Prologue(scheme: scheme, serverKey: key)) }
    }
    let encoded = prologues.map { [UInt8](copying: $0.bytes) }
    #expect(Set(encoded).count == encoded.count)
    // All under one label, so that no other protocol's handshake is one of ours.
    for prologue in encoded { #expect(Array(prologue.prefix(15)) == Array("countersign-v1".utf8) + [0]) }
  }
}
