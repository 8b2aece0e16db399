// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Mailbox
import Registry
import Wire

/// `countersign application dead-letters`: messages that an application's instances have had five times and not done.
struct DeadLetters: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters",
    abstract: "List messages that no instance got done, and let them wait again or drop them.",
    discussion: """
      A server may run meanwhile: it sees the change within a second.

      Examples:
        countersign application dead-letters list --dir fleet meter
        countersign application dead-letters requeue --dir fleet meter --all
        countersign application dead-letters drop --dir fleet meter --sequence 7
      """,
    subcommands: [DeadLetterList.self, DeadLetterRequeue.self, DeadLetterDrop.self])
}

struct DeadLetterList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List dead letters, one a line; with --output json one object a line.",
    discussion: """
      Example: countersign application dead-letters list --dir fleet meter
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var application: ApplicationArgument
  @OptionGroup var output: OutputOptions

  private struct Entry: Encodable {
    let sequence: Int64
    let device: String
    let system: UInt32
    let messageId: String
    let arrivedAt: UInt64
    let attempts: Int
    let bytes: Int
  }

  func run() throws {
    let (found, mailbox) = try application.queue(authority, "application dead-letters list")
    var last: Int64 = 0
    while true {
      let letters = try usingQueue { () throws(MailboxError) in
        try mailbox?.deadLetters(of: found.address, after: last, limit: 1000) ?? []
      }
      guard let final = letters.last else { return }
      for letter in letters {
        if output.isJSON {
          try printJSON(
            Entry(
              sequence: letter.sequence, device: letter.sender.device.description,
              system: letter.sender.system.rawValue, messageId: hexadecimal(letter.id.rawValue),
              arrivedAt: letter.milliseconds / 1000, attempts: letter.attempts, bytes: letter.bytes))
        } else {
          printLine(
            "\(letter.sequence)\t\(letter.sender)\t\(utc(Int64(letter.milliseconds / 1000)))\t\(letter.attempts) attempts\t\(letter.bytes) bytes"
          )
        }
      }
      last = final.sequence
    }
  }
}

/// Which dead letters a command is about.
struct DeadLetterChoice: ParsableArguments {
  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("One, by the number that list shows.", valueName: "number"),
    transform: number(1...))
  var sequence: Int64?
  @Flag(name: .long, help: "All of them.") var all = false

  func validate() throws {
    if (sequence == nil) != all { throw ValidationError("Say which: --sequence NUMBER or --all.") }
  }
}

struct DeadLetterRequeue: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requeue", abstract: "Let dead letters wait again, as if they had never been tried.",
    discussion: """
      Example: countersign application dead-letters requeue --dir fleet meter --all
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var application: ApplicationArgument
  @OptionGroup var choice: DeadLetterChoice

  func run() throws {
    let (found, mailbox) = try application.queue(authority, "application dead-letters requeue")
    let count = try usingQueue { () throws(MailboxError) in
      try mailbox?.requeueDeadLetters(of: found.address, choice.sequence) ?? 0
    }
    print("\(count) messages wait again.")
  }
}

struct DeadLetterDrop: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Drop dead letters: nobody gets them any more.",
    discussion: """
      Example: countersign application dead-letters drop --dir fleet meter --all
      """)

  @OptionGroup var authority: AuthorityOptions
  @OptionGroup var application: ApplicationArgument
  @OptionGroup var choice: DeadLetterChoice

  func run() throws {
    let (found, mailbox) = try application.queue(authority, "application dead-letters drop")
    let count = try usingQueue { () throws(MailboxError) in
      try mailbox?.dropDeadLetters(of: found.address, choice.sequence) ?? 0
    }
    print("\(count) messages dropped.")
  }
}

/// Does something with the mailbox, and turns what went wrong into words.
private func usingQueue<R>(_ body: () throws(MailboxError) -> R) throws(Failure) -> R {
  do { return try body() } catch { throw Failure(error) }
}

extension ApplicationArgument {
  /// The application, and the mailbox that its queue is in; nil while no server has made one.
  fileprivate func queue(
    _ authority: AuthorityOptions, _ command: String
  ) throws(Failure) -> (RegisteredApplication, SQLiteMailbox?) {
    let found = try find(try authority.registry(command))
    let path = try authority.directory().path + "/mailbox.sqlite"
    guard access(path, F_OK) == 0 else { return (found, nil) }
    return (found, try usingQueue { () throws(MailboxError) in try SQLiteMailbox(path: path, limits: MailboxLimits()) })
  }
}
