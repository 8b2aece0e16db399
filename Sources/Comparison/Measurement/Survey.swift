import Credentials
import Foundation
import Noise
import CountersignCrypto
import Schemes

/// Measures every scheme that is built, on this machine, in a few seconds.
public enum Survey {
  /// Time for one scheme's handshakes; a slow one gets three times as long, to be run a few times at least.
  static let secondsPerScheme = 0.25
  static let wantedRuns = 5

  /// Runs the handshakes of all schemes, or of those named.
  public static func run(_ only: [SchemeID] = SchemeID.allCases) throws -> Measurements {
    var profiles: [SchemeProfile] = []
    for var probe in try probes() where only.contains(probe.facts.scheme) {
      profiles.append(try measure(&probe))
    }
    #if DEBUG
      let build = "debug build"
    #else
      let build = "release build"
    #endif
    let date = Date().formatted(.iso8601)
    return Measurements(date: date, build: build, profiles: profiles)
  }

  private static func measure(_ probe: inout any SchemeProbe) throws -> SchemeProfile {
    var counted = HandshakeTrace()
    try probe.count(&counted)
    var server: [Double] = []
    var device: [Double] = []
    var messages: [SchemeProfile.Message] = []
    let start = ContinuousClock.now
    var elapsed = Duration.zero
    while elapsed < .seconds(secondsPerScheme)
      || (server.count < wantedRuns && elapsed < .seconds(3 * secondsPerScheme))
    {
      var trace = HandshakeTrace()
      try probe.run(&trace)
      server.append(trace.nanoseconds[.server]! / 1_000)
      device.append(trace.nanoseconds[.device]! / 1_000)
      messages = trace.messages
      elapsed = ContinuousClock.now - start
    }
    let facts = probe.facts
    return SchemeProfile(
      scheme: facts.scheme, title: facts.title, remark: facts.remark, isPublicKey: facts.isPublicKey,
      messages: messages, messageOverhead: Double(try messageOverhead()), rotation: try probe.rotation(),
      operations: counted.operations[.device]!, serverMicroseconds: median(server) / Double(facts.served),
      deviceMicroseconds: median(device), deviceStorage: Double(facts.deviceStorage.reduce(0, +)),
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

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
