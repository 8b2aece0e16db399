// SPDX-License-Identifier: Apache-2.0

import Comparison
import Foundation

/// Leaves beside the results what each party of each scheme computes, for the ratio to the bare primitives.
func writeOperations() throws {
  guard let path = ProcessInfo.processInfo.environment["SCHEME_OPERATIONS"] else { return }
  var operations: [String: [String: OperationCounts]] = [:]
  for var handshake in try SchemeHandshake.all() {
    let (device, server) = try handshake.operations()
    operations[handshake.scheme.name] = ["device": device, "server": server]
  }
  try JSONEncoder().encode(operations).write(to: URL(filePath: path))
}
