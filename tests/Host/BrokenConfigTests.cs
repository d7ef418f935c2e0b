using System.Net;
using System.Net.Sockets;
using StreamEngine.Pipeline.Tests.Configuration;

namespace StreamEngine.Host.Tests;

/// <summary>The table of broken configs against the real program, with its real blocks.</summary>
public sealed class BrokenConfigTests
{
    [Fact]
    public async Task Each_gets_its_exact_words_and_exit_code_1_and_nothing_is_started()
    {
        // The port is taken: had the program tried to open it, it would say so.
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://{taken.LocalEndpoint}";
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();

        await Parallel.ForEachAsync(
            BrokenConfigs.All,
            new ParallelOptions { MaxDegreeOfParallelism = 3, CancellationToken = TestContext.Current.CancellationToken },
            async (broken, _) =>
            {
                using var folder = new Folder();
                folder.Write("pipeline.json", broken.Text);
                Directory.CreateDirectory(folder.File("maps"));
                folder.Write("maps/players.json", broken.Map);
                var (code, output, error) = await HostProcess.RunAsync(folder.Path, "run", "pipeline.json", "--urls", url);
                var expected = string.Join('\n', broken.Expected) + "\n";
                if (code != 1 || output.Length > 0 || error != expected)
                {
                    failures.Enqueue($"{broken.Name}: exit code {code}\nexpected:\n{expected}stderr:\n{error}stdout:\n{output}");
                }

                if (Directory.Exists(folder.File("data")))
                {
                    failures.Enqueue($"{broken.Name}: wrote files");
                }
            });

        Assert.True(BrokenConfigs.All.Count >= 20);
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures));
    }

    [Fact]
    public async Task An_address_that_is_no_redis_is_told_where_it_stands_without_the_password()
    {
        using var folder = new Folder();
        folder.Edit("\"deadLetter\":", "\"redis\": { \"url\": \"http://user:hunter22@example\" },\n  \"deadLetter\":");
        folder.Write("in.jsonl", "");
        folder.Edit("\"out\": {", "\"cache\": { \"type\": \"cache\", \"from\": [\"trusted\"] },\n    \"out\": {");

        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "validate");

        Assert.Equal((1, ""), (code, output));
        Assert.Equal("pipeline.json(21,21): error: redis.url: not an address of a Redis server; expected 'host:port' or 'redis://user:password@host:port/0'\n", error);
    }

    [Fact]
    public async Task The_sound_one_they_are_made_from_is_valid()
    {
        using var folder = new Folder();
        folder.Write("pipeline.json", BrokenConfigs.Sound);
        Directory.CreateDirectory(folder.File("maps"));
        folder.Write("maps/players.json", BrokenConfigs.SoundMap);

        var (code, output, error) = await HostProcess.RunAsync(folder.Path, "validate");

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.StartsWith("pipeline.json: OK: 1 source, 2 transforms, 1 sink", output, StringComparison.Ordinal);
    }
}
