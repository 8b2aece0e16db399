// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Wire

/// Numbers with one name, distinguished by at most one label.
package struct MetricFamily: Sendable {
  package enum Kind: String, Sendable {
    /// It only rises, from 0 when the server starts.
    case counter
    /// It rises and falls.
    case gauge
  }

  package struct Sample: Sendable {
    /// The label's value; nil where there is no label.
    package let label: String?
    package let value: Int
  }

  package let name: String
  package let kind: Kind
  /// What it counts.
  package let help: String
  /// The label's name.
  package let label: String?
  package let samples: [Sample]
}

extension RelayMetrics {
  /// Everything but the histogram, as it is now.
  package var families: [MetricFamily] {
    var families: [MetricFamily] = []
    func single(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Int) {
      families.append(
        MetricFamily(name: name, kind: kind, help: help, label: nil, samples: [.init(label: nil, value: value)]))
    }
    func labelled(_ name: String, _ label: String, _ help: String, _ values: [(label: String, value: Int)]) {
      families.append(
        MetricFamily(
          name: name, kind: .counter, help: help, label: label,
          samples: values.map { .init(label: $0.label, value: $0.value) }))
    }

    single("connections", .gauge, "Open connections.", connections.value)
    single("unauthenticated_connections", .gauge, "Those whose device has not proved itself.", unauthenticated.value)
    single("sessions", .gauge, "Authenticated sessions.", sessions.value)
    labelled("handshakes_total", "result", "Handshakes by result.", handshakes.values)
    let closed = closures.withLock { closures in CloseReason.labels.map { ($0, closures[$0] ?? 0) } }
    labelled("connections_closed_total", "reason", "Connections that ended, by reason.", closed)
    single(
      "accept_failures_total", .counter,
      "Attempts to take a connection for which the system had no descriptor or memory.",
      acceptFailures.value)
    single("log_lines_dropped_total", .counter, "Lines of the log that nobody took in time.", droppedLines())
    single("frames_routed_total", .counter, "Frames passed from device to device.", framesRouted.value)
    single("frames_unreachable_total", .counter, "Frames whose recipient was not there.", framesUnreachable.value)
    single(
      "frames_dropped_total", .counter,
      "Frames not passed on because too much of their sender waits for a slow reader.",
      framesDropped.value)
    labelled(
      "throttled_total", "budget",
      "Records for which a connection rested, and what was refused, by the budget that was used up.",
      throttled.values)
    single("received_bytes_total", .counter, "Bytes read from devices.", bytesReceived.value)
    single("sent_bytes_total", .counter, "Bytes written to devices.", bytesSent.value)
    labelled("deposits_total", "result", "Messages for the mailbox, by result.", deposits.values)
    single(
      "admission_commits_total", .counter, "Transactions that store sessions of devices without a key pair.",
      admissionCommits.value)
    single("mailbox_commits_total", .counter, "Transactions of the mailbox.", mailboxCommits.value)
    single("mailbox_messages", .gauge, "Messages that wait.", mailWaiting.value)
    single("mail_delivered_total", .counter, "Messages that their recipients have confirmed.", mailDelivered.value)
    single("mail_withheld_total", .counter, "Messages dropped because their sender is revoked.", mailWithheld.value)
    single("mail_expired_total", .counter, "Messages dropped because nobody fetched them.", mailExpired.value)
    labelled("reports_total", "result", "Messages for applications, by result.", reports.values)
    single("reports_done_total", .counter, "Messages that applications have done.", reportsDone.value)
    single(
      "reports_returned_total", .counter, "Messages that were leased to an instance and given back.",
      reportsReturned.value)
    single(
      "reports_expired_total", .counter, "Messages dropped because no application had them done.", reportsExpired.value)
    single("queue_messages", .gauge, "Messages in the queues of applications that are not done.", queued.value)
    single("queue_leased_messages", .gauge, "Those that instances have.", leased.value)
    single("dead_letters", .gauge, "Messages that were leased too often.", deadLetters.value)
    single("channels_opened_total", .counter, "Channels from devices to applications.", channelsOpened.value)
    labelled("requests_total", "result", "Requests of applications, by result.", requests.values)
    single(
      "presence_dropped_total", .counter,
      "Events of devices that their applications were not told, because of too many.",
      presenceDropped.value)
    let issued = certificatesIssued.withLock { $0.sorted { $0.key < $1.key } }
    labelled(
      "certificates_issued_total", "system", "Certificates issued over the network.",
      issued.map { ("\($0.key.rawValue)", $0.value) })
    single("key_promotions_total", .counter, "New keys taken into use.", promotions.value)
    single(
      "misissuances_total", .counter, "Devices that proved a credential which contradicts the one on record.",
      misissuances.value)
    single("revocations_seen_total", .counter, "Revocations found in the registry while running.", revocations.value)
    single("epoch", .gauge, "The fleet's epoch.", epoch.value)
    single("suspensions_total", .counter, "Sessions that were suspended.", suspensions.value)
    labelled("wake_ups_total", "result", "Wake-ups of suspended sessions by result.", wakeUps.values)
    single("wake_up_commits_total", .counter, "Transactions that store wake-ups.", wakeUpCommits.value)
    return families
  }
}
