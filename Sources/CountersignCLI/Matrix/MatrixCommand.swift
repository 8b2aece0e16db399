// SPDX-License-Identifier: Apache-2.0

import Schemes
import ArgumentParser
import Compromise
import Foundation

/// `countersign matrix`: who can do what after which compromise, by attacks that run.
struct MatrixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix",
    abstract: "Attack every scheme with what could be stolen, and show the outcomes.",
    discussion: """
      Every cell is an attack that runs now: against the real handshakes, and against the live relay where the relay serves the \
      scheme. The attacker gets what its row says and nothing else. Does not touch your authority and changes nothing.

      Examples:
        countersign matrix
        countersign matrix --scheme certified --attack replay
        countersign matrix --output json
        countersign matrix --html matrix.html
        countersign matrix --list
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown, html
  }

  @Option(
    name: .customLong("scheme"), help: ArgumentHelp("Attack only this scheme; may be repeated.", valueName: "name"))
  var schemes: [String] = []

  @Option(name: .customLong("attack"), help: ArgumentHelp("Run only this attack; may be repeated.", valueName: "name"))
  var attacks: [String] = []

  @Option(help: "How to print the result.")
  var output = Format.text

  @Option(help: ArgumentHelp("Also write a page that needs no network; - prints it.", valueName: "file"))
  var html: String?

  @Flag(help: "With markdown: the few rows that the README shows.")
  var compact = false

  @Flag(help: "List the schemes and the attacks.")
  var list = false

  func run() throws {
    if list { return printList() }
    let matrix = Matrix.run(
      schemes: try chosenSchemes(), attacks: try chosenAttacks(),
      controls: output == .json || output == .html || html != nil)
    if html == "-" { return print(try matrix.html()) }
    if let html { try write(try matrix.html(), to: html) }
    switch output {
    case .text: print(matrix.text(), terminator: "")
    case .json: print(try matrix.json(), terminator: "")
    case .markdown: print(compact ? matrix.compactMarkdown() : matrix.markdown(), terminator: "")
    case .html: print(try matrix.html())
    }
  }

  private func chosenSchemes() throws -> [SchemeID] {
    guard !schemes.isEmpty else { return SchemeID.attacked }
    return try schemes.map { name in
      guard let scheme = SchemeID(named: name), SchemeID.attacked.contains(scheme) else {
        throw Failure(
          .usage, "there is no scheme \(name) to attack",
          hint: "One of: " + SchemeID.attacked.map(\.name).joined(separator: ", "))
      }
      return scheme
    }
  }

  private func chosenAttacks() throws -> [String]? {
    guard !attacks.isEmpty else { return nil }
    let known = Matrix.everyAttack.map(\.name)
    for name in attacks where !known.contains(name) {
      throw Failure(.usage, "there is no attack \(name)", hint: "See: countersign matrix --list")
    }
    return attacks
  }

  private func printList() {
    print("schemes: " + SchemeID.attacked.map(\.name).joined(separator: ", "))
    for attack in Matrix.everyAttack { print("\(attack.name)\t\(attack.title)") }
  }

  private func write(_ text: String, to path: String) throws(Failure) {
    do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
      throw Failure(.cannotCreate, "cannot write \(path): \(error.localizedDescription)")
    }
  }
}
