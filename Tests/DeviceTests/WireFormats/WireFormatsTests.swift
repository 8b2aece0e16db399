// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import FleetSupport
import Foundation
import Noise
import CountersignCrypto
import Schemes
import Testing
import Wire

@Suite("docs/reference/wire-formats.md")
struct WireFormatsTests {
  let example = try! WorkedExample()

  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../docs/reference/wire-formats.md").standardized

  @Test("says what the code writes; COUNTERSIGN_UPDATE_DOCS=1 rewrites its tables")
  func upToDate() throws {
    let regions = try example.regions()
    let page = try String(contentsOf: Self.path, encoding: .utf8)
    var names: Set<String> = []
    var lines: [Substring] = []
    var skips = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("<!-- generated: "), let name = line.split(separator: " ").dropFirst(2).first.map(String.init) {
        guard let region = regions[name] else {
          Issue.record("nothing generates \(name)")
          continue
        }
        #expect(names.insert(name).inserted, "\(name) stands there twice")
        lines += [line, region[...], "<!-- end -->"]
        skips = true
      } else if skips {
        skips = line != "<!-- end -->"
      } else {
        lines.append(line)
      }
    }
    #expect(names == Set(regions.keys), "every table has its place")
    let expected = lines.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["COUNTERSIGN_UPDATE_DOCS"] == "1" {
      try expected.write(to: Self.path, atomically: true, encoding: .utf8)
    } else if page != expected {
      let (old, new) = (page.split(separator: "\n"), expected.split(separator: "\n"))
      let stale = zip(old, new).first { $0 != $1 }
      Issue.record("stale: \(stale?.0 ?? "")\nshould be: \(stale?.1 ?? "")\nrun with COUNTERSIGN_UPDATE_DOCS=1")
    }
  }

  @Test("The worked first frame is one that the server reads")
  func firstFrame() throws {
    let frame = [SchemeID.certified.rawValue] + (try example.toServer().messages[0])
    var responder = Responder(.certified)
    let claim = try responder.readHello(frame.bytes, key: example.authority.handshakeKey)
    #expect(claim.certificate == example.alice.certificate)
  }

  @Test("The worked frames with a credential in place of the key are ones that the server and a device read")
  func implicitFrames() throws {
    let server = X25519.PrivateKey.Copy(example.authority.handshakeKey)
    let frame =
      [SchemeID.identityBased.rawValue]
      + (try example.implicit(example.implicitServerPrologue, with: server).messages[0])
    var responder = Responder(.identityBased)
    let claim = try responder.readHello(
      frame.bytes, key: example.authority.handshakeKey, master: example.authority.master.publicKey)
    #expect(claim.certificate == example.carol.certificate)

    let bob = TestDevice()
    let file = try example.deviceFile()
    try bob.identity.load(file.bytes)
    let first = [5] + (try example.implicit(example.implicitRelayedPrologue, with: example.bob.key).messages[0])
    let talker = Talker(bob, PeerSession(answering: first.bytes))
    try talker.start(example.carol.address)
    try talker.read(first)
    #expect(talker.session.peer == example.carol.certificate)
  }

  @Test("The worked device file is one that loads, and is written again as it stands")
  func deviceFile() throws {
    let bob = TestDevice()
    let file = try example.deviceFile()
    try bob.identity.load(file.bytes)
    #expect(bob.certificate == example.bob.certificate && bob.identity.trust.revocations.count == 1)
    #expect(bob.identity.trust.allows(from: SystemID(7), to: SystemID(8)) == true)
    #expect(bob.identity.reservedCounter == 64 && bob.identity.revocationSequence == 1)
    bob.save()
    #expect(bob.stored == file)
  }

  @Test("The worked frames between devices, and the sealed message, are ones that a device reads")
  func peerFrames() throws {
    let bob = TestDevice()
    let file = try example.deviceFile()
    try bob.identity.load(file.bytes)
    for (session, frame, other): (Talker, [UInt8], DeviceAddress?) in [
      (Talker(bob, PeerSession(relayed: .responder)), [1] + (try example.relayed().messages[0]), example.alice.address),
      (Talker(bob, PeerSession(direct: .responder)), [0x11] + (try example.direct().messages[0]), nil),
    ] {
      try session.start(other)
      try session.read(frame)
      #expect(session.session.isMyTurn == true)
      if other != nil { #expect(session.session.peer == example.alice.certificate) }
    }
    let sealed = try example.sealed()
    var text = [UInt8](repeating: 0, count: sealed.count)
    var place = text.mutableBytes
    let opened = try bob.identity.open(sealed.bytes, from: example.alice.address, into: &place)
    #expect(opened.id == WorkedExample.messageID && Array(text[..<opened.textLength]) == WorkedExample.text)
  }
}
