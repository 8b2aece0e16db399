// SPDX-License-Identifier: Apache-2.0

import Credentials
import Logging
import Strangers
import Wire

extension Relay {
  /// Counts and logs the end of a connection.
  ///
  /// - Parameter stranger: the source of a connection that had proved nothing. Strangers are not named, because their names are
  ///   claims, and only samples of what they do are logged.
  package func count(_ reason: CloseReason, from stranger: SourceAddress? = nil) {
    metrics.countClosure(reason)
    switch reason {
    case .refused(let refusal):
      metrics.handshakes.add(.refused(refusal))
      logSample("handshake_refused", refusal.rawValue, stranger)
    case .overloaded:
      metrics.handshakes.add(.overloaded)
      logSample("connection_closed", reason.label, stranger)
    case .handshakeTimeout: metrics.handshakes.add(.timeout)
    case .peer, .draining: break
    default:
      guard stranger == nil else { return logSample("connection_closed", reason.label, stranger) }
      logger.info("connection_closed", metadata: ["reason": "\(reason.label)"])
    }
  }

  /// A device has proved itself but gets no session: its name is not just a claim, and the owner should know it.
  func logRefusal(_ refusal: AdmissionRefusal, of address: DeviceAddress) {
    guard refusals.admits("") else { return }
    var metadata: Logger.Metadata = [
      "system": "\(address.system.rawValue)", "device": "\(address.device)",
      "reason": "\(refusal.rawValue)",
    ]
    let untold = refusals.takeUntold().values.reduce(0, +)
    if untold > 0 { metadata["more"] = "\(untold)" }
    logger.notice("session_refused", metadata: metadata)
  }

  private func logSample(_ event: Logger.Message, _ reason: String, _ stranger: SourceAddress?) {
    guard closures.admits(reason) else { return }
    var metadata: Logger.Metadata = ["reason": "\(reason)"]
    if let stranger { metadata["address"] = "\(stranger)" }
    logger.info(event, metadata: metadata)
  }

  /// Logs how many more there were than samples.
  package func logUntoldClosures() {
    let untold = closures.takeUntold()
    guard !untold.isEmpty else { return }
    var metadata: Logger.Metadata = ["count": "\(untold.values.reduce(0, +))"]
    for (reason, count) in untold { metadata[reason] = "\(count)" }
    logger.info("more_closed", metadata: metadata)
  }
}
