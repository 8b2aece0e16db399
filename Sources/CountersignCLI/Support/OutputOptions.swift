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
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
