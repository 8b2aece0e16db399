// SPDX-License-Identifier: Apache-2.0

import CCountersign
import Credentials
import Device
import FleetSupport
import CountersignCrypto
import Records
import Testing
import Wire

@Suite("Channels of a device and an application in C")
struct CChannelTests {
  let authority = try! Authority()
  let a: TestDevice
  let b: TestDevice
  let device: CDevice
  let application: CDevice
  let near: SimulatedServer
  let far: SimulatedServer
  let ends = CChannelEnds()

  init() throws {
    a = try authority.device(0xA)
    b = try authority.application(0xB)
    device = CDevice(a.stored)
    application = CDevice(b.stored)
    near = SimulatedServer(authority, a, mailFrom: b.address)
    far = SimulatedServer(authority, b, mailFrom: a.address)
    for (c, server) in [(device, near), (application, far)] {
      #expect(c.load() == COUNTERSIGN_OK)
      countersign_set_applications(c.context, 1)
      try c.connect(server)
    }
    #expect(near.deviceKnowsApplications == true)
  }

  private func notice(_ certificate: Certificate) throws -> [UInt8] {
    let name = Array("backend".utf8)
    return try device.open(
      near.seal(.channel(.application(isDefault: true, certificate, name: name.bytes))))
  }

  /// Opens the channel on both sides, with the record that the server passes on.
  private func open() throws {
    _ = try near.receive(#require(try ends.open(notice(b.certificate), device)))
    let bytes = try #require(near.received.last)
    guard
      case .channel(.open(let id, let generation, let channel, let opening)) = try DeviceRecord(decoding: bytes.bytes)
    else { throw CError(code: -1) }
    #expect(id == b.address.device)
    let record = try application.open(
      far.seal(.queue(.opening(a.address, generation: generation, channel: channel, opening))))
    try ends.rebuild(record, application)
  }

  /// The report that the application gets for the device's last record.
  private func report(_ change: (inout QueueNotice.Report) -> Void = { _ in }) throws -> [UInt8] {
    let bytes = try #require(near.received.last)
    guard case .channel(.report(let sent, let body)) = try DeviceRecord(decoding: bytes.bytes) else {
      throw CError(code: -1)
    }
    var notice = QueueNotice.Report(
      sequence: 9, device: a.address, milliseconds: 1_700_000_000_000, attempt: 2, wantsDone: sent.wantsDone,
      channel: sent.channel, id: sent.id, request: sent.request)
    change(&notice)
    return try application.open(far.seal(.queue(.report(notice, body))))
  }

  /// The request that the device gets for the application's last record.
  private func request(_ change: (inout ChannelNotice.Request) -> Void = { _ in }) throws -> [UInt8] {
    let bytes = try #require(far.received.last)
    guard case .queue(.request(let sent, let body)) = try DeviceRecord(decoding: bytes.bytes) else {
      throw CError(code: -1)
    }
    var notice = ChannelEnds.notice(sent, of: b.address.device)
    change(&notice)
    return try device.open(near.seal(.channel(.request(notice, body))))
  }

  @Test("carry reports that the application opens, with all that stands before them", arguments: [0, 64, 64_000])
  func reports(length: Int) throws {
    try open()
    let text = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let number = try device.nextNumber()
    for answers: UInt64? in [nil, 77] {
      let frame = try ends.report(text, number, answers: answers, wantsDone: true, device)
      #expect(frame.count == length + Int(COUNTERSIGN_REPORT_OVERHEAD) - (answers == nil ? 8 : 0))
      _ = try near.receive(frame)
      let record = try report()
      var parsed = countersign_device_report()
      #expect(countersign_report_parse(record, record.count, &parsed) == COUNTERSIGN_OK)
      #expect(parsed.text_size == length + 16 && parsed.channel == ends.parsedChannel)
      let (opened, got) = try ends.open(report: record, application)
      #expect(opened == text && got.number == number && got.sequence == 9 && got.attempt == 2)
      #expect(got.answers == (answers == nil ? 0 : 1) && got.request == answers ?? 0 && got.wants_done == 1)
      #expect(got.device == countersign_address(a.address) && got.milliseconds == 1_700_000_000_000)
    }
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) {
      try ends.open(report: report { $0.request = 78 }, application)
    }
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) {
      try ends.open(report: report { $0.wantsDone = false }, application)
    }
  }

  @Test("carry requests that the device opens and has once, also after a restart")
  func requests() throws {
    try open()
    _ = try far.receive(ends.request(Array("close".utf8), 5, seconds: 60, application))
    let record = try request()
    let (text, got) = try ends.open(request: record)
    #expect(text == Array("close".utf8) && got.number == 5 && got.seconds == 60 && got.wants_no_reply == 0)
    // Opened alone it was not had; stored, it was.
    #expect(try ends.open(request: record).text == text)
    #expect(try ends.accept(record) == UInt32(COUNTERSIGN_STORE_CHANNEL))
    try ends.store()
    #expect(throws: CError(code: COUNTERSIGN_REPEATED)) { try ends.open(request: record) }
    #expect(throws: CError(code: COUNTERSIGN_REPEATED)) { try ends.accept(record) }
    let next = try request { $0.counter = 1 }
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try ends.open(request: next) }
    let other = try request { $0.channel = Bytes() }
    #expect(throws: CError(code: COUNTERSIGN_REFUSED)) { try ends.open(request: other) }
    _ = try near.receive(ends.taken(5, device))
    #expect(
      near.received.last == RecordSamples.encode(.channel(.taken(application: b.address.device, request: 5))))
  }

  @Test("are opened once for the keys of today, and to an application alone")
  func opening() throws {
    try open()
    #expect(try ends.open(notice(b.certificate), device) == nil)
    #expect(try ends.open(notice(b.certificate), device, now: 1_000 + 86_399) == nil)
    #expect(try ends.open(notice(b.certificate), device, now: 0) == nil)
    #expect(try ends.open(notice(b.certificate), device, now: 1_000 + 86_400) != nil)
    let key = b.certificate.publicKey
    for wrong in [
      try authority.certificate(for: key, device: 0xB),
      try authority.certificate(for: key, system: 2, device: 0xB, isApplication: true),
      try Authority(seed: 0xA2).certificate(for: key, device: 0xB, isApplication: true),
    ] {
      let record = try notice(wrong)
      #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { _ = try ends.open(record, device) }
    }
    _ = try device.open(near.seal(.epoch(authority.epoch(11))))
    #expect(try ends.open(notice(b.certificate), device) != nil)
    let none = try application.open(
      far.seal(.queue(.opening(a.address, generation: 1, channel: Bytes(), RawSpan()))))
    #expect(throws: CError(code: COUNTERSIGN_CHANNEL_OUTDATED)) { try ends.rebuild(none, application) }
    let empty = CChannelEnds()
    #expect(throws: CError(code: COUNTERSIGN_OUT_OF_TURN)) {
      try empty.report([1], 1, answers: nil, wantsDone: false, device)
    }
  }

  @Test("belong to a device that is revoked no longer")
  func revoked() throws {
    try open()
    _ = try near.receive(ends.report([1], device.nextNumber(), answers: nil, wantsDone: false, device))
    let record = try report()
    #expect(try ends.open(report: record, application).text == [1])
    _ = try application.open(far.seal(.revocation(authority.revocation(device: 0xA))))
    let again = try report()
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try ends.open(report: again, application) }
    #expect(throws: CError(code: COUNTERSIGN_UNACCEPTABLE)) { try ends.request([1], 1, seconds: 1, application) }
  }

  @Test("and the application's other records are what the server reads")
  func queue() throws {
    application.frame = [UInt8](repeating: 0, count: 64)
    for frame in [
      try application.write { countersign_take($0, 65_536, $1, 21, $2) },
      try application.write { countersign_done($0, 7, $1, 25, $2) },
      try application.write { countersign_release($0, 8, 1, $1, 26, $2) },
      try application.write { countersign_find($0, 0xA, $1, 25, $2) },
      try application.write { countersign_replay($0, 3, $1, 25, $2) },
    ] { #expect(try far.receive(frame).isEmpty) }
    let seven: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 7]
    #expect(
      far.received == [
        RecordSamples.encode(.queue(.take(bytes: 65_536))), RecordSamples.encode(.queue(.done(seven.bytes))),
        RecordSamples.encode(.queue(.release(8, isDead: true))), RecordSamples.encode(.queue(.find(DeviceID(0xA)))),
        RecordSamples.encode(.queue(.replay(from: 3))),
      ])
  }

  @Test("fit the memory that the header gives them")
  func sizes() {
    #expect(countersign_channel_size() <= MemoryLayout<countersign_channel>.size)
    #expect(MemoryLayout<ApplicationChannel>.size <= MemoryLayout<countersign_application_channel>.size)
    #expect(MemoryLayout<ApplicationInstance>.size <= MemoryLayout<countersign_instance>.size)
    #expect(COUNTERSIGN_CHANNEL_STORED_SIZE == DeviceChannel.encodedLength)
    #expect(COUNTERSIGN_CHANNEL_FRAME_SIZE == 19 + DeviceChannel.maximumOpeningLength + tagLength)
    #expect(COUNTERSIGN_REPORT_OVERHEAD == ChannelRecord.Report.overhead + 8 + 2 * tagLength)
    #expect(COUNTERSIGN_REQUEST_OVERHEAD == QueueRecord.Request.overhead + 2 * tagLength)
  }
}
