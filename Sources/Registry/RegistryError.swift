// SPDX-License-Identifier: Apache-2.0

import Credentials
import Files
import Keyring
import Schemes
import Wire

/// Why the registry or the authority refused, or could not do, what was asked.
public enum RegistryError: Error, Equatable, Sendable {
  // MARK: What was asked for

  /// A system of that name exists.
  case systemExists(String)
  /// A name must have 1 to 64 characters of `a-z A-Z 0-9 . _ -` and begin with a letter or a digit.
  ///
  /// One of digits alone is a number: without leading zeros, from 1 to 4294967295.
  case invalidSystemName(String)
  /// A name of digits alone is also the system's number, and another system has it.
  case systemNumberTaken(SystemID)
  case unknownSystem(SystemID)
  /// Devices of one system may always talk: no policy is about one alone.
  case policyWithinSystem(SystemID)
  /// The system has a shared key already, and another than the one that was to be its own.
  case sharedKeyExists(SystemID)
  /// A device of that id exists in the system.
  case deviceExists(DeviceAddress)
  case unknownDevice(DeviceAddress)
  /// A key that was certified before, whether in use or long replaced: no key gets a second name or generation.
  case keyInUse
  /// No Diffie-Hellman can be computed with this public key: it is a point of low order.
  case unusableKey
  /// The device has proved a key that it asked for before, and asks for this one without a proof.
  case unprovedKey(DeviceAddress)
  /// The key is neither the device's active one nor its pending one.
  case unknownKey(DeviceAddress)
  /// Every generation that the device had is revoked.
  case deviceRevoked(DeviceAddress)
  /// The device is not revoked, so that its key changes by rotation, not by enrolling it again.
  case deviceActive(DeviceAddress)
  /// The session was opened with a key that another has replaced meanwhile.
  case superseded(DeviceAddress)
  /// Two holders of the device's keys have shown themselves, and the owner has not decided yet.
  case deviceQuarantined(DeviceAddress)
  /// The device, or its system, has asked for more next keys than ``KeyBudget`` allows; it may ask again after this many seconds.
  case tooManyKeys(DeviceAddress, retryAfter: Int64)
  /// The scheme gives a device no key of this kind.
  case unsuitableScheme(SchemeID)
  /// The device has proved itself by a stronger scheme, and never goes back.
  case belowFloor(DeviceAddress)
  /// A session's counter is not above the last one: a replay, or a copy of the device.
  case staleCounter(DeviceAddress)
  /// The device has no order to do this.
  case notOrdered(DeviceAddress)
  /// A credential has another generation than the device's next.
  case unexpectedGeneration(Generation, expected: Generation)
  /// The 16-bit generation counter is used up.
  case generationsExhausted(DeviceAddress)
  /// The 16-bit epoch counter is used up.
  case epochsExhausted
  /// The 32-bit counter of revocations is used up.
  case revocationsExhausted
  /// The signing key is out of reach or refused.
  case signer(CredentialsError)

  /// A name must have 1 to 63 characters of `a-z 0-9 -` and begin with a letter.
  case invalidApplicationName(String)
  /// The system has an application of that name.
  case applicationExists(String)
  /// The system has ``RegisteredApplication/maximumPerSystem`` applications already.
  case tooManyApplications(SystemID)
  /// The instances of an application share its key: it is changed where its file is, once, and not by an order.
  case sharedByInstances(DeviceAddress)

  // MARK: Files

  /// The directory holds no authority.
  case noAuthority(path: String)
  /// The directory holds an authority already, or part of one.
  case authorityExists(path: String)
  /// Another server runs on the directory.
  case directoryInUse(path: String, holder: String)
  /// What was given as a backup has an SQLite log beside it, without which it may be incomplete.
  case backupHasLog(path: String)
  /// The key file was not opened.
  case keyring(KeyringError)
  /// The key file and the registry belong to different authorities.
  case keyMismatch
  /// A file or directory could not be used.
  case file(FileError)

  /// The registry is behind what this directory has witnessed: it was restored from a backup.
  case behindWitness(changes: Int64, revocations: Int, epochs: Int)
  /// The registry is as long as what was witnessed, but differs: it was restored and has been used since.
  case contradictsWitness(change: Int64)

  // MARK: The database

  /// The database was written by a later version of this program.
  case newerDatabase(path: String)
  /// The file is not a registry, or its pages do not hold together.
  case corrupted(String)
  case readOnly(String)
  /// The disk is full.
  case full(String)
  /// Another process kept the database locked for longer than the time-out.
  case busy(String)
  /// Anything else that SQLite reports: its extended result code and message.
  case database(code: Int32, String)
}

/// What `body` gives, whose errors are those of files.
func usingFiles<Result>(_ body: @autoclosure () throws(FileError) -> Result) throws(RegistryError) -> Result {
  do { return try body() } catch { throw .file(error) }
}

/// What `body` gives, whose errors are those of keys.
package func usingKeys<Result>(_ body: @autoclosure () throws(KeyringError) -> Result) throws(RegistryError) -> Result {
  do { return try body() } catch { throw RegistryError(error) }
}

extension RegistryError {
  /// A key that was not made or opened. What is wrong with a row is the registry's own error.
  public init(_ error: KeyringError) {
    switch error {
    case .corrupted(let what): self = .corrupted(what)
    case .unsuitableScheme(let scheme): self = .unsuitableScheme(scheme)
    default: self = .keyring(error)
    }
  }
}
