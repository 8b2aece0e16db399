import Primitives

// firmware-peer IMAGE SEED: prints `page HEX`, the storage page of the device that talks to it, and
// `peer HEX`, its own static public key; then it converses in lines on
// standard input and output: `> HEX` is a frame from the image, `< HEX` one for it. Ends 0 when the conversation was held
// to its end and everything in it verified.

guard CommandLine.arguments.count == 3, let seed = UInt64(CommandLine.arguments[2]),
  let makeConversation = conversations[CommandLine.arguments[1]]
else {
  fatal("usage: firmware-peer IMAGE SEED; images: \(conversations.keys.sorted().joined(separator: " "))")
}

Repeatable.start(seed: seed)
do {
  let conversation = try makeConversation(Fleet())
  emit("page", conversation.page)
  emit("peer", [UInt8](copying: conversation.publicKey.bytes))
  for frame in try conversation.open() { emit("<", frame) }
  while let line = readLine() {
    guard line.hasPrefix("> "), let frame = bytes(hexadecimal: line.dropFirst(2)) else { fatal("no frame: \(line)") }
    for answer in try conversation.receive(frame) { emit("<", answer) }
  }
  guard conversation.isComplete else { fatal("the conversation ended early") }
} catch {
  fatal("\(error)")
}
