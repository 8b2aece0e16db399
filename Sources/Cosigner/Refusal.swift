// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// Why a co-signer does not sign. Its raw value is what the server is told.
public enum Refusal: UInt8, Error, Equatable, Sendable, CaseIterable {
  /// The bytes are no statement that the issuing key signs.
  case notAStatement = 1
  /// The statement names another issuing key.
  case foreignKey = 2
  /// Another key was signed for this generation of this device.
  case conflictingKey = 3
  /// The key was signed under another name or generation.
  case keyInUse = 4
  /// A device's first key, and no batch is open that it belongs to.
  case noBatch = 5
  /// A device's next key, without a proof from a key in use, and no window is open.
  case notProved = 6
  /// A generation that is not the one after the newest.
  case skipsGenerations = 7
  /// The generation has been revoked.
  case revoked = 8
  /// The certificate would last for more epochs than the owner allows.
  case lastsTooLong = 9
  /// Only the owner can say so, at the co-signer.
  case needsApproval = 10
  /// The epoch does not follow the current one.
  case epochOutOfOrder = 11
  /// The next epoch, sooner than the owner allows.
  case epochTooSoon = 12
  /// Nothing was signed for this device, or not this generation.
  case unknownDevice = 13
  /// The head of the issuance log does not come after the one that was signed last.
  case rewrittenIssuances = 14
  /// The nonces are used up, or of another connection.
  case nonceUsed = 15
  /// The commitments or the set of signers are not acceptable.
  case badCommitments = 16
  /// The server has seen a longer log of this co-signer: this one comes from a backup.
  case behind = 17
  /// The server has seen another log of this co-signer: two of it ran from one copy, or the log was changed.
  case forked = 18
  /// The log cannot be written.
  case unavailable = 19

  /// What it means and what to do, in a line.
  public var message: String {
    switch self {
    case .notAStatement: "the bytes are no statement that the issuing key signs"
    case .foreignKey: "the statement names another issuing key"
    case .conflictingKey: "another key was signed for this generation: revoke it, and give the device the next one"
    case .keyInUse: "this key was signed under another name or generation: let the device make a new one"
    case .noBatch: "a device's first key is signed in a batch: open one at the co-signer"
    case .notProved:
      "the next key needs a proof from the key in use: update the firmware, or open a window at the co-signer"
    case .skipsGenerations: "the generation is not the one after the newest: approve the statement at the co-signer"
    case .revoked: "the generation has been revoked"
    case .lastsTooLong: "the certificate would last for more epochs than allowed: choose an earlier last epoch"
    case .needsApproval: "approve the statement at the co-signer"
    case .epochOutOfOrder: "the epoch does not follow the current one"
    case .epochTooSoon: "the next epoch comes too soon: wait"
    case .unknownDevice: "this generation was not signed here"
    case .rewrittenIssuances: "the issuance log does not continue the one that was signed: look for what was removed"
    case .nonceUsed: "the nonces are used up: ask for new ones"
    case .badCommitments: "the commitments are not acceptable: ask for new ones"
    case .behind: "the co-signer's log is older than the one the server has seen: recover it from a newer copy"
    case .forked: "the co-signer's log is not the one the server has seen: stop every copy but one"
    case .unavailable: "the co-signer cannot write its log: make room, and start it again"
    }
  }
}
