// SPDX-License-Identifier: Apache-2.0

import Credentials
import Device
import Files
import Records
import Schemes
import Wire

/// Why a device on this machine could not do what it was asked.
public enum DeviceHostError: Error, Equatable, Sendable {
  /// An address is not of the form HOST:PORT.
  case invalidEndpoint(String)
  /// A file or directory could not be used.
  case file(FileError)
  /// Another device's connection waits and cannot be accepted: the system's reason. It may pass.
  case cannotAccept(reason: String)
  /// Nothing answers at the address.
  case unreachable(endpoint: String, reason: String)
  /// The other side closed the connection before it answered this device's first message. That proves nothing: the server may not know
  /// the key, may have gone away, or may never have been asked. The device comes again with the same key.
  case hungUp(endpoint: String)
  /// The server, which has proved to be it, opens no session with this device's key. Where there is another key, it has been tried.
  case refused(endpoint: String, SessionRefusal)
  /// The server cannot serve anybody now: the device should come again later, with the same key. Nobody vouches for that word.
  case tryLater(endpoint: String)
  /// The connection ended, or failed, in the middle.
  case connectionLost(reason: String)
  /// Nothing came within the time allowed.
  case timedOut(waitingFor: String)
  /// The peer does not exist, or this device may not talk to it.
  case unknownPeer(DeviceAddress)
  /// The peer has no key to seal a message to: only the server could pass it on, and it would read it.
  case unsealable(DeviceAddress)
  /// The other device has the message, but its application does not get it.
  case notTaken(MessageRefusal)
  /// The server gives no certificate, or no key, for now; it may after this many seconds, 0 if unknown.
  case keyRefused(KeyRefusal, retryAfter: UInt32)
  /// The server did not store a message.
  case notStored(ServerRecord.Refusal)
  /// The certificate is out of date: it may renew itself and nothing else, and that did not happen.
  case mayOnlyRenew
  /// The device's system has no application of this name; nil: it has none that is its default.
  case unknownApplication(String?)
  /// The application's queue is full, or this device has had its share of it: the server takes a message after so many seconds.
  case queueFull(retryAfter: UInt32)
  /// The server does not open a channel to the application.
  case channelRefused(ChannelNotice.Refusal)
  /// The device has opened no channel to this application yet: it reports first.
  case noChannel(DeviceAddress)
  /// A request was not carried out, as far as the server knows.
  case requestFailed(RequestState)
  /// The file is a device's and not an application's, or the other way round.
  case wrongRole(isApplication: Bool)
  /// The client was closed before.
  case closed
  /// The suspended session does not serve: see ``SuspensionError``.
  case suspension(SuspensionError)
  case device(DeviceError)
}

extension DeviceHostError {
  /// Why the answer of the server at `endpoint` opened no session.
  init(answer error: DeviceError, of endpoint: Endpoint) {
    if case .refused(let reason) = error {
      self = .refused(endpoint: endpoint.description, reason)
    } else {
      self = .device(error)
    }
  }
}

/// What `body` gives, whose errors are those of files.
func usingFiles<Result>(_ body: @autoclosure () throws(FileError) -> Result) throws(DeviceHostError) -> Result {
  do { return try body() } catch { throw .file(error) }
}
