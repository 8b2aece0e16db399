// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import IdentityEncryption
import Wire

/// `countersign ibe`: identity-based encryption on files, without an authority or a server.
struct IBECommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ibe",
    abstract: "Seal files to a device's id alone (identity-based encryption).",
    discussion: """
      Whoever has the master key can open everything, and a sealed message does not say who sealed it. Only builds with the \
      trait IdentityEncryption can do this; the others say how to make one.

      Examples:
        countersign ibe init master.ibe
        countersign ibe extract --key master.ibe --to 7/00a0b1c2d3e4f506 \\
          --epochs 1-8 --out pump.ibe
        countersign ibe seal --public-key KEY --to 7/00a0b1c2d3e4f506 \\
          --epochs 1-8 --out note.sealed note
        countersign ibe open --key pump.ibe note.sealed
      """,
    subcommands: [
      IBEInit.self, IBEPublic.self, IBEExtract.self, IBESeal.self, IBEOpen.self, IBEShare.self, IBECombine.self,
    ]
  )
}

/// The identity that a key is for, or a message to.
struct IdentityOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The device, with its system's number.", valueName: "system/id"))
  var to: DeviceName

  @Option(
    name: .long, help: ArgumentHelp("The range of epochs that the key is for, both included.", valueName: "first-last"),
    transform: { text in
      let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { decimal($0, as: Epoch.self) }
      guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
        throw ValidationError("it takes two epochs from 0 to 65535, for example 1-8.")
      }
      return first...last
    })
  var epochs: ClosedRange<Epoch>

  func identity() throws(Failure) -> IBE.Identity {
    guard case .number(let system) = to.system else {
      throw Failure(
        .usage, "--to needs the number of the device's system", hint: "Write NUMBER/ID: 7/00a0b1c2d3e4f506.")
    }
    return IBE.Identity(DeviceAddress(system: system, device: to.device), epochs: epochs)
  }
}

extension Failure {
  /// What the commands say that this build cannot run.
  static var withoutBlst: Failure {
    Failure(
      .unavailable, "this build has no identity-based encryption",
      hint: "Scripts/get-blst, then: swift build --traits IdentityEncryption --pkg-config-path .build-blst")
  }

  init(_ error: IBEError, _ path: String) {
    switch error {
    case .messageTooLong(let limit):
      self.init(.dataError, "\(path) has more than \(limit) bytes", hint: "Seal it in parts.")
    case .invalidScalar: self.init(.dataError, "\(path) does not hold a key")
    case .invalidPoint:
      self.init(.dataError, "\(path) is not the encoding of a point of the curve's group", hint: "Is it complete?")
    case .wrongDeviceKey:
      self.init(.dataError, "\(path) holds the key of another identity or issuer, or was changed")
    case .cannotOpen:
      self.init(
        .dataError, "\(path) does not open with this key",
        hint: "It was sealed to another id, for other epochs or under another public key, or it was changed.")
    case .invalidThreshold:
      self.init(.usage, "\(path) does not have 2 to 255 holders, and a threshold of 2 up to their number")
    case .wrongShare(let holder):
      self.init(.dataError, "\(path) is not the share that the commitments lead to for holder \(holder)")
    case .wrongPartialKey(let holder):
      self.init(
        .dataError, "what holder \(holder) gave is not its part of this key: \(path)",
        hint: "Ask it again, or another holder.")
    case .wrongHolders(let threshold):
      self.init(.usage, "this takes the parts of \(threshold) different holders")
    }
  }
}
