import SIPCore
import Testing

@Suite("Time-limited credentials of a TURN server") struct TURNCredentialTests {
    /// The passwords are those of another HMAC, Python's.
    @Test(
        "The user name holds the expiry, and the password is its HMAC under the secret",
        arguments: [
            ("ninefingers", 1_433_895_918, "my_secret", "1433895918:ninefingers", "AYiCUwX+eluB3k0edPWe+Lw8+EA="),
            ("42", 1_700_000_000, "north", "1700000000:42", "DWX3FI7DiPIpadEYQAZsnZBAagI="),
            // A secret that is longer than a block of the hash.
            (
                "Zoë", UInt64.max, String(repeating: "ü", count: 70), "18446744073709551615:Zoë",
                "iX5dwZCgmQMAJ/hf1viW2TivaGM="
            ),
        ]
    )
    func password(user: String, expiry: UInt64, secret: String, username: String, password: String) {
        let credential = TURNCredential(user: user, expiry: expiry, secret: secret)
        #expect(credential.username == username)
        #expect(credential.password == password)
    }
}
