// SPDX-License-Identifier: Apache-2.0

import CountersignCrypto

// firmware-peer IMAGE SEED: prints `page HEX`, the storage page of the device that talks to it, and `peer HEX`, its own static
// public key; then it converses in lines on standard input and output: `> HEX` is a frame from the image, `= HEX` a result that
// the image reports, `< HEX` a frame for it, any other word something that the search of the image's RAM needs to know. Ends 0
// when the conversation was held to its end and everything in it verified.

guard CommandLine.arguments.count == 3, let seed = UInt64(CommandLine.arguments[2]), seed > 0,
  let makeConversation = conversations[CommandLine.arguments[1]]
else {
  fatal("usage: firmware-peer IMAGE SEED; images: \(conversations.keys.sorted().joined(separator: " "))")
}

Repeatable.start(seed: seed)
do {
  let conversation = try makeConversation(Repeatable.always { try Fleet() })
  emit("page", conversation.page)
  emit("peer", [UInt8](copying: conversation.publicKey.bytes))
  for frame in try conversation.open() { emit("<", frame) }
  while let line = readLine() {
    guard let value = bytes(hexadecimal: line.dropFirst(2)) else { fatal("no frame: \(line)") }
    switch line.prefix(2) {
    case "> ": for answer in try conversation.receive(value) { emit("<", answer) }
    case "= ": try conversation.check(value)
    default: fatal("no frame: \(line)")
    }
  }
  guard conversation.isComplete else { fatal("the conversation ended early") }
} catch {
  fatal("\(error)")
}
