import Gateway
import Glibc
import Testing

@Suite struct DescriptorLimitTests {
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    @Test("A low limit of open files is raised as far as the system lets us") func raises() {
        var limit = rlimit()
        #expect(getrlimit(Self.openFiles, &limit) == 0)
        let highest = limit.rlim_max
        limit.rlim_cur = min(limit.rlim_cur, highest) - 1
        #expect(setrlimit(Self.openFiles, &limit) == 0)
        DescriptorLimit.raise()
        #expect(getrlimit(Self.openFiles, &limit) == 0)
        #expect(limit.rlim_cur == highest)
    }
}
