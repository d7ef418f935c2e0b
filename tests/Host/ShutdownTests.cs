using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Host.Tests;

public sealed class ShutdownTests : IDisposable
{
    private readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Sigterm_under_load_drains_and_the_file_has_every_accepted_record()
    {
        // Far more than can be read before the signal: the run must end because it was asked to.
        var lines = new StringBuilder();
        for (var i = 0; i < 2_000_000; i++)
        {
            lines.Append("{\"at\":\"2026-04-01T18:00:00Z\",\"id\":").Append(i).Append(",\"name\":\"N").Append(i).Append("\",\"h\":1,\"ab\":3}\n");
        }

        folder.Write("in.jsonl", lines.ToString());
        await using var host = HostProcess.Start(folder.Path, null, "--urls", "http://127.0.0.1:0", "--set", "transforms.unique.maxKeys=4000000");
        using var client = new HttpClient { BaseAddress = await host.WaitForListeningAsync() };
        await WaitForOutputAsync(client, 1000);
        var code = await host.StopAsync();

        Assert.True(code == 0, host.Output + host.Error);
        var (lastIn, archived) = (Books.Of(host.Output, "lines"), Books.Of(host.Output, "out"));
        Assert.InRange(lastIn.Out, 1000, 1_999_999);
        Assert.Equal(lastIn.Out, archived.Out);
        Assert.Equal(archived.Out, folder.Lines("out.jsonl").Length);
        Assert.Equal($"player:mlb:{lastIn.Out - 1}", JsonDocument.Parse(folder.Lines("out.jsonl")[^1]).RootElement.GetProperty("key").GetString());
        Assert.All(Books.All(host.Output), b => Assert.Equal(0, b.Held + b.Dropped));
    }

    /// <summary>Waits until the file sink has written so many records, by the books.</summary>
    private static async Task WaitForOutputAsync(HttpClient client, long records)
    {
        using var limit = new CancellationTokenSource(HostProcess.Patience);
        while (true)
        {
            var pipeline = await client.GetFromJsonAsync<JsonElement>("/api/optimized-realtime/pipeline", limit.Token);
            var sink = pipeline.GetProperty("blocks").EnumerateArray().Single(b => b.GetProperty("name").GetString() == "out");
            if (sink.GetProperty("out").GetInt64() >= records)
            {
                return;
            }
        }
    }
}
