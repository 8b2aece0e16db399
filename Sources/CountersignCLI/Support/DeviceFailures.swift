// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import Files
import Noise
import Records
import Schemes
import Wire

/// Runs `body` and turns what a device could not do into words for the person at the terminal.
func reporting<R>(_ body: () throws(DeviceHostError) -> R) throws(Failure) -> R {
  do { return try body() } catch { throw Failure(error) }
}

extension Failure {
  init(_ error: DeviceHostError) {
    switch error {
    case .invalidEndpoint(let text):
      self.init(.usage, "\"\(text)\" is not an address", hint: "Write HOST:PORT, for example 127.0.0.1:7700.")
    case .file(let error): self.init(deviceFile: error)
    case .unreachable(let endpoint, let reason):
      self.init(unreachable: endpoint, reason: reason)
    case .hungUp(let endpoint):
      self.init(
        .unavailable, "\(endpoint) closed the connection without an answer",
        hint: "Try again. If it stays so, the server may not know this device. Ask there: countersign device show ID")
    case .refused(let endpoint, let refusal):
      self.init(.noPermission, "\(endpoint) refuses this device: \(refusal.words)", hint: refusal.advice)
    case .cannotAccept(let reason):
      self.init(
        .temporary, "cannot accept connections: \(reason)", hint: "Allow this process more file descriptors.")
    case .tryLater(let endpoint):
      self.init(
        .temporary, "\(endpoint) cannot serve another device now",
        hint: "Nothing is wrong with this device's key. Try again later.")
    case .connectionLost(let reason):
      self.init(.unavailable, "the connection was lost: \(reason)", hint: "Try again.")
    case .timedOut(let what):
      self.init(.temporary, "timed out waiting for \(what)", hint: "Try again, or allow more time with --timeout.")
    case .unknownPeer(let address):
      self.init(
        .noHost, "no device \(address) that this one may talk to",
        hint: "Devices of another system need a policy: countersign policy allow")
    case .unsealable(let address):
      self.init(
        .noPermission,
        "device \(address) has no key pair: only the server could pass the message on, and it would read it",
        hint: "Allow that with --hop-by-hop, or move the device to a key pair: countersign device migrate")
    case .notTaken(let refusal):
      self.init(.protocolError, "the other device did not accept the message: \(refusal.words)", hint: refusal.advice)
    case .keyRefused(let refusal, let seconds):
      self.init(
        refusal == .unavailable || refusal == .tooMany ? .temporary : .unavailable,
        "the server gives no new key now: \(refusal.words)",
        hint: seconds > 0 ? "Try again in \(seconds) seconds. The key in use remains valid." : refusal.advice)
    case .notStored(let refusal):
      self.init(.unavailable, "the server did not keep the message: \(refusal.words)")
    case .mayOnlyRenew:
      self.init(
        .temporary, "this device's certificate is out of date",
        hint: "It has asked the server for a new one. Try again.")
    case .unknownApplication(let name):
      self.init(
        .noHost,
        name.map { "this device's system has no application \($0)" }
          ?? "this device's system has no default application",
        hint: "Ask at the server: countersign application list")
    case .queueFull(let seconds):
      self.init(
        .temporary, "the application's queue is full, or this device has had its share of it",
        hint: "Try again in \(seconds) seconds.")
    case .channelRefused(let refusal):
      self.init(
        .unavailable, "the server opens no channel to the application: \(refusal.words)", hint: "Try again later.")
    case .noChannel(let address):
      self.init(
        .noHost, "device \(address) has never reported to this application, so that nothing can be sealed to it",
        hint: "Let it report once: countersign send --to application")
    case .requestFailed(let state):
      self.init(.unavailable, "the request was not answered: \(state.words)", hint: state.advice)
    case .wrongRole(let isApplication):
      self.init(
        .usage, isApplication ? "this is the file of an application" : "this is the file of a device",
        hint: isApplication ? "Use a device's file." : "Use the file that countersign application add has written.")
    case .closed:
      self.init(.unavailable, "the client was closed", hint: "Open it again.")
    case .suspension(.notSuspended):
      self.init(.temporary, "the device has no suspended session", hint: "Suspend one: countersign suspend")
    case .suspension(.mustRenew), .suspension(.mustRepeat):
      self.init(
        .temporary, "the suspended session is used up, or too many wake-ups were not answered",
        hint: "Suspend one anew: countersign suspend")
    case .suspension(.notStored):
      self.init(.ioError, "the suspended session could not be stored", hint: "Is the disk full, or read-only?")
    case .suspension(let error):
      self.init(.protocolError, "the suspended session failed: \(error)")
    case .device(let error):
      self.init(error)
    }
  }

  init(_ error: DeviceError) {
    switch error {
    case .corruptFile:
      self.init(
        .dataError, "this is not a device file, or it is damaged", hint: "Restore it, or assemble the device again.")
    case .unknownFileVersion(let version):
      self.init(.dataError, "the device file has version \(version), which is newer than this program")
    case .noUsableKey:
      self.init(.dataError, "the device file holds no certified key", hint: "Certify it: countersign device add")
    case .rotationInProgress:
      self.init(.temporary, "an earlier rotation is not finished", hint: "Let the device listen once, then try again.")
    case .notSealed:
      self.init(
        .protocolError, "it is not sealed: the server could read it, or have made it up",
        hint: "Allow that with --hop-by-hop.")
    case .notTaken(let refusal):
      self.init(.protocolError, refusal.words)
    case .messageTooLong:
      self.init(.dataError, "a message has at most \(Message.maximumLength) bytes", hint: "Send it in parts.")
    case .subjectMismatch:
      self.init(.protocolError, "the other side is not the device it should be")
    case .credentials(let error):
      self.init(.protocolError, "the other side's credential was refused: \(error.words)", hint: error.advice)
    case .channel(let error):
      self.init(.protocolError, "the channel to the application does not serve: \(error.words)", hint: error.advice)
    case .noise(.decryptionFailed), .schemes(.noise(.decryptionFailed)), .noise(.messageTooShort),
      .schemes(.noise(.messageTooShort)):
      self.init(.protocolError, "what the other side sent does not decrypt", hint: Self.otherSide)
    case .noise(let error), .schemes(.noise(let error)):
      self.init(.protocolError, "the handshake or a message failed: \(error)", hint: Self.otherSide)
    default:
      self.init(.protocolError, "the other side broke the protocol: \(error)", hint: Self.otherSide)
    }
  }
}

extension Failure {
  private static let otherSide =
    "Does a Countersign server, this device's own, listen there? For its key: countersign inspect FILE"

  /// What it means that `endpoint` hung up: a server that is not there any more said nothing about the device.
  init(_ error: DeviceHostError, at endpoint: Endpoint) {
    if case .hungUp = error, (try? FrameSocket.connect(to: endpoint, timeout: .seconds(1))) == nil {
      self.init(.unavailable, "\(endpoint) went away during the handshake", hint: "Is the server running? Try again.")
    } else {
      self.init(error)
    }
  }
}

extension CredentialsError {
  /// What the sender can do about it.
  fileprivate var advice: String? {
    switch self {
    case .expired: "The other device must connect to the server first: that renews its certificate."
    case .unknownIssuer, .invalidSignature: "The two devices must belong to one authority."
    default: nil
    }
  }

  /// What was wrong, as a phrase.
  var words: String {
    switch self {
    case .malformed(let error): error.words
    case .unknownIssuer(let id): "issued by key \(hexadecimal(id.rawValue)), which is not trusted"
    case .invalidSignature: "the signature does not verify"
    case .foreignSystem(let system): "it belongs to system \(system.rawValue), and no policy lets the two talk"
    case .expired(let last, let current): "it was good until epoch \(last), and the fleet is at \(current)"
    case .revoked(let generation):
      generation == .max ? "the device is revoked" : "generation \(generation) and earlier are revoked"
    case .superseded(let generation): "its key was replaced: generation \(generation) has been met"
    case .subjectMismatch: "it is about another device or key"
    case .revocationListFull: "too many revocations to trust anyone offline; connect to the server"
    case .policyListFull(let system):
      "it belongs to system \(system.rawValue), and there are more policies than a device holds; connect to the server"
    case .invalidPoint: "it is not a usable point of the curve"
    case .notEvidence: "the two credentials do not contradict each other"
    case .signerUnavailable: "the signing key is out of reach"
    }
  }
}

extension SessionRefusal {
  fileprivate var words: String {
    switch self {
    case .unknownKey: "it knows no device by this key"
    case .revoked: "it is revoked"
    case .belowFloor: "it has used a better scheme since"
    case .invalidCertificate: "its certificate is not the owner's"
    case .withdrawn: "its key was taken back before its first use"
    case .quarantined: "there seem to be two of it"
    default: "reason \(rawValue), which is newer than this program"
    }
  }

  fileprivate var advice: String {
    switch self {
    case .revoked: "At the bench it gets a new key: countersign device add --enrol-again"
    case .belowFloor: "This is an old copy of the device's file: use the one that it has now."
    case .quarantined: "The owner has to look at it: countersign device list"
    default: "Ask at the server: countersign device show ID"
    }
  }
}

extension ChannelError {
  fileprivate var words: String {
    switch self {
    case .notOpen: "it is not open"
    case .notAnApplication: "the other end is not an application of this device's system"
    case .unknownKey: "it is of a key that the application does not have, or has no more"
    case .outdated: "it was opened before a key was changed"
    case .replayed: "the request came before"
    case .tooManyInstances: "as many instances of the application as one channel tells apart have spoken"
    }
  }

  fileprivate var advice: String? {
    switch self {
    case .notOpen, .outdated, .tooManyInstances: "The device opens another one with its next report."
    case .notAnApplication, .unknownKey, .replayed: nil
    }
  }
}

extension ChannelNotice.Refusal {
  fileprivate var words: String {
    switch self {
    case .unknownApplication: "there is no such application"
    case .staleKey: "the application has another key now"
    case .tooMany: "this device has opened too many"
    case .unavailable: "it cannot store one now"
    }
  }
}

extension RequestState {
  fileprivate var words: String {
    switch self {
    case .stored: "it waits for the device"
    case .given: "the device has got it"
    case .asleep: "the device is not there"
    case .unknown: "there is no such device, or it has no such channel"
    case .expired: "its deadline has passed"
    case .tooMany: "too many requests wait"
    case .taken: "the device has it"
    }
  }

  fileprivate var advice: String? {
    switch self {
    case .asleep: "A request that may wait for the device says so."
    case .expired: "Allow more time. The device may have carried it out all the same."
    case .tooMany: "Try again later."
    case .stored, .given, .unknown, .taken: nil
    }
  }
}

extension MessageRefusal {
  fileprivate var words: String {
    switch self {
    case .tooOld: "its number is so far below others of this device that nobody can tell whether it is new"
    case .impossibleNumber: "its number is of a key that this device does not have yet"
    }
  }

  fileprivate var advice: String? {
    self == .tooOld ? "Rotate this device's key: its numbers then start again." : nil
  }
}

extension KeyRefusal {
  fileprivate var words: String {
    switch self {
    case .unavailable: "it cannot store one"
    case .tooMany: "this device, or its system, has asked for too many"
    case .exhausted: "this device has used up its generations"
    case .unproved: "the key was not proved"
    }
  }

  fileprivate var advice: String {
    switch self {
    case .unavailable, .tooMany: "The key in use remains valid. Try again later."
    case .exhausted: "The key in use remains valid. Enrol the device under another id when it comes to the bench."
    case .unproved: "Update the device's software."
    }
  }
}

extension ServerRecord.Refusal {
  var words: String {
    switch self {
    case .unknownRecipient: "no such device"
    case .quotaExceeded: "the recipient's mailbox is full"
    case .staleCertificate: "the recipient keeps changing its key"
    case .tooLong: "it is too long"
    case .unavailable: "it cannot store anything now"
    case .mayOnlyRenew: "this device may only renew its certificate"
    case .impossibleNumber: "its number is of a key that this device does not have yet"
    case .unknownChannel: "the application does not know the channel"
    }
  }
}

extension WireError {
  /// What was wrong, as a phrase.
  var words: String {
    switch self {
    case .wrongLength(let expected, let actual): "\(actual) bytes where \(expected) are needed"
    case .unknownVersion(let version): "version \(version) is not known to this program"
    case .unexpectedKind(let kind): "kind \(kind) is not what belongs here"
    case .reservedFlags: "flags are set that this version reserves"
    case .invalidValue: "a field holds a value that it cannot have"
    }
  }
}
