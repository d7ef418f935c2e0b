using System.Net;
using System.Net.WebSockets;
using System.Text;
using StreamEngine.Host.Api;

namespace StreamEngine.Host.Tests;

/// <summary>What listeners show is repeated nowhere, and counts only where it isn't written down on the way.</summary>
public sealed class ListenerSecretTests
{
    private const string Key = "desk-k3y-0123456789abcdef";
    private const string Wrong = "desk-wr0ng-0123456789abcdef";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_answer_log_or_metric_repeats_a_key_and_in_an_address_it_opens_nothing()
    {
        using var folder = new Folder();
        folder.Edit(
            "\"out\": { \"type\": \"file\", \"from\": [\"trusted\"], \"path\": \"out.jsonl\" }",
            "\"listeners\": { \"type\": \"websocket\", \"from\": [\"trusted\"], \"origins\": [\"https://good.example\"], \"auth\": { \"keys\": { \"desk\": \"${DESK_KEY}\" } } }");
        folder.Edit("\"path\": \"in.jsonl\"", "\"path\": \"in.jsonl\", \"follow\": true");
        folder.Write("in.jsonl", "");
        await using var host = HostProcess.Start(folder.Path, new Dictionary<string, string?> { ["DESK_KEY"] = Key }, "--urls", "http://127.0.0.1:0");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        var shown = new StringBuilder();

        // Addresses stand in the logs of proxies and in browsers' histories.
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{ApiRoutes.Base}/sse?channel=player:*&token={Key}&access_token={Key}&key={Key}", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{ApiRoutes.Base}/sse?channel=player:*&token={Wrong}", Wrong));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync($"{ApiRoutes.Base}/sse?channel=player:*", Key, "https://evil.example"));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync($"{ApiRoutes.Base}/sse?channel=a:*:b&token={Key}", Key));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync($"{ApiRoutes.Base}/sse?token={Key}", Key));
        Assert.Equal(HttpStatusCode.OK, await AskAsync($"{ApiRoutes.Base}/channels?token={Key}", Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync($"{ApiRoutes.Base}/channels", Wrong));
        Assert.Equal(HttpStatusCode.UpgradeRequired, await AskAsync($"{ApiRoutes.WebSocket}?token={Key}", Key));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync($"{ApiRoutes.Base}/nothing?token={Key}", Key));

        // A connection that shows the key in its address may still listen to nothing.
        var heard = await TalkAsync($"?token={Key}", "{\"type\":\"subscribe\",\"channel\":\"player:*\"}");
        Assert.Contains("not_authenticated", heard, StringComparison.Ordinal);
        heard = await TalkAsync("", $"{{\"type\":\"auth\",\"id\":1,\"token\":\"{Wrong}\"}}");
        Assert.Contains("not_authenticated", heard, StringComparison.Ordinal);
        heard = await TalkAsync("", $"{{\"type\":\"auth\",\"id\":1,\"token\":\"{Key}\"}}");
        Assert.Contains("authenticated", heard, StringComparison.Ordinal);

        foreach (var path in (string[])[$"{ApiRoutes.Base}/health", $"{ApiRoutes.Base}/metrics", $"{ApiRoutes.Base}/pipeline", "/metrics"])
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(path, null));
        }

        Assert.Equal(0, await host.StopAsync());
        shown.Append(host.Output).Append(host.Error);
        Assert.DoesNotContain(Key, shown.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Wrong, shown.ToString(), StringComparison.Ordinal);

        async Task<HttpStatusCode> AskAsync(string path, string? key, string? origin = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (key is not null)
            {
                request.Headers.Add("Authorization", $"Bearer {key}");
            }

            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using var response = await client.SendAsync(request, Cancel);
            shown.AppendLine(response.Headers.ToString()).AppendLine(await response.Content.ReadAsStringAsync(Cancel));
            return response.StatusCode;
        }

        async Task<string> TalkAsync(string query, string message)
        {
            using var socket = new ClientWebSocket();
            var address = new UriBuilder(new Uri(client.BaseAddress, ApiRoutes.WebSocket + query)) { Scheme = "ws" }.Uri;
            using var limit = new CancellationTokenSource(HostProcess.Patience);
            await socket.ConnectAsync(address, limit.Token);
            await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, limit.Token);
            var buffer = new byte[1 << 14];
            var text = "";
            while (!text.Contains("authenticated", StringComparison.Ordinal))
            {
                var received = await socket.ReceiveAsync(buffer, limit.Token);
                text += Encoding.UTF8.GetString(buffer, 0, received.Count);
                Assert.NotEqual(WebSocketMessageType.Close, received.MessageType);
            }

            shown.AppendLine(text);
            return text;
        }
    }
}
