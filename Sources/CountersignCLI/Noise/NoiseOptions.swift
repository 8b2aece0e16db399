// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Noise
import CountersignCrypto

/// What `listen` and `connect` have in common.
struct NoiseOptions: ParsableArguments {
  @Option(
    name: .customLong("protocol"), help: "The protocol's name, for example Noise_IK_25519_ChaChaPoly_SHA256.")
  var protocolName: NoiseProtocolName

  @Option(help: "Where to listen or connect: HOST:PORT.")
  var address: SocketAddress

  @Option(name: .customLong("static"), help: "File with this side's private static key.")
  var staticKey: String?

  @Option(help: "The peer's public static key: 64 hexadecimal digits, or a file that holds them.")
  var remoteStatic: String?

  @Option(help: "File with a pre-shared key. Repeat it in the order of the psk modifiers.")
  var psk: [String] = []

  @Option(help: "Text that both sides must agree on.")
  var prologue = ""

  @Option(help: "Payload of this side's next handshake message, as text. Repeat it for the messages after that.")
  var payload: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rekey each direction after every N of its messages; both sides must do the same.", valueName: "n"),
    transform: number(1...))
  var rekeyEvery: UInt64?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !protocolName.pattern.isFallback else {
      throw ValidationError("\(protocolName.pattern.name) continues another handshake; it cannot start one.")
    }
  }

  /// A handshake with all keys, started.
  func makeHandshake(role: Role) throws(Failure) -> any NamedHandshake {
    let handshake = protocolName.makeHandshake(role: role)
    if let staticKey { handshake.setStatic(try privateKey(staticKey)) }
    if let remoteStatic { handshake.setRemoteStatic(try publicKey(remoteStatic)) }
    do {
      guard protocolName.cipher != .aesGCM || Cipher.AESGCM.isAvailable else {
        throw Failure(
          .unavailable, "this build has no AES-GCM on this processor",
          hint: "Build with --traits SwiftCrypto, or use ChaChaPoly.")
      }
      let positions = (0..<HandshakePattern.maximumPSKCount).filter(protocolName.pattern.hasPSK)
      guard psk.count <= positions.count else {
        throw Failure(.usage, "\(protocolName.pattern.name) has \(positions.count) psk, not \(psk.count)")
      }
      for (path, position) in zip(psk, positions) {
        let key = try HexadecimalSecret.read(path)
        try handshake.setPSK(key, at: position)
      }
      try handshake.start(prologue: Array(prologue.utf8))
    } catch let error as NoiseError {
      throw explain(error, role)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.software, "\(error)")
    }
    return handshake
  }

  private func privateKey(_ path: String) throws(Failure) -> X25519.PrivateKey {
    let secret = try HexadecimalSecret.read(path)
    do {
      return try X25519.PrivateKey(copying: secret.bytes)
    } catch { throw Failure(.dataError, "\(path) does not hold a key") }
  }

  private func publicKey(_ text: String) throws(Failure) -> X25519.PublicKey {
    var digits = text
    if text.utf8.count != 64 || bytes(hexadecimal: text) == nil {
      guard let content = try? String(contentsOfFile: text, encoding: .utf8) else {
        throw Failure(
          .noInput, "cannot read \(text)",
          hint: "--remote-static takes 64 hexadecimal digits or a file that holds them.")
      }
      digits = content.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    guard let bytes = bytes(hexadecimal: digits), let key = try? X25519.PublicKey(copying: bytes) else {
      throw Failure(.dataError, "\(text) does not hold a public key of 64 hexadecimal digits")
    }
    return key
  }

  private func explain(_ error: NoiseError, _ role: Role) -> Failure {
    let pattern = protocolName.pattern.name
    let side = role == .initiator ? "connects" : "listens"
    let hint = "countersign noise explain \(protocolName) lists what each side needs."
    switch error {
    case .missingKey(.localStatic):
      return Failure(.usage, "\(pattern) needs --static on the side that \(side)", hint: hint)
    case .missingKey(.remoteStatic):
      return Failure(.usage, "\(pattern) needs --remote-static on the side that \(side)", hint: hint)
    case .missingKey(.psk(let position)):
      return Failure(.usage, "\(pattern) needs --psk for psk\(position)", hint: hint)
    case .surplusKey(.localStatic):
      return Failure(.usage, "\(pattern) has no use for --static on the side that \(side)", hint: hint)
    case .surplusKey(.remoteStatic):
      return Failure(.usage, "\(pattern) has no use for --remote-static on the side that \(side)", hint: hint)
    default: return Failure(.usage, "the keys do not fit \(pattern): \(error)", hint: hint)
    }
  }
}

extension NoiseProtocolName: ExpressibleByArgument {
  public init?(argument: String) {
    guard let name = try? NoiseProtocolName(argument) else { return nil }
    self = name
  }
}
