// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Noise

struct NoiseListen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen",
    abstract: "Wait for initiators and serve one session after another.",
    discussion: """
      Prints the address on standard error as soon as it accepts connections; port 0 takes a free one. Reports a session that \
      fails on standard error, and serves the next one.

      Examples:
        countersign noise listen --protocol Noise_XX_25519_ChaChaPoly_SHA256 \\
          --address 127.0.0.1:7000 --static bob.key --echo
        countersign noise listen --protocol Noise_NNpsk0_25519_ChaChaPoly_SHA256 \\
          --address 127.0.0.1:0 --psk shared.psk --count 1 --output json
      """)

  @OptionGroup var options: NoiseOptions

  @Flag(help: "Send every message back instead of reading standard input.")
  var echo = false

  @Option(
    parsing: .unconditional, help: "End after this many sessions; the exit status then says whether all succeeded.",
    transform: number(1...))
  var count: Int?

  func validate() throws {
    guard !echo || !options.protocolName.pattern.isOneWay else {
      throw ValidationError("\(options.protocolName.pattern.name) is one-way: the side that listens cannot --echo.")
    }
  }

  func run() throws {
    // The keys are checked before anybody can connect.
    _ = try options.makeHandshake(role: .responder)
    let listener = try options.address.listen()
    defer { close(listener) }
    printWarning("listening on \(addressText(of: listener, getsockname))")
    let input = echo || options.protocolName.pattern.isOneWay ? nil : InputLines()
    var served = 0
    var lastFailure: Failure?
    while served != count {
      let descriptor = accept(listener, nil, nil)
      if descriptor < 0 {
        guard errno == EINTR || errno == ECONNABORTED else {
          throw Failure(.ioError, "cannot accept: \(systemError())")
        }
        continue
      }
      let socket = FramedSocket(descriptor: descriptor, peer: addressText(of: descriptor, getpeername))
      do {
        try NoiseSession(
          socket: socket, handshake: try options.makeHandshake(role: .responder), options: options, input: input,
          isEchoing: echo
        ).run()
      } catch let failure as Failure {
        printWarning(failure.message)
        lastFailure = failure
      }
      served += 1
    }
    if let lastFailure { throw lastFailure }
  }
}
