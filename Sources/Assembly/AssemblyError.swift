// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Registry
import Wire

/// Why the assembly line stopped, or never started.
public enum AssemblyError: Error, Equatable, Sendable {
  /// A line of the CSV, counted from 1 with the header, and what is wrong with it.
  case csv(line: Int, CSVProblem)
  /// The text is not one PEM object.
  case pem(PEMProblem)
  /// Devices in conflict: registered or in the directory without belonging to this batch. At most the first hundred.
  case conflicts([BatchConflict])
  /// Another batch works on the directory.
  case directoryInUse(path: String)
  /// A file or directory could not be used.
  case file(FileError)
  case registry(RegistryError)
  /// A device did not accept its certificate.
  case refused(DeviceError)
}

extension AssemblyError {
  init(_ error: RegistryError) {
    self = if case .file(let error) = error { .file(error) } else { .registry(error) }
  }
}

/// What `body` gives, whose errors are those of files.
func usingFiles<Result>(_ body: @autoclosure () throws(FileError) -> Result) throws(AssemblyError) -> Result {
  do { return try body() } catch { throw .file(error) }
}

/// What is wrong with a CSV.
public enum CSVProblem: Error, Equatable, Sendable {
  /// There is not even a header.
  case empty
  case invalidUTF8
  /// A quoted field does not end.
  case unterminatedQuote
  /// A quotation mark in the middle of a field, or text after a closing one.
  case strayQuote
  case wrongFieldCount(expected: Int, actual: Int)
  /// The header lacks the column `id`.
  case missingColumn(String)
  case duplicateColumn(String)
  /// The manifest has its own column of this name, and would have two.
  case reservedColumn(String)
  /// Not 16 hexadecimal digits.
  case invalidID(String)
  /// The id is also in an earlier line.
  case duplicateID(String, firstLine: Int)
  /// Not 64 hexadecimal digits.
  case invalidPublicKey
  /// Identity-based credentials are not issued for a public key.
  case unexpectedPublicKey
  /// The key is also in an earlier line.
  case duplicatePublicKey(firstLine: Int)
  /// Not 64 hexadecimal digits.
  case invalidSecretKey
  /// The scheme makes its devices' keys itself, or they have none that the server has.
  case unexpectedSecretKey
  /// The key stands in an earlier line too: devices that share one have the scheme `shared-key`.
  case duplicateSecretKey(firstLine: Int)
}

/// What is wrong with a PEM text.
public enum PEMProblem: Error, Equatable, Sendable {
  case noBegin
  /// The end is missing or names another label.
  case noEnd
  case invalidBase64
  /// The label is not one of ours.
  case unknownLabel
}

/// A device that a batch can neither make nor recognise as its own work.
public struct BatchConflict: Equatable, Sendable {
  public enum Reason: Sendable {
    /// The registry has the device, but the directory has no file for it: its key is elsewhere.
    case registeredElsewhere
    /// The registry has the device under another key than the CSV gives.
    case registeredWithAnotherKey
    /// The directory has a file for the device, but the registry does not know it.
    case foreignFile
  }

  public let device: DeviceID
  public let line: Int
  public let reason: Reason
}
