#if os(Linux)
import Glibc
import MediaCore
import MediaRelay
import SIPCore
import Testing

private let isSanitized = unsafe dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

/// Each in a process of its own, whose memory nobody else uses.
///
/// Sanitizers keep freed memory back, so that its growth says nothing under them.
@Suite("Memory of sessions", .enabled(if: !isSanitized))
struct MemoryTests {
    /// The process's resident memory in KB.
    private static func resident() -> Int {
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { _ = unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let fields = line.prefix { $0 != 0 }.split(separator: 0x20)
        guard fields.count > 1 else { return 0 }
        let pages = Int(String(decoding: fields[1].map { UInt8(bitPattern: $0) }, as: UTF8.self)) ?? 0
        return pages * 4
    }

    /// By how many KB memory grows while `body` runs `count` times, after it ran often enough to fill every cache.
    private static func growth(count: Int, _ body: () throws -> Void) rethrows -> Int {
        for _ in 0..<count / 4 { try body() }
        let before = Self.resident()
        for _ in 0..<count { try body() }
        return Self.resident() - before
    }

    @Test("2,000 sessions that come and go, a quarter of them in pairs that connect, leave less than 1 MB behind")
    func sessions() async {
        await #expect(processExitsWith: .success) {
            var number = 0
            let growth = try Self.growth(count: 1_000) {
                let pair = try DTLSPair()
                pair.start()
                number += 1
                if number % 4 == 0 {
                    pair.deliverAll()
                    _ = try SRTPSession(#require(pair.keys(.client)))
                } else {
                    for _ in 0..<(number % 3) { pair.deliverOne() }
                }
            }
            #expect(growth < 1_024)
        }
    }

    @Test("1,800 sessions of SRTP, of every profile and with several sources, leave less than 1 MB behind")
    func protection() async {
        await #expect(processExitsWith: .success) {
            let growth = try Self.growth(count: 300) {
                for profile in SRTPProfile.allCases {
                    let pair = try SRTPPair(profile)
                    for ssrc in UInt32(0)..<3 {
                        let srtp = try pair.near.protected(SRTPPacket.rtp(sequence: 1, ssrc: ssrc)).get()
                        _ = try pair.far.unprotected(srtp).get()
                    }
                }
            }
            #expect(growth < 1_024)
        }
    }

    @Test("Packets of 30,000 invented sources, and as many of a known one, leave less than 512 KB behind")
    func inventedSources() async {
        await #expect(processExitsWith: .success) {
            for profile in SRTPProfile.allCases {
                let pair = try SRTPPair(profile)
                let trailer = [UInt8](repeating: 0x80, count: profile.controlTrailerLength)
                var number: UInt32 = 0
                let growth = try Self.growth(count: 10_000) {
                    number += 1
                    _ = pair.far.unprotected(SRTPPacket.rtp(sequence: 1, ssrc: number + 7))
                    _ = pair.far.unprotectedControl(SRTPPacket.rtcp(ssrc: number + 7) + trailer)
                    let rtp = SRTPPacket.rtp(sequence: UInt16(truncatingIfNeeded: number), ssrc: 7)
                    _ = try pair.far.unprotected(pair.near.protected(rtp).get()).get()
                    let rtcp = SRTPPacket.rtcp(ssrc: 7)
                    _ = try pair.far.unprotectedControl(pair.near.protectedControl(rtcp).get()).get()
                }
                #expect(growth < 512)
            }
        }
    }
}
#endif
