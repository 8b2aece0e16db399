// SPDX-License-Identifier: Apache-2.0

import Schemes

/// One attack. Its `run` lets the world do honest things, takes from it what it says that it steals, and hands only that to an
/// ``Attacker``.
protocol Attack: Sendable {
  /// The name in options and outputs.
  static var name: String { get }
  /// What the attacker has and wants, in a line.
  static var title: String { get }
  static var group: AttackGroup { get }
  /// Settings in which the attacker wins, for attacks that no scheme lets through.
  static var controls: [Control] { get }

  static func run(in world: World) throws -> Finding
}

extension Attack {
  static var controls: [Control] { [] }
}

/// A scheme, weakened on purpose.
struct Control: Sendable {
  let scheme: SchemeID
  let weaknesses: Weaknesses
  let words: String

  /// Identity-based credentials at their worst: for attacks with the root or the issuing key.
  static let escrow = Control(
    scheme: .identityBased, weaknesses: .escrow,
    words: "credentials issued in escrow: the issuing key computes the devices' keys"
  )
}

/// What attacks are about, in the order of the tables.
public enum AttackGroup: String, Codable, Sendable, CaseIterable {
  case device = "One device taken apart"
  case insider = "One device turns against the others"
  case server = "Keys of the server stolen"
  case registry = "The registry"
  case wire = "On the wire"
  case relay = "The server turns against its devices"
  case weakness = "Bad luck on the device"
  case future = "A quantum computer, modelled"
}

/// Every attack, in the order of the tables. Those that no longer apply are removed here and nowhere else.
enum Attacks {
  static let all: [any Attack.Type] = [
    MemoryReadsOthers.self, MemoryReadsOwnPast.self, MemoryReadsLastSession.self,
    MemoryReadsNextSession.self, MemoryReadsSessionAhead.self, MemoryReadsOwnFuture.self, MemoryPosesAsAnother.self,
    MemoryOutlivesRotation.self, CloneBesideOriginal.self,
    OldSessionGetsKey.self, ReplacedKeyGetsName.self, OldKeyMeetsPeer.self, NumbersToCome.self, NumbersUsedUp.self,
    RevokedMail.self, MailboxFilled.self, FullMailboxCosts.self, SystemKeysUsedUp.self,
    RootReadsPast.self, ServerReadsPast.self, RootPosesAsDevice.self,
    ServerPosesAsDevice.self, RootPosesAsServer.self, IssuingKeyReads.self, IssuingKeyIsAdmitted.self,
    IssuingKeyFoolsPeer.self, StaticKeyReads.self, StaticKeyNamesDevices.self, StaticKeyPosesAsServer.self,
    StaticKeyPosesAsDevice.self,
    RegistryReadTraffic.self, RegistryReadPoses.self, RegistryWrittenPoses.self, RegistryWrittenUnrevokes.self,
    BackupReadmitsRevoked.self,
    OutsiderInTheMiddle.self, ReplayedFrames.self, WireReorders.self, WireInjects.self, TracksWithinEpoch.self,
    TracksAcrossEpochs.self, Downgrade.self,
    RelayReadsConversations.self, FalseCertificate.self,
    StolenKeyFoolsItsOwner.self, ForgedSealedMessage.self, PredictableGeneratorReads.self,
    PredictableGeneratorThenMemory.self,
    ClockAtStart.self, ClockAtEnd.self, ClockDropsMail.self,
    QuantumReads.self, QuantumNamesDevices.self,
  ]
}
