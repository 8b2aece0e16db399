// SPDX-License-Identifier: Apache-2.0

import Assembly
import Credentials
import Files
import Foundation
import Keyring
import Registry
import Schemes
import SystemPackage
import Wire

/// Runs `body` and turns what the registry refused into words for the person at the terminal.
func registering<R>(_ body: () throws(RegistryError) -> R) throws(Failure) -> R {
  do { return try body() } catch { throw Failure(error) }
}

/// The same for the assembly line.
func assembling<R>(_ body: () throws(AssemblyError) -> R) throws(Failure) -> R {
  do { return try body() } catch { throw Failure(error) }
}

/// Whether nobody can write there, whatever the modes say.
private func isOnReadOnlyFileSystem(_ path: String) -> Bool {
  access(path, W_OK) != 0 && errno == EROFS
}

extension Failure {
  /// What SQLite does not say when the system limits the size of this process's files; nil if it does not.
  static var fileSizeLimit: String? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur != .max else {
      return nil
    }
    return "This process may not make files longer than \(limit.rlim_cur) bytes: raise `ulimit -f`."
  }

  init(_ error: RegistryError) {
    switch error {
    case .systemExists(let name):
      self.init(.dataError, "there is a system named \(name) already", hint: "See: countersign system list")
    case .invalidSystemName:
      self.init(
        .usage, "that is not a valid system name",
        hint:
          "1 to 64 of a-z A-Z 0-9 . _ - and a letter or a digit first. Digits alone are its number: 1 to 4294967295.")
    case .systemNumberTaken(let system):
      self.init(
        .dataError, "another system has the number \(system.rawValue)",
        hint: "A name of digits alone is the system's number. Choose a name with a letter. See: countersign system list"
      )
    case .policyWithinSystem(let system):
      self.init(.usage, "within system \(system.rawValue) everybody may talk: no policy says otherwise")
    case .unknownSystem(let system):
      self.init(.dataError, "there is no system \(system.rawValue)", hint: "See: countersign system list")
    case .sharedKeyExists(let system):
      self.init(
        .dataError, "system \(system.rawValue) has another shared key already",
        hint: "A key is imported before the first device of scheme shared-key. Add another system for these devices."
      )
    case .deviceExists(let address):
      self.init(
        .dataError, "device \(address) exists already",
        hint: "Its key changes by rotation (countersign device rotate), or after a revocation by --enrol-again.")
    case .unknownDevice(let address):
      self.init(.dataError, "there is no device \(address)", hint: "See: countersign device list")
    case .keyInUse:
      self.init(
        .dataError, "this public key was certified before",
        hint: "Every device, and every generation of it, needs its own key.")
    case .unusableKey:
      self.init(.dataError, "this is not a usable X25519 public key", hint: "Let the device make a new one.")
    case .unknownKey(let address):
      self.init(.dataError, "the key is not one of device \(address)")
    case .deviceRevoked(let address):
      self.init(
        .noPermission, "device \(address) is revoked",
        hint: "Back at the bench it gets a new key: countersign device add --enrol-again")
    case .deviceActive(let address):
      self.init(
        .dataError, "device \(address) is not revoked",
        hint: "Its key changes by rotation: countersign device rotate, or revoke it first.")
    case .generationsExhausted(let address):
      self.init(.dataError, "device \(address) has used up its generations", hint: "Give it a new id.")
    case .unexpectedGeneration(let generation, let expected):
      self.init(
        .dataError, "the credential has generation \(generation), and the device's next is \(expected)",
        hint: "Remove the file that an earlier run left, and run again.")
    case .unsuitableScheme(let scheme):
      self.init(
        .usage, "the registry cannot make or move a device of \(scheme.name) this way",
        hint: "From schemes without a key pair to any other: countersign device migrate --help")
    case .belowFloor(let address):
      self.init(
        .noPermission, "device \(address) has used a better scheme", hint: "A device never goes back to a weaker one.")
    case .superseded(let address):
      self.init(.temporary, "the key of device \(address) was replaced meanwhile", hint: "Try again.")
    case .deviceQuarantined(let address):
      self.init(
        .noPermission, "device \(address) is in quarantine: there seem to be two of it",
        hint: "Look at it: countersign device show, then countersign device release or device revoke.")
    case .tooManyKeys(let address, let seconds):
      self.init(
        .temporary, "device \(address), or its system, has asked for too many keys", hint: "Try again in \(seconds) s.")
    case .unprovedKey(let address):
      self.init(.noPermission, "device \(address) has not proved the key that it asks for")
    case .invalidApplicationName:
      self.init(.usage, "that is not a valid name of an application", hint: "1 to 63 of a-z 0-9 - and a letter first.")
    case .applicationExists(let name):
      self.init(
        .dataError, "the system has an application named \(name) already", hint: "See: countersign application list")
    case .tooManyApplications(let system):
      self.init(
        .dataError,
        "system \(system.rawValue) has \(RegisteredApplication.maximumPerSystem) applications, which is the most",
        hint: "Remove one: countersign application remove")
    case .sharedByInstances(let address):
      self.init(
        .usage, "\(address) is an application, whose instances share its key",
        hint: "Change it where its file is, once: countersign device rotate --device FILE --server HOST:PORT")
    case .notOrdered(let address):
      self.init(.noPermission, "device \(address) has no order to change its scheme")
    case .epochsExhausted:
      self.init(.dataError, "the epoch cannot rise further", hint: "The last epoch is 65535.")
    case .revocationsExhausted:
      self.init(.dataError, "no revocation has a number above the last one's", hint: "The last is 4294967295.")
    case .signer(let error):
      self.init(.unavailable, "cannot sign: \(error.words)")
    default:
      self.init(ofFile: error)
    }
  }

  private init(_ error: KeyringError) {
    switch error {
    case .malformedKeyFile:
      self.init(.dataError, "the key file is damaged, or is not one", hint: "Restore authority.key from its backup.")
    case .unknownKeyFileVersion(let version):
      self.init(.dataError, "the key file has version \(version), which is newer than this program")
    case .wrongPassphrase:
      self.init(.noPermission, "wrong passphrase, or the key file was changed", hint: "Nothing was done. Try again.")
    case .passphraseRequired:
      self.init(.usage, "the key file is sealed", hint: "Give --passphrase-file FILE or --passphrase-fd N.")
    case .outOfMemory:
      self.init(.temporary, "not enough memory to open the key file")
    case .corrupted, .unsuitableScheme:
      self.init(RegistryError(error))
    }
  }

  private init(ofFile error: RegistryError) {
    switch error {
    case .noAuthority(let path):
      self.init(.configuration, "\(path) holds no authority", hint: "Make one: countersign init --dir \(path)")
    case .authorityExists(let path):
      self.init(
        .cannotCreate, "\(path) holds an authority already, or a part of one",
        hint: "Choose another directory; an authority's key is never overwritten.")
    case .directoryInUse(let path, let holder):
      self.init(
        .temporary, "a server runs on \(path) already (\(holder))", hint: "One directory, one server: stop it first.")
    case .backupHasLog(let path):
      self.init(
        .dataError, "\(path) has a log beside it: it is a database in use, or a copy of one, not a backup",
        hint: "Give what `countersign backup` has written.")
    case .keyring(let error): self.init(error)
    case .keyMismatch:
      self.init(
        .configuration, "the key file and the registry belong to different authorities",
        hint: "Restore both from the same backup.")
    case .behindWitness(let changes, let revocations, let epochs):
      self.init(
        .configuration,
        "the registry is older than what was seen here: \(changes) changes are missing, \(revocations) revocations or changes of keys and \(epochs) epochs among them",
        hint: "Was it restored from a backup? Put the newest backup in its place, or accept what is lost: "
          + "countersign accept-restored. Then revoke again what had been revoked.")
    case .contradictsWitness(let change):
      self.init(
        .configuration, "the registry's change \(change) differs from what was seen here",
        hint: "Was it restored from a backup and used since? Find out which is right, then: countersign accept-restored"
      )
    case .readOnly(let path) where isOnReadOnlyFileSystem(path):
      self.init(FileError(.write, path, .system(.readOnlyFileSystem)))
    case .file(let error): self.init(error)
    case .newerDatabase(let path):
      self.init(
        .configuration, "\(path) was written by a later version of Countersign",
        hint: "Use that version or a later one.")
    case .corrupted(let what):
      self.init(
        .dataError, "the registry is damaged: \(what)",
        hint: "Put a backup in its place: countersign restore. Do so even if you copied one here by hand.")
    case .readOnly(let path):
      self.init(
        .noPermission, "cannot write \(path)", hint: "Check the owner and the mode of the file and its directory.")
    case .full(let path):
      self.init(
        .ioError, "the disk is full: \(path)", hint: "Nothing was changed: make room and run the command again.")
    case .busy(let path):
      self.init(.temporary, "\(path) is locked by another process", hint: "Try again.")
    case .database(let code, let message):
      self.init(
        .ioError, "\(message) (SQLite \(code))",
        hint: Self.fileSizeLimit ?? "Nothing was changed. Ask: countersign doctor")
    default:
      self.init(.software, "\(error)")
    }
  }
}
