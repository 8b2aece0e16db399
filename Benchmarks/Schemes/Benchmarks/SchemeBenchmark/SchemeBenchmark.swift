// SPDX-License-Identifier: Apache-2.0

import Benchmark
import Foundation
import Keyring
import Registry

/// Started by Benchmarks/Schemes/run, which turns the results into docs/reference/scheme-performance.md.
let benchmarks: @Sendable () -> Void = {
  do {
    let bare = Bare()
    Benchmark.work("bare/x25519 base") { bare.base() }
    Benchmark.work("bare/x25519") { bare.agree() }
    Benchmark.work("bare/ed25519 sign") { bare.sign() }
    Benchmark.work("bare/ed25519 verify") { bare.verify() }
    Benchmark.work("bare/identity key") { bare.reconstruct() }
    Benchmark.work("bare/sha256 65 blocks") { bare.hashBlocks() }
    for length in [0, 64, 1_024] { Benchmark.work("bare/aead \(length) B", repeats: 20) { bare.seal(length) } }
    let authority = Authority.random()
    try provisioning(authority)
    try handshakes()
    messages()
    registryWork(authority)
    try writeOperations()
  } catch { fatalError("\(error)") }
}
