import Registry

/// What all admissions of a server share.
final class AdmissionContext: Sendable {
  let registry: any DeviceRegistry
  let authority: Authority
  let secrets = StaticSecrets()

  init(registry: any DeviceRegistry, authority: Authority) {
    self.registry = registry
    self.authority = authority
  }

  /// Asks the registry; whatever it cannot answer is no answer.
  func asking<R>(_ body: (any DeviceRegistry) throws(RegistryError) -> R) throws(AdmissionRefusal) -> R {
    do { return try body(registry) } catch { throw .unavailable }
  }
}
