import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `load HOST PORT TOKENS`: app users whose tokens are in a file, one `USER TOKEN` a line; see ``Command``.
@main
struct Load {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 3, let host = arguments.first, let port = Int(arguments[2]),
            let users = self.users(in: arguments[3])
        else {
            print("load HOST PORT TOKENS")
            exit(64)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let fleet = try loop.submit {
            NIOLoopBound(Fleet(loop: loop, host: host, port: port, users: users), eventLoop: loop)
        }.wait()
        while let line = readLine() {
            guard let command = Command(line) else {
                print(#"{"error":"unknown command"}"#)
                fflush(nil)
                continue
            }
            print(try loop.flatSubmit { fleet.value.run(command) }.wait())
            fflush(nil)
        }
    }

    private static func users(in file: String) -> [Fleet.User]? {
        guard let handle = fopen(file, "r") else { return nil }
        defer { fclose(handle) }
        var users: [Fleet.User] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, handle) > 0, let text = line {
            let words = String(cString: text).split(whereSeparator: { $0 == " " || $0 == "\n" })
            guard words.count == 2 else { return nil }
            users.append(Fleet.User(id: String(words[0]), token: String(words[1])))
        }
        return users
    }
}
