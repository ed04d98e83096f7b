import Diagnostics
import Results
import Target

/// Waiting for a host that restarts or is just coming up.
struct HostWait: Sendable {
    /// The longest wait.
    var limit: Duration
    /// Between tries.
    var pause: Duration
    /// The longest one try may take; nil for what connections of the host may.
    var connectLimit: Duration?

    /// Opens the connection anew until `isReady` says yes.
    ///
    /// - Parameter isReady: Asked over a connection that was just opened. Trouble with the connection means not yet.
    /// - Returns: Nil, or what the last try failed of when time was up.
    func until<Target: TargetWriter>(
        _ target: Target, _ isReady: (Target) async throws(Diagnostic) -> Bool
    ) async throws(Diagnostic) -> Diagnostic? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        var isConnected = false
        var trouble = Diagnostic(.timeout, "the host was not ready", host: target.hostName)
        while true {
            do throws(Diagnostic) {
                if !isConnected {
                    try await target.reconnect(within: connectLimit)
                    isConnected = true
                }
                if try await isReady(target) { return nil }
            } catch {
                switch error.code {
                // A host that comes up may refuse logins for a while (/run/nologin).
                case .unreachable, .timeout, .authentication, .become: isConnected = false
                default: throw error
                }
                trouble = error
            }
            if clock.now.advanced(by: pause) >= deadline { return trouble }
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw Diagnostic(.interrupted, "waiting was interrupted", host: target.hostName)
            }
        }
    }
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
