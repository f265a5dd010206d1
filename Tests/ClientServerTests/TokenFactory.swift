import ClientServer
import Foundation
import JWTKit

/// Tokens with any header, claims and signature.
enum TokenFactory {
    static let secret = "a secret of the tests, long enough for HS512 0123456789 0123456789"
    /// Seconds since 1970 at which the tests take place.
    static let now: UInt64 = 1_800_000_000

    static func configuration(
        _ algorithm: TokenAlgorithm = .hs256,
        key: TokenKey = .secret(Self.secret)
    ) -> TokenConfiguration {
        TokenConfiguration(algorithm: algorithm, key: key)
    }

    static func verifier(_ configuration: TokenConfiguration = Self.configuration()) async throws -> TokenVerifier {
        try await TokenVerifier(configuration, now: { Self.now })
    }

    /// The claims of a good token of user 7.
    static func claims(_ others: String = "") -> String {
        #"{"user_id":7,"username":"bob","token_type":"access","exp":\#(Self.now + 60)\#(others)}"#
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func token(
        header: String = #"{"alg":"HS256","typ":"JWT"}"#,
        claims: String = Self.claims(),
        signer: any JWTAlgorithm
    ) throws -> String {
        let signed = Self.base64URL(Array(header.utf8)) + "." + Self.base64URL(Array(claims.utf8))
        return signed + "." + Self.base64URL(try signer.sign(Array(signed.utf8)))
    }

    static let foreignSecret = "another secret of the tests, 0123456789"

    static func hmac(
        _ secret: String = Self.secret,
        _ digest: DigestAlgorithm = .sha256
    ) async throws -> any JWTAlgorithm {
        try await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: digest).getKey()
    }

    /// A good token of a user, signed with the secret.
    static func goodToken(user: String = "7") async throws -> String {
        let claims = #"{"user_id":\#(user),"username":"bob","token_type":"access","exp":\#(Self.now + 60)}"#
        return try Self.token(claims: claims, signer: try await Self.hmac())
    }
}

/// The `openssl` of the system, in a temporary folder of its own.
struct OpenSSL: ~Copyable {
    struct Failure: Error {}

    let folder: URL

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: self.folder) }

    func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = self.folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure() }
    }

    func path(_ name: String) -> String { self.folder.appending(path: name).path() }

    func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: self.folder.appending(path: name)), as: UTF8.self)
    }
}
