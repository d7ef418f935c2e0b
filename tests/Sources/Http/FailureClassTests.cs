using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>What providers do wrong, and what it is called.</summary>
public sealed class FailureClassTests
{
    private const int Attempts = 2;

    private static HttpSourceOptions Ask { get; } = new() { Provider = "p", Request = ["/"], Every = new EveryOptions { Otherwise = Duration.Seconds(600) }, FailsWhen = "exists($.error)", Expects = "exists($.games)" };

    [Theory]
    [InlineData("500", "server_error", Attempts, "500 Internal Server Error")]
    [InlineData("408", "server_error", Attempts, "408 Request Timeout")]
    [InlineData("429", "throttled", Attempts, "429 Too Many Requests")]
    [InlineData("400", "refused", 1, "400 Bad Request")]
    [InlineData("401", "refused", 1, "401 Unauthorized")]
    [InlineData("404", "not_found", 1, "404 Not Found")]
    [InlineData("303", "redirect", 1, "303 See Other")]
    [InlineData("elsewhere", "redirect", 1, "to another host, elsewhere.test")]
    [InlineData("""{"error":"quota"}""", "in_band", Attempts, "the answer is an error")]
    [InlineData("""{"nothing":1}""", "in_band", Attempts, "the answer lacks what is expected")]
    [InlineData("<html>", "malformed", Attempts, "a web page")]
    [InlineData("""{"games":[{""", "malformed", Attempts, "no complete JSON")]
    [InlineData("no gzip", "malformed", Attempts, "the body can't be decompressed")]
    [InlineData("bomb", "too_large", 1, "the body is larger than 64KB")]
    [InlineData("reset", "transport", Attempts, "the connection broke off: ")]
    [InlineData("hang", "timeout", Attempts, "no answer within 300ms")]
    [InlineData("trickle", "timeout", Attempts, "no answer within 300ms")]
    public async Task Each_fault_has_its_class_and_is_tried_again_or_not(string fault, string expected, int attempts, string words)
    {
        await using var provider = await TestProvider.StartAsync((context, _) => AnswerAsync(context, fault));
        await IsAsync(provider.Address.ToString(), expected, attempts, words);
        Assert.Equal(attempts, provider.Requests.Count);
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}", "no connection: Connection refused")]
    [InlineData("http://nowhere.invalid", "the host's name leads nowhere: ")]
    public async Task Without_an_answer_it_is_the_transport(string address, string words)
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await IsAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, address, port), "transport", Attempts, words, timeout: 30);
    }

    [Fact]
    public async Task A_server_that_speaks_no_tls_is_the_transport()
    {
        await using var provider = await TestProvider.StartAsync("{}");
        await IsAsync($"https://127.0.0.1:{provider.Address.Port}", "transport", Attempts, "no TLS connection: ", timeout: 30);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6 is what I speak\r\n\r\n", "the answer is no HTTP that can be read: ")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"games\":", "the body broke off: ")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n: no header\r\n\r\n", "the rest of the body is no HTTP that can be read")]
    public async Task What_is_cut_off_or_no_http_is_malformed(string answer, string words)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(
            async () =>
            {
                for (var i = 0; i < Attempts; i++)
                {
                    using var connection = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                    var stream = connection.GetStream();
                    Assert.True(await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken) > 0);
                    await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
                }
            },
            TestContext.Current.CancellationToken);
        await IsAsync($"http://{listener.LocalEndpoint}", "malformed", Attempts, words, timeout: 30);
        await serving;
    }

    [Fact]
    public async Task An_endless_body_is_read_to_the_bound_and_its_connection_dropped()
    {
        var dropped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            var piece = new byte[16 * 1024];
            Array.Fill(piece, (byte)' ');
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(piece);
            }

            dropped.SetResult();
        });
        await IsAsync(provider.Address.ToString(), "too_large", 1, "the body is larger than 64KB", timeout: 30);
        await dropped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Single(provider.Requests);
    }

    [Fact]
    public async Task Redirects_without_an_end_are_counted_once()
    {
        await using var provider = await TestProvider.StartAsync((context, _) =>
        {
            context.Response.Redirect("/again");
            return Task.CompletedTask;
        });
        await IsAsync(provider.Address.ToString(), "redirect", 1, "more than 3 redirects");
    }

    [Fact]
    public async Task Answers_that_are_taken_apart_are_told_by_class_too()
    {
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await context.Response.WriteAsync("[{\"a\":1}", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await IsAsync(provider.Address.ToString(), "timeout", Attempts, "the rest of the body did not come within 300ms", source: Ask with { FailsWhen = null, Expects = null, Items = "$[*]" });
    }

    private static async Task IsAsync(string address, string expected, int count, string words, double timeout = 0.3, HttpSourceOptions? source = null)
    {
        var options = SourceFixture.Fast(new Uri(address)) with
        {
            Retry = new RetryOptions { Attempts = Attempts, Backoff = new(Duration.Seconds(0.01), Duration.Seconds(0.01)) },
            Timeout = Duration.Seconds(timeout),
            MaxBytes = new ByteSize(64 << 10),
        };
        await using var fixture = new SourceFixture(options);
        fixture.Run(("s", source ?? Ask));
        await Eventually.TrueAsync(() => fixture.Health.Sources.TryGetValue("s", out var s) && s.Failures > 0);
        var status = fixture.Gate.Breaker;
        Assert.Equal([(expected, (long)count)], status.Failures.Where(f => f.Value > 0).Select(f => (f.Key, f.Value)));
        Assert.Equal(expected, status.LastErrorClass);
        Assert.Contains(words, status.LastError, StringComparison.Ordinal);
    }

    private static async Task AnswerAsync(HttpContext context, string fault)
    {
        var response = context.Response;
        if (int.TryParse(fault, out var status))
        {
            response.StatusCode = status;
            return;
        }

        switch (fault)
        {
            case "elsewhere":
                response.Redirect("http://elsewhere.test/");
                break;
            case "no gzip":
                response.Headers.ContentEncoding = "gzip";
                await response.WriteAsync("{\"games\":[]}");
                break;
            case "bomb":
                response.Headers.ContentEncoding = "gzip";
                await using (var zip = new GZipStream(response.Body, CompressionLevel.Fastest))
                {
                    await zip.WriteAsync(new byte[4 << 20]);
                }

                break;
            case "reset":
                context.Abort();
                break;
            case "hang":
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            case "trickle":
                while (true)
                {
                    await response.WriteAsync(" ", context.RequestAborted);
                    await response.Body.FlushAsync(context.RequestAborted);
                    await Task.Delay(10, context.RequestAborted);
                }

            default:
                await response.WriteAsync(fault);
                break;
        }
    }
}
