import Glibc
import MediaCore
import MediaRelay
import SIPCore

/// A source that sends a tone, a network that loses, delays and swaps its packets, and a transcoder with what it gives.
final class TranscodingBench {
    let transcoder: Transcoder
    let codec: AudioCodec
    /// How many samples of 8 kHz a packet holds.
    var packetLength = 160
    /// The source's clock against ours, in millionths.
    var drift = 0.0
    var frequency = 440.0
    /// Of the fundamental.
    var loudness = 8000.0
    /// How many multiples of the frequency are heard, each quieter than the one before.
    var harmonics = 1
    /// Whether a packet is lost, and how late it comes in microseconds.
    var isLost: (Int) -> Bool = { _ in false }
    var lateness: (Int) -> UInt64 = { _ in 0 }
    /// Whether every packet of G.711 is one and the same.
    var isMute = false
    /// What came out, decoded.
    var output: [Int16] = []
    var dues: [Instant] = []
    var longestDelay = SIPCore.Span.zero

    private var encoder: OpusEncoding?
    private var decoder: OpusDecoding?
    private var sent = 0
    private var phase = 0.0
    private var flying: [(arrival: Instant, packet: RTPPacket, payload: [UInt8])] = []
    private var payload = [UInt8](repeating: 0, count: 1500)

    init(from source: AudioCodec, to destination: AudioCodec) throws {
        guard let transcoder = Transcoder(to: destination) else { throw Unexpected() }
        self.transcoder = transcoder
        self.codec = source
        if source == .opus { self.encoder = OpusEncoding() }
        if destination == .opus { self.decoder = OpusDecoding() }
    }

    /// The source's next packets go out, for so many seconds in all, and what is due is taken.
    func run(seconds: Double, isDecoding: Bool = true) {
        let packets = Int(seconds * 8000) / self.packetLength
        for _ in 0..<packets {
            self.speak()
            let nominal = Double(self.sent * self.packetLength) / 8000
            let now = RTPFixture.at(0) + SIPCore.Span(nanoseconds: UInt64(nominal * (1 - self.drift / 1e6) * 1e9))
            self.pass(until: now, isDecoding: isDecoding)
        }
    }

    /// Our clock goes on, with nothing new from the source.
    func pass(until now: Instant, isDecoding: Bool = true) {
        while true {
            self.flying.sort { $0.arrival < $1.arrival }
            let arrival = self.flying.first?.arrival
            if let due = self.transcoder.deadline, due <= now, arrival.map({ due < $0 }) ?? true {
                self.take(at: due, isDecoding: isDecoding)
            } else if let arrival, arrival <= now {
                let first = self.flying.removeFirst()
                _ = self.transcoder.received(first.packet, self.codec, unsafe first.payload.span.bytes, now: arrival)
                self.longestDelay = max(self.longestDelay, self.transcoder.delay)
            } else {
                return
            }
        }
    }

    private func take(at now: Instant, isDecoding: Bool) {
        let transcoder = self.transcoder
        let frame = RTPFixture.edit(&self.payload) { transcoder.next(into: &$0, at: 12, now: now) }
        guard let frame else { return }
        self.dues.append(frame.due)
        guard isDecoding else { return }
        if let law = transcoder.codec.law {
            self.output += self.payload[12..<12 + frame.payloadBytes].map { law.decoded($0) }
        } else {
            var samples = [Int16](repeating: 0, count: OpusDecoding.longestPacket)
            let bytes = Array(self.payload[12..<12 + frame.payloadBytes])
            var span = samples.mutableSpan
            let count = self.decoder?.decode(unsafe bytes.span.bytes, into: &span) ?? nil
            self.output += samples.prefix(count ?? 0)
        }
    }

    private func speak() {
        let number = self.sent
        self.sent += 1
        var bytes = [UInt8](repeating: 0x55, count: self.packetLength)
        if !self.isMute { bytes = self.encodedTone() }
        guard !self.isLost(number) else { return }
        let nominal = Double(number * self.packetLength) / 8000 * (1 - self.drift / 1e6)
        let spoken = RTPFixture.at(0) + SIPCore.Span(nanoseconds: UInt64(nominal * 1e9))
        let arrival = spoken + SIPCore.Span(nanoseconds: self.lateness(number) * 1000)
        let ticks = self.packetLength * Int(self.codec.clockRate) / 8000
        let packet = RTPPacket(
            payloadType: 0,
            sequence: UInt16(truncatingIfNeeded: number + 65_500),
            timestamp: UInt32(truncatingIfNeeded: number * ticks) &- 5000,
            ssrc: 0xA,
            payload: 12..<12 + bytes.count
        )
        self.flying.append((arrival, packet, bytes))
    }

    private func encodedTone() -> [UInt8] {
        let samples = (0..<self.packetLength).map { _ in
            self.phase += 2 * Double.pi * self.frequency / 8000
            let sum = (1...self.harmonics).reduce(0.0) {
                $0 + sin(Double($1) * self.phase + Double($1 * $1)) / Double($1)
            }
            return Int16(self.loudness * sum)
        }
        if let law = self.codec.law { return samples.map { law.encoded($0) } }
        var bytes = [UInt8](repeating: 0, count: 1500)
        let count = RTPFixture.edit(&bytes) { self.encoder?.encode(samples.span, into: &$0, at: 0) ?? nil }
        return Array(bytes.prefix(count ?? 0))
    }
}

/// What a piece of sound holds.
enum Spectrum {
    /// The amplitude of one frequency, in Hz, by Goertzel's algorithm.
    static func amplitude(of frequency: Double, in samples: some Collection<Int16>) -> Double {
        let coefficient = 2 * cos(2 * Double.pi * frequency / 8000)
        var (last, lastButOne) = (0.0, 0.0)
        for sample in samples { (last, lastButOne) = (Double(sample) + coefficient * last - lastButOne, last) }
        let power = last * last + lastButOne * lastButOne - coefficient * last * lastButOne
        return 2 * power.squareRoot() / Double(max(1, samples.count))
    }

    static func loudness(of samples: some Collection<Int16>) -> Double {
        (samples.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(max(1, samples.count))).squareRoot()
    }
}
