using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Sinks.Tests.WebSocket;

public sealed class RestingConnectionTests
{
    [Fact]
    public async Task The_web_server_looks_at_connections_but_not_at_those_that_are_WebSockets()
    {
        var looks = new ConcurrentDictionary<int, int>();
        await using var server = await HubServer.StartAsync(endpoint: e => e.Use(next => connection =>
        {
            var number = looks.Count;
            looks[number] = 0;
            connection.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(_ => looks.AddOrUpdate(number, 1, (_, n) => n + 1), connection);
            return next(connection);
        }));
        using var silent = new TcpClient();
        await silent.ConnectAsync("127.0.0.1", server.Address.Port, TestContext.Current.CancellationToken);
        await Wait.UntilAsync(() => looks.GetValueOrDefault(0) >= 1, "it looks at a connection");
        using var client = await server.ConnectAsync();
        await SeenAsync(1);
        var before = looks[1];
        await SeenAsync(2);
        Assert.Equal(before, looks[1]);
        await client.ExpectNothingAsync();

        async Task SeenAsync(int times)
        {
            var then = looks[0] + times;
            await Wait.UntilAsync(() => looks[0] >= then, "it looks at the other one again");
        }
    }
}
