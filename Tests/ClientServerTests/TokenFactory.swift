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
