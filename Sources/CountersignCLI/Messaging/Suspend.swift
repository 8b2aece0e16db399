// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Device
import DeviceHost
import Foundation

/// `countersign suspend`: as a device, keeps a session for wake-ups.
struct Suspend: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Suspend a device's session, so that one frame wakes it.",
    discussion: """
      Opens a session, has the server keep it, and stores it in FILE.sleep beside the device file. From then on "countersign wake" \
      needs no handshake, until the wake-ups are used up or the server asks for a new session.

      FILE.sleep belongs to the device file: never delete it, use a copy of it, or one from a backup. The server would take that for \
      a second holder of the device's keys and put the device into quarantine.

      Examples:
        countersign suspend --device pump.device --server 127.0.0.1:7700
        countersign suspend --device pump.device --server udp://127.0.0.1:7700
      """)

  @OptionGroup var device: DeviceOptions

  @Option(name: .long, help: ArgumentHelp("The server (or COUNTERSIGN_SERVER).", valueName: "host:port"))
  var server: String?

  @Option(
    name: .long, parsing: .unconditional, help: ArgumentHelp("How long to try. (default: 10)", valueName: "seconds"),
    transform: Seconds.parse)
  var timeout = Seconds(.seconds(10))

  @OptionGroup var output: OutputOptions

  private struct Result: Encodable {
    let wakeUps: Int
  }

  func run() throws {
    let device = try device.open(patience: min(timeout.duration, .seconds(10)))
    let endpoint = try ServerOption.endpoint(server)
    let wakeUps: Int
    do throws(DeviceHostError) {
      wakeUps = try Sleeper(device).suspend(at: endpoint, timeout: timeout.duration)
    } catch { throw Failure(error, at: endpoint) }
    if output.isJSON { return try printJSON(Result(wakeUps: wakeUps)) }
    print("suspended: \(wakeUps) wake-ups")
  }
}
