// SPDX-License-Identifier: Apache-2.0

import Credentials
import Foundation
import Noise
import CountersignCrypto
import Schemes

/// Measures every scheme that is built, on this machine, in a few seconds.
public enum Survey {
  /// Every scheme has its turn, and then all of them again: what disturbs the machine for a while disturbs one turn of each.
  static let turns = 5
  /// Time for one scheme's handshakes in a turn.
  static let secondsPerTurn = 0.05

  /// Runs the handshakes of all schemes, or of those named.
  ///
  /// - Parameter fleetSize: how many devices a broadcast reaches.
  public static func run(
    _ only: [SchemeID] = SchemeID.allCases, fleetSize: Double = Usage.standard.fleetSize
  ) throws -> Measurements {
    var probes = try probes(fleetSize: fleetSize).filter { only.contains($0.facts.scheme) }
    var samples = probes.map { _ in Samples() }
    for _ in 0..<turns {
      for index in probes.indices { try samples[index].take(&probes[index]) }
    }
    var profiles: [SchemeProfile] = []
    for index in probes.indices { profiles.append(try profile(&probes[index], samples[index])) }
    #if DEBUG
      let build = "debug build"
    #else
      let build = "release build"
    #endif
    let date = Date().formatted(.iso8601)
    return Measurements(date: date, build: build, profiles: profiles)
  }

  /// What the turns of one scheme showed.
  private struct Samples {
    private(set) var server: [[Double]] = []
    private(set) var device: [[Double]] = []
    private(set) var messages: [SchemeProfile.Message] = []

    mutating func take(_ probe: inout any SchemeProbe) throws {
      server.append([])
      device.append([])
      let start = ContinuousClock.now
      repeat {
        var trace = HandshakeTrace()
        try probe.run(&trace)
        server[server.count - 1].append(trace.nanoseconds[.server]! / 1_000)
        device[device.count - 1].append(trace.nanoseconds[.device]! / 1_000)
        messages = trace.messages
      } while ContinuousClock.now - start < .seconds(Survey.secondsPerTurn)
    }
  }

  private static func profile(_ probe: inout any SchemeProbe, _ samples: Samples) throws -> SchemeProfile {
    var counted = HandshakeTrace()
    try probe.count(&counted)
    let facts = probe.facts
    return SchemeProfile(
      scheme: facts.scheme, title: facts.title, remark: facts.remark, isPublicKey: facts.isPublicKey,
      messages: samples.messages, messageOverhead: Double(try messageOverhead()), rotation: try probe.rotation(),
      operations: counted.operations[.device]!,
      serverMicroseconds: Timing(turns: samples.server) / Double(facts.served),
      deviceMicroseconds: Timing(turns: samples.device), deviceStorage: Double(facts.deviceStorage.reduce(0, +)),
      serverStorage: Double(facts.serverStorage.reduce(0, +)), serverKeys: facts.serverKeys)
  }

  /// What a session adds to a message, from sealing one.
  private static func messageOverhead() throws -> Int {
    var cipher = CipherState<Cipher.ChaChaPoly>(key: .random())
    let plaintext = [UInt8](repeating: 0, count: 10)
    var message = [UInt8](repeating: 0, count: 64)
    var bytes = message.mutableBytes
    return try cipher.encrypt(plaintext.bytes, into: &bytes) - plaintext.count
  }
}
