// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}

/// `--output`, on every command.
struct OutputOptions: ParsableArguments {
  @Option(name: .long, help: "How to print the result.")
  var output: OutputFormat = .text

  var isJSON: Bool { output == .json }
}

/// Prints one JSON value on a line of its own, keys sorted.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  put(Terminal.printable(json: String(decoding: try encoder.encode(value), as: UTF8.self)) + "\n")
}

/// Prints a line at once: a reader at the other end of a pipe should not wait for a buffer to fill.
func printLine(_ line: String) { put(Terminal.printable(line) + "\n") }

/// Prints text. Takes the place of Swift's own function of this name for everything that this program says.
func print(_ text: String, terminator: String = "\n") { put(Terminal.printable(text) + terminator) }

private func put(_ text: String) {
  guard writeAll(Array(text.utf8), to: STDOUT_FILENO) else { Failure.unwritableOutput.printAndExit() }
}

/// Prints on standard error. If that cannot be written, the exit status must do.
func printError(_ text: String) {
  _ = writeAll(Array(text.utf8), to: STDERR_FILENO)
}

/// Ends with an error if something printed could not be written.
func checkOutput() {
  if fflush(nil) != 0 { Failure.unwritableOutput.printAndExit() }
}
