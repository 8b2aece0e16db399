// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import DeviceHost
import FleetSupport
import Foundation
import CountersignCrypto
import Processes
import Wire

/// A directory of its own for one test, gone when the test is over.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("countersign-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Makes a device file and opens it.
  func device(_ id: UInt64, _ authority: Authority, system: UInt32 = 1, lastEpoch: Epoch = 20) throws -> DeviceStore {
    let path = file("\(system)-\(id).device")
    try DeviceStore.create(path) { identity throws(DeviceError) in
      identity.create(
        address: DeviceAddress(system: SystemID(system), device: DeviceID(id)), anchor: authority.anchor,
        serverKey: authority.handshakeKey.publicKey, epoch: 10)
      do {
        try identity.install(
          authority.certificate(for: identity.renewalKey!, system: system, device: id, lastEpoch: lastEpoch))
      } catch { throw .noUsableKey }
    }
    return try DeviceStore(opening: path)
  }
}

func mode(_ path: String) throws -> Int {
  let attributes = try FileManager.default.attributesOfItem(atPath: path)
  return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
}

/// Another process at work on a device file.
final class Worker {
  private let process: ChildProcess
  private let output: PipeReader
  private var printed: [UInt8] = []

  /// The program is built beside the tests.
  private static var executable: URL {
    var directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while directory.path != "/" {
      let candidate = directory.appendingPathComponent("DeviceStoreWorker")
      if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      directory.deleteLastPathComponent()
    }
    return URL(fileURLWithPath: ".build/debug/DeviceStoreWorker")
  }

  init(_ mode: String, count: Int, file: String) throws {
    process = try ChildProcess(Self.executable.path, [mode, "\(count)", file], output: .pipe)
    output = process.output!
  }

  /// Waits until it has stored something, however busy this machine is.
  func waitForWork() {
    printed += output.next()
  }

  /// kill -9.
  func kill() {
    process.send(SIGKILL)
  }

  /// Waits for its end, and returns the numbers that it printed.
  func numbers() throws -> (numbers: [UInt64], status: Int32) {
    let data = printed + output.rest()
    let text = String(decoding: data, as: UTF8.self)
    // A last line without its end was being printed when the process was killed.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return (lines.compactMap { UInt64($0) }, process.wait())
  }
}
