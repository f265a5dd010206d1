// swift-tools-version:6.2
import PackageDescription

/// The strict settings of every Swift module here; one list, so that no module can opt out by accident.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Modules that touch C memory say so at each place.
let strictWithC = strict + [.strictMemorySafety()]

let nio = "swift-nio"

let package = Package(
    name: "switchhook",
    products: [
        .executable(name: "switchhook", targets: ["switchhook"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C libraries of the system.
        .systemLibrary(
            name: "COSIP",
            pkgConfig: "libosip2",
            providers: [.apt(["libosip2-dev"]), .brew(["libosip"])]
        ),

        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]
        ),
        .systemLibrary(
            name: "CSRTP",
            pkgConfig: "libsrtp2",
            providers: [.apt(["libsrtp2-dev"]), .brew(["srtp"])]
        ),
        .systemLibrary(
            name: "COpus",
            pkgConfig: "opus",
            providers: [.apt(["libopus-dev"]), .brew(["opus"])]
        ),
        .systemLibrary(
            name: "CAres",
            pkgConfig: "libcares",
            providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]
        ),
        // Of Linux itself: what its module for Swift leaves out.
        .systemLibrary(name: "CMediaSockets"),

        // The pure rooms: inputs in, actions out; no NIO, no Foundation, no C.
        .target(
            name: "SIPCore",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(name: "ClientProtocol", resources: [.copy("Resources/schema")], swiftSettings: strict),
        .target(name: "MediaCore", dependencies: ["SIPCore"], swiftSettings: strict),
        .target(
            name: "CallCore",
            dependencies: ["SIPCore", "ClientProtocol", "MediaCore"],
            swiftSettings: strict
        ),

        // The edges.
        .target(name: "SIPWire", dependencies: ["SIPCore", "COSIP"], swiftSettings: strictWithC),
        .target(
            name: "SIPTransport",
            dependencies: [
                "SIPWire", "SIPCore", "CAres",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOTLS", package: nio), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strictWithC
        ),
        .target(
            name: "ClientServer",
            dependencies: [
                "ClientProtocol",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOHTTP1", package: nio), .product(name: "NIOWebSocket", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Resources")],
            swiftSettings: strict
        ),
        .target(
            name: "MediaRelay",
            dependencies: ["MediaCore", "SIPCore", "COpenSSL", "COpus", "CMediaSockets"],
            swiftSettings: strictWithC
        ),
        .target(name: "Observability", swiftSettings: strict),
        .target(
            name: "Storage",
            dependencies: [
                "CallRuntime", "CallCore", "ClientProtocol", "SIPCore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),

        .target(
            name: "DemoPhone",
            dependencies: [
                "MediaCore", "SIPCore", "SIPTransport",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        // The drive and the wiring.
        .target(
            name: "CallRuntime",
            dependencies: [
                "CallCore", "SIPCore", "ClientProtocol", "MediaCore",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "NIOCore", package: nio),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "CallCore", "CallRuntime", "ClientProtocol", "ClientServer", "DemoPhone", "MediaCore", "MediaRelay",
                "Observability", "SIPCore", "SIPTransport", "Storage",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "switchhook",
            dependencies: ["Gateway", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict
        ),

        // Whole gateways in one process, with a manual clock and bad links.
        .target(
            name: "Simulator",
            dependencies: ["CallCore", "CallRuntime", "ClientProtocol", "MediaCore", "SIPCore"],
            path: "Tests/Simulator",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["Simulator"],
            path: "interop/simulate",
            swiftSettings: strict
        ),

        .testTarget(name: "SIPCoreTests", dependencies: ["SIPCore"], swiftSettings: strict),
        .testTarget(
            name: "ClientProtocolTests",
            dependencies: ["ClientProtocol"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SIPWireTests",
            dependencies: ["SIPWire", "SIPCore"],
            resources: [.copy("torture")],
            swiftSettings: strict
        ),
        // What several test targets need.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "SIPTransportTests",
            dependencies: [
                "SIPTransport", "SIPCore", "TestSupport", .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio), .product(name: "NIOEmbedded", package: nio),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ClientServerTests",
            dependencies: [
                "ClientServer", "ClientProtocol", "TestSupport", .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio), .product(name: "NIOEmbedded", package: nio),
                .product(name: "NIOHTTP1", package: nio), .product(name: "NIOWebSocket", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "MediaCoreTests", dependencies: ["MediaCore", "SIPCore"], swiftSettings: strict),
        .testTarget(
            name: "MediaRelayTests",
            dependencies: ["MediaRelay", "MediaCore", "SIPCore", "COpenSSL", "CSRTP"],
            swiftSettings: strictWithC
        ),
        .testTarget(
            name: "CallCoreTests",
            dependencies: ["CallCore", "SIPCore", "ClientProtocol", "MediaCore"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CallRuntimeTests",
            dependencies: ["CallRuntime", "CallCore", "SIPCore", "ClientProtocol", "MediaCore"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DemoPhoneTests",
            dependencies: [
                "DemoPhone", "MediaCore", "SIPCore", "TestSupport",
                .product(name: "NIOCore", package: nio), .product(name: "NIOPosix", package: nio),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "CallRuntime", "CallCore", "ClientProtocol", "SIPCore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "SimulatorTests", dependencies: ["Simulator"], swiftSettings: strict),
        .testTarget(
            name: "GatewayTests",
            dependencies: ["Gateway", "Observability", "CallRuntime", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
