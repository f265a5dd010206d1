import COpenSSL

/// The error queue that OpenSSL keeps for each thread.
///
/// It must be empty before a call whose outcome `SSL_get_error` explains, or the error of another session explains it.
enum OpenSSLErrors {
    static func clear() {
        ERR_clear_error()
    }

    /// Empties the queue.
    ///
    /// - Returns: the words of the oldest error, which is the cause of those after it.
    static func drain() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let words = unsafe ERR_reason_error_string(code) else { return "unknown" }
        return unsafe String(cString: words)
    }
}
