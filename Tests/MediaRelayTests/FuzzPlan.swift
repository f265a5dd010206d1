import Foundation

/// How much a fuzz test feeds to its parser, and which damage it does; `interop/fuzz/run` sets both.
enum FuzzPlan {
    /// 100,000; 1,000,000 with `SWITCHHOOK_FUZZ_PACKETS=1000000`.
    static let packets = Self.number("SWITCHHOOK_FUZZ_PACKETS") ?? 100_000

    /// Another one for each test, and all others with another `SWITCHHOOK_FUZZ_SEED`.
    static func seed(_ test: UInt64) -> UInt64 {
        test &+ UInt64(Self.number("SWITCHHOOK_FUZZ_SEED") ?? 0) &* 0x9E37_79B9
    }

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
