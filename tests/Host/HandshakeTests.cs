using StreamEngine.Tests;

namespace StreamEngine.Host.Tests;

/// <summary>What RFC 6455 and the contract demand of the request and the answer by which a connection becomes a WebSocket, one row a rule.</summary>
public sealed class HandshakeTests(HandshakeTests.Shared shared) : IClassFixture<HandshakeTests.Shared>
{
    private const string Path = "/api/optimized-realtime/ws/player-updates";
    private const string Key = "0123456789abcdef-desk";
    private const string Ours = "Sec-WebSocket-Protocol: streamengine.v1";

    private static readonly Dictionary<string, Row> Rows = new()
    {
        ["A request as in the RFC is granted, with the answer to its key"] = new([], 101, [$"Sec-WebSocket-Accept: {RawListener.Accept}", "Upgrade: websocket", "Connection: Upgrade"], ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"]),
        ["Names and words are read in small and capital letters"] = new(["upgrade: WebSocket", "CONNECTION: uPGRADE"], 101),
        ["Connection may name more than the upgrade"] = new(["Connection: keep-alive, Upgrade"], 101),
        ["Our subprotocol is chosen when it is offered"] = new([Ours], 101, [Ours]),
        ["Our subprotocol is chosen among others"] = new(["Sec-WebSocket-Protocol: other, streamengine.v1"], 101, [Ours]),
        ["Our subprotocol is chosen on a second line"] = new(["Sec-WebSocket-Protocol: other", Ours], 101, [Ours]),
        ["None is chosen when only others are offered"] = new(["Sec-WebSocket-Protocol: streamengine.v2"], 101, [], ["Sec-WebSocket-Protocol"]),
        ["Compression is not agreed to"] = new(["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"], 101, [], ["Sec-WebSocket-Extensions"]),
        ["Another version is refused, and told which one is spoken"] = new(["Sec-WebSocket-Version: 8"], 426, ["Sec-WebSocket-Version: 13"]),
        ["No version is refused, and told which one is spoken"] = new(["Sec-WebSocket-Version:"], 426, ["Sec-WebSocket-Version: 13"]),
        ["No key is refused"] = new(["Sec-WebSocket-Key:"], 400),
        ["A short key is refused"] = new(["Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="], 400),
        ["A long key is refused"] = new(["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSBpcyBsb25n"], 400),
        ["A key with spaces is refused"] = new([$"Sec-WebSocket-Key: dGhl{new string(' ', 100)}IHNhbXBsZSBub25jZQ=="], 400),
        ["A key of 24 letters that is no base64 is refused"] = new(["Sec-WebSocket-Key: dGhlIHNhbXBs!SBub25jZQ=="], 400),
        ["Two keys are refused"] = new([$"Sec-WebSocket-Key: {RawListener.Key}", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="], 400),
        ["A plain request is told that it needs a WebSocket"] = new(["Upgrade:", "Connection: keep-alive", "Sec-WebSocket-Key:", "Sec-WebSocket-Version:"], 426, ["Upgrade: websocket"]),
        ["An upgrade to something else is told that it needs a WebSocket"] = new(["Upgrade: h2c"], 426, ["Upgrade: websocket"]),
        ["An upgrade that Connection does not name is told that it needs a WebSocket"] = new(["Connection: keep-alive"], 426, ["Upgrade: websocket"]),
        ["A page of an allowed origin may connect"] = new(["Origin: https://good.example"], 101),
        ["A page of another origin may not"] = new(["Origin: https://evil.example"], 403),
        ["A page without an origin may not"] = new(["Origin: null"], 403),
        ["Who shows a key may connect"] = new([$"Authorization: Bearer {Key}"], 101),
        ["Who shows a key as X-API-Key may connect"] = new([$"X-API-Key: {Key}"], 101),
        ["Who shows a wrong key may not"] = new([$"Authorization: Bearer {Key}x"], 401),
        ["Who shows a wrong key as X-API-Key may not"] = new([$"X-API-Key: {Key}x"], 401),
        ["A POST is refused"] = new([], 426) { Method = "POST" },
        ["HTTP/1.0 has no upgrade"] = new([], 426) { Version = "HTTP/1.0" },
        ["A request without a host is refused"] = new(["Host:"], 400),
    };

    public static TheoryData<string> Rules => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Handshake(string rule)
    {
        var row = Rows[rule];
        var request = RawListener.Request(Path, row.Headers).Replace("GET ", row.Method + " ", StringComparison.Ordinal).Replace("HTTP/1.1", row.Version, StringComparison.Ordinal);
        var (listener, head) = await RawListener.AskAsync(shared.Address, request);
        using (listener)
        {
            Assert.StartsWith($"HTTP/1.1 {row.Status} ", head, StringComparison.Ordinal);
            Assert.All(row.With, line => Assert.Contains($"\r\n{line}\r\n", head, StringComparison.OrdinalIgnoreCase));
            Assert.All(row.Without, name => Assert.DoesNotContain($"\r\n{name}:", head, StringComparison.OrdinalIgnoreCase));
            if (row.Status == 101)
            {
                Assert.Equal("connection_established", (await listener.NextAsync())?.ToString());
            }
        }
    }

    /// <summary>A rule.</summary>
    /// <param name="Headers">Headers as in <see cref="RawListener.Request"/>.</param>
    /// <param name="Status">What is answered.</param>
    /// <param name="With">Header lines of the answer.</param>
    /// <param name="Without">Names of headers that the answer has not.</param>
    private sealed record Row(string[] Headers, int Status, string[] With, string[] Without)
    {
        public Row(string[] headers, int status, params string[] with)
            : this(headers, status, with, [])
        {
        }

        public string Method { get; init; } = "GET";

        public string Version { get; init; } = "HTTP/1.1";
    }

    /// <summary>One host for all rows.</summary>
    public sealed class Shared : IAsyncLifetime
    {
        private readonly Folder folder = new();
        private HostProcess host = null!;

        internal Uri Address { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            folder.Edit("\"out\": { \"type\": \"file\", \"from\": [\"trusted\"], \"path\": \"out.jsonl\" }", "\"listeners\": { \"type\": \"websocket\", \"from\": [\"trusted\"], \"origins\": [\"https://good.example\"], \"auth\": { \"keys\": { \"desk\": \"" + Key + "\" }, \"anonymous\": [\"*\"] } }");
            folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.jsonl\", \"follow\": true");
            folder.Write("in.jsonl", "");
            host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0");
            Address = await host.WaitForListeningAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            folder.Dispose();
        }
    }
}
