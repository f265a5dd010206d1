import NIOCore

/// A file that is served over plain HTTP: it lies in the program, and never changes while that runs.
struct PageFile: Sendable {
    /// As in the request, from the first slash to the query.
    let path: String
    let contentType: String
    /// Shared by every response.
    let body: ByteBuffer
    /// The validator of this content, in its quotes (RFC 9110 §8.8.3).
    let entityTag: String

    init(path: String, contentType: String, _ bytes: [UInt8]) {
        self.path = path
        self.contentType = contentType
        self.body = ByteBuffer(bytes: bytes)
        self.entityTag = "\"\(String(Self.hash(bytes), radix: 16))-\(String(bytes.count, radix: 16))\""
    }

    /// The file at a path; nil where there is none.
    static func at(_ path: Substring) -> PageFile? {
        // There are so few that a walk is as fast as a hash.
        Self.all.first { $0.path == path }
    }

    /// The softphone at `/`, the library that it is built on, and the least page that can make a call.
    private static let all: [PageFile] = [
        PageFile(path: "/", contentType: "text/html; charset=utf-8", PackageResources.index_html),
        PageFile(path: "/softphone.js", contentType: Self.script, PackageResources.softphone_js),
        PageFile(path: "/softphone.css", contentType: "text/css; charset=utf-8", PackageResources.softphone_css),
        PageFile(path: "/icon.svg", contentType: "image/svg+xml", PackageResources.icon_svg),
        PageFile(path: "/switchhook.js", contentType: Self.script, PackageResources.switchhook_js),
        PageFile(path: "/switchhook.d.ts", contentType: "text/plain; charset=utf-8", PackageResources.switchhook_d_ts),
        PageFile(path: "/minimal.html", contentType: "text/html; charset=utf-8", PackageResources.minimal_html),
        PageFile(path: "/minimal.js", contentType: Self.script, PackageResources.minimal_js),
    ]

    private static let script = "text/javascript; charset=utf-8"

    /// FNV-1a: it tells versions of a file apart, and guards nothing.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
