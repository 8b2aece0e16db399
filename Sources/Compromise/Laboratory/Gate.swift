// SPDX-License-Identifier: Apache-2.0

import Credentials
import Wire

/// The server as the wire sees it.
protocol Gate: AnyObject {
  func connect() -> any Line
}

/// One connection to the server, held by whoever opened it: a device or an attacker.
protocol Line: AnyObject {
  /// Sends a frame and returns those that come back.
  func send(_ frame: [UInt8]) -> [[UInt8]]
  /// Why the server hung up; nil while it has not.
  var refusal: String? { get }
  /// What the server has taken as said by whom.
  var accepted: [HeardText] { get }
}

/// A text that the server attributes to a device.
struct HeardText: Equatable {
  let device: DeviceAddress
  let text: [UInt8]
}

/// What an attack met that is no error of the schemes.
enum LaboratoryError: Error {
  /// The memory lacks what the scheme's first frame needs.
  case nothingToShow
  /// The server gave no answer.
  case noAnswer(String)
}

/// Weaknesses that a world can be given on purpose, so that an attacker who wins nowhere else can be seen to win.
public struct Weaknesses: OptionSet, Sendable {
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Devices draw their ephemeral keys from a generator whose numbers the attacker knows.
  public static let predictableEphemerals = Weaknesses(rawValue: 1 << 0)
  /// The server believes a certificate without asking its registry.
  public static let certificateAlone = Weaknesses(rawValue: 1 << 1)
  /// Devices put their text into the first message and the server acts on it.
  public static let actsOnFirstMessage = Weaknesses(rawValue: 1 << 2)
  /// Nobody authenticates anybody: an ephemeral Diffie-Hellman under a key that everybody knows.
  public static let unauthenticated = Weaknesses(rawValue: 1 << 3)
  /// The server forgets by which scheme a device has proved itself before.
  public static let noFloor = Weaknesses(rawValue: 1 << 4)
  /// The server takes frames of a session in any order and any number of times.
  public static let anyOrder = Weaknesses(rawValue: 1 << 5)
  /// The server lets certificates expire by its clock instead of by epochs.
  public static let dated = Weaknesses(rawValue: 1 << 6)
  /// Devices draw every key, ephemeral ones too, from a seed that the factory derives from the issuing key.
  public static let factorySeed = Weaknesses(rawValue: 1 << 7)
  /// The server has no witness beside its registry.
  public static let noWitness = Weaknesses(rawValue: 1 << 8)
  /// The server keeps secrets in its registry in the open, and believes what its rows say.
  public static let plainRegistry = Weaknesses(rawValue: 1 << 10)
  /// The owner keeps no log of the keys that were certified.
  public static let noBooks = Weaknesses(rawValue: 1 << 9)
  /// Identity-based credentials are issued in the escrow flavour: the master key computes every device's key.
  public static let escrow = Weaknesses(rawValue: 1 << 11)
  /// Peers are told of no rotation and have met nobody: they have been offline since before it.
  public static let offlinePeer = Weaknesses(rawValue: 1 << 12)
  /// Recipients take a message for one that they have had when its number is not new, and say so to its sender.
  public static let noJudgement = Weaknesses(rawValue: 1 << 13)
  /// A mailbox belongs to whoever fills it first.
  public static let noShares = Weaknesses(rawValue: 1 << 14)
  /// The server does not remember whose mailbox was full.
  public static let noMemoryOfFull = Weaknesses(rawValue: 1 << 15)
  /// The server hands out what revoked devices have left behind.
  public static let noWithholding = Weaknesses(rawValue: 1 << 16)
  /// Next keys cost nothing: every credit is full again whenever the registry looks.
  public static let noKeyBudget = Weaknesses(rawValue: 1 << 17)
  /// The server lets messages grow old by the system's clock.
  public static let agesByClock = Weaknesses(rawValue: 1 << 20)
  /// Devices make the ephemeral keys of their sessions ahead.
  public static let ephemeralsAhead = Weaknesses(rawValue: 1 << 21)

  /// Those that concern what lies beside the server's gate and leave that as it is.
  static let besideTheGate: Weaknesses = [
    .predictableEphemerals, .noWitness, .noBooks, .escrow, .offlinePeer, .noJudgement, .noShares, .noMemoryOfFull,
    .noWithholding, .noKeyBudget, .agesByClock, .ephemeralsAhead,
  ]
}
