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
  printLine(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Prints a line at once: a reader at the other end of a pipe should not wait for a buffer to fill.
func printLine(_ line: String) {
  printLine(Array(line.utf8))
}

func printLine(_ bytes: [UInt8]) {
  do { try FileHandle.standardOutput.write(contentsOf: bytes + [UInt8(ascii: "\n")]) } catch {
    Failure.unwritableOutput.printAndExit()
  }
}

/// Prints on standard error. Where that cannot be written, the exit status has to do.
func printError(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
}

/// Ends with an error when something that was printed did not get out.
func checkOutput() {
  if fflush(nil) != 0 { Failure.unwritableOutput.printAndExit() }
}
