// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Noise
import Wire

/// Remembers which messages the application has had, across restarts, so that each is delivered once.
///
/// Messages are told apart within a window of ``windowSize`` numbers for each sender and generation. A journal beside the
/// device file holds what is in the windows.
public final class Inbox {
  /// What is known of a message.
  public enum MessageStatus: Equatable, Sendable {
    /// The application has not had it.
    case new
    case delivered
    /// So far below others of its sender that nobody can tell.
    case tooOld
  }

  private struct Stream: Hashable {
    let sender: DeviceAddress
    let generation: Generation

    init(_ id: MessageID, _ sender: DeviceAddress) {
      self.sender = sender
      generation = id.generation
    }
  }

  private typealias Window = ReplayWindow<257>

  /// Numbers this far behind a sender's highest one are still told apart.
  public static let windowSize = Int(Window.size)
  /// Entries below which the journal is not worth rewriting.
  static let minimumCompaction = 16_384

  private let journal: InboxJournal
  private var windows: [Stream: Window] = [:]
  private var compactAt = Inbox.minimumCompaction

  /// Opens, or creates, the journal. One process at a time can.
  public init(path: String) throws(DeviceHostError) {
    journal = try InboxJournal(path: path)
    for entry in try journal.entries() { accept(entry.id, from: entry.sender) }
    try compactIfLarge()
  }

  /// What is known of this message.
  public func status(of id: MessageID, from sender: DeviceAddress) -> MessageStatus {
    guard let window = windows[Stream(id, sender)] else { return .new }
    if window.isFresh(id.counter) { return .new }
    return window.covers(id.counter) ? .delivered : .tooOld
  }

  /// Whether the application has not had this message.
  public func isNew(_ id: MessageID, from sender: DeviceAddress) -> Bool {
    status(of: id, from: sender) == .new
  }

  /// Remembers, durably, that the application has had this message.
  public func remember(_ id: MessageID, from sender: DeviceAddress) throws(DeviceHostError) {
    guard isNew(id, from: sender) else { return }
    try journal.append(InboxJournal.Entry(sender: sender, id: id))
    accept(id, from: sender)
    try compactIfLarge()
  }

  /// ``remember(_:from:)`` of several, with one wait for the disk.
  public func remember(_ messages: [(id: MessageID, sender: DeviceAddress)]) throws(DeviceHostError) {
    let new = messages.filter { isNew($0.id, from: $0.sender) }
    guard !new.isEmpty else { return }
    try journal.append(new.map { InboxJournal.Entry(sender: $0.sender, id: $0.id) })
    for message in new { accept(message.id, from: message.sender) }
    try compactIfLarge()
  }

  private func accept(_ id: MessageID, from sender: DeviceAddress) {
    guard isNew(id, from: sender) else { return }
    windows[Stream(id, sender), default: Window()].accept(id.counter)
  }

  /// Rewrites the journal, once it has doubled, without what has left every window.
  private func compactIfLarge() throws(DeviceHostError) {
    guard journal.count >= compactAt else { return }
    let kept = try journal.entries().filter { status(of: $0.id, from: $0.sender) == .delivered }
    try journal.rewrite(kept)
    compactAt = max(Self.minimumCompaction, 2 * kept.count)
  }
}
