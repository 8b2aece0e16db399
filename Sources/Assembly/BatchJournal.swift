// SPDX-License-Identifier: Apache-2.0

import Device
import Files
import Foundation
import CountersignCrypto
import Registry

/// The keys of a batch in progress. They are on the disk before the registry learns of them, so that a registered device never
/// lacks its key, wherever the batch was interrupted.
///
/// The file is a row of device files that have no certificate yet. It grows by a chunk at a time; a torn last one was not yet
/// registered, and is left out.
struct BatchJournal {
  let path: String

  init(directory: String) {
    path = directory + "/.batch-keys"
  }

  /// Every whole record. The caller wipes them. A torn end is cut off, so that what is added next begins where it should.
  func read() throws(AssemblyError) -> [UInt8] {
    guard access(path, F_OK) == 0 else { return [] }
    var status = stat()
    guard stat(path, &status) == 0 else { throw .file(FileError(.inspect, path)) }
    var bytes = try usingFiles(try SecretFile.read(path, limit: Int(status.st_size)))
    let torn = bytes.count % DeviceIdentity.encodedLength
    bytes.removeLast(torn)
    guard torn == 0 || truncate(path, off_t(bytes.count)) == 0 else { throw .file(FileError(.write, path)) }
    return bytes
  }

  /// Adds records and brings them to the disk.
  func append(_ records: RawSpan) throws(AssemblyError) {
    do { try SecretFile.append(path, records) } catch { throw .file(error) }
  }

  /// The batch is complete and its files are on the disk.
  func remove() {
    unlink(path)
  }
}
