// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto
import Credentials
import Device
import DeviceHost
import Files
import Foundation
import Wire

/// The demo's authority, devices and server, all made by the commands a user would type.
final class DemoFleet {
  let directory: URL
  private(set) var server: DemoProcess.Child?
  private(set) var serverEndpoint = Endpoint(host: "127.0.0.1", port: 0)
  private(set) var recorder: FrameRecorder?
  private(set) var devices: [String: DeviceAddress] = [:]

  init(_ directory: URL) throws {
    self.directory = directory
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try SecretFile.create(path("passphrase"), Array(UUID().uuidString.utf8).bytes)
  }

  /// A file of the demo.
  func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

  func deviceFile(_ name: String) -> String { path("\(name).device") }

  func address(_ name: String) -> DeviceAddress { devices[name]! }

  func store(_ name: String) throws(DeviceHostError) -> DeviceStore { try DeviceStore(opening: deviceFile(name)) }

  /// Runs a command on the authority.
  func command(_ arguments: String...) throws -> DemoProcess.Result {
    try DemoProcess.run(arguments + ["--dir", "authority", "--output", "json"], in: directory)
  }

  /// Runs a command on the authority that needs its keys.
  func signing(_ arguments: String...) throws -> DemoProcess.Result {
    try DemoProcess.run(
      arguments + ["--dir", "authority", "--passphrase-file", "passphrase", "--output", "json"], in: directory)
  }

  func addDevice(_ name: String, system: String) throws -> Bool {
    let result = try signing("device", "add", "--system", system, "--out", "\(name).device")
    guard result.isSuccess else { return false }
    devices[name] = try store(name).read { $0.address }
    return true
  }

  /// Starts the server, and an eavesdropper between it and the devices.
  func serve() throws -> Bool {
    let child = try DemoProcess.start(
      [
        "serve", "--dir", "authority", "--passphrase-file", "passphrase", "--listen", "127.0.0.1:0", "--output", "json",
      ], in: directory)
    server = child
    var port: UInt16?
    guard
      child.wait(until: {
        port = Self.port(in: $0.output); return port != nil || !$0.isRunning
      }), let port
    else {
      return false
    }
    serverEndpoint = Endpoint(host: "127.0.0.1", port: port)
    recorder = try FrameRecorder(server: serverEndpoint)
    return true
  }

  /// Where devices connect: the eavesdropper, who passes everything on.
  var endpoint: String { recorder?.endpoint.description ?? serverEndpoint.description }

  func send(_ text: String, from sender: String, to recipient: String) throws -> DemoProcess.Result {
    try DemoProcess.run(
      [
        "send", "--device", "\(sender).device", "--server", endpoint, "--to", Self.name(address(recipient)), "--output",
        "json", text,
      ], in: directory)
  }

  func listen(_ device: String, _ options: String...) throws -> DemoProcess.Child {
    try DemoProcess.start(
      ["listen", "--device", "\(device).device", "--server", endpoint, "--output", "json"] + options, in: directory)
  }

  /// Starts a listener and waits until the server has welcomed it.
  func listening(_ device: String, _ options: String...) throws -> DemoProcess.Child {
    let child = try DemoProcess.start(
      ["listen", "--device", "\(device).device", "--server", endpoint, "--output", "json"] + options, in: directory)
    _ = child.wait(until: { $0.error.contains("listening as") || !$0.isRunning })
    return child
  }

  /// Starts a listener on the device's own port and returns its address.
  func listeningDirectly(_ device: String, _ options: String...) throws -> (DemoProcess.Child, Endpoint)? {
    let child = try DemoProcess.start(
      ["listen", "--device", "\(device).device", "--direct", "127.0.0.1:0", "--output", "json"] + options, in: directory
    )
    var port: UInt16?
    guard
      child.wait(until: {
        port = Self.port(in: $0.error); return port != nil || !$0.isRunning
      }), let port
    else {
      return nil
    }
    return (child, Endpoint(host: "127.0.0.1", port: port))
  }

  func stop() {
    recorder?.stop()
    server?.stop()
  }

  /// `SYSTEM/ID`, which names a device from anywhere.
  static func name(_ address: DeviceAddress) -> String { address.description }

  /// The port of the first `127.0.0.1:PORT` in what a command printed.
  private static func port(in text: String) -> UInt16? {
    guard let range = text.range(of: "127.0.0.1:") else { return nil }
    let digits = text[range.upperBound...].prefix { $0.isNumber }
    // The number may still be growing: wait for what follows it.
    guard digits.endIndex < text.endIndex else { return nil }
    return UInt16(digits).flatMap { $0 == 0 ? nil : $0 }
  }
}
