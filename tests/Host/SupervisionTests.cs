using System.Text;
using System.Text.Json;
using StreamEngine.Host.Cli;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Host.Tests;

/// <summary>A block that throws in a real pipeline, from file to file with checkpoints.</summary>
public sealed class SupervisionTests
{
    private const int Lines = 60_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task After_going_back_the_output_is_that_of_a_run_in_which_the_poison_was_only_dead(int parallelism, bool gzip)
    {
        using var mild = Prepare(parallelism, gzip);
        using var harsh = Prepare(parallelism, gzip);

        var (_, expected) = await RunAsync(mild, throws: false);
        var (engine, found) = await RunAsync(harsh, throws: true);

        Assert.True(expected.Length > 100_000);
        Assert.True(expected.AsSpan().SequenceEqual(found), $"{found.Length} bytes instead of {expected.Length}");
        Assert.Equal(2, engine.Blocks.Single(b => b.Name == "fragile").Restarts);
        Assert.True(engine.Checkpoint!.RestoredFrom > 1);
        Assert.Equal(
            ["40001", "50002"],
            harsh.Lines("dead.jsonl").Select(l => JsonDocument.Parse(l).RootElement)
                .Where(d => d.GetProperty("reason").GetString() == "step failed")
                .Select(d => JsonDocument.Parse(d.GetProperty("payload").GetString()!).RootElement.GetProperty("id").ToString()));
    }

    private static Folder Prepare(int parallelism, bool gzip)
    {
        var folder = new Folder();
        CrashTests.Prepare(folder, parallelism, gzip, every: "100ms");
        var lines = new StringBuilder();
        for (var i = 0; i < Lines; i++)
        {
            // Each third player comes again with the next ones, so that what is merged and what is a duplicate depend on the state.
            lines.Append(null, $$"""{"at":"2026-04-01T18:00:{{i / 2000:00}}Z","id":{{(i % 3 == 0 ? i / 3 : i)}},"name":"N{{i % 7}}","h":{{i % 5}},"ab":9}""").Append('\n');
        }

        folder.Write("in.jsonl", lines.ToString());
        return folder;
    }

    private static async Task<(Pipeline.Runtime.PipelineStatus Status, byte[] Output)> RunAsync(Folder folder, bool throws)
    {
        var definition = WithFragileBlock(ConfigFile.Load(folder.File("pipeline.json"), [])!, throws);
        await using var composition = Composition.Build(definition, ["http://127.0.0.1:0"], jsonLogs: false, TimeProvider.System);
        await composition.StartAsync(Cancel);
        Assert.Empty(await composition.Engine.Runtime.RunAsync(Cancel));
        await composition.StopAsync();
        return (composition.Engine.Runtime.Status(), CrashTests.Written(folder));
    }

    private static PipelineDefinition WithFragileBlock(PipelineDefinition definition, bool throws)
    {
        var type = BlockType.Transform<FragileOptions>("fragile", "", (_, _) => new FragileStep(throws), scaling: Scaling.PerKey);
        var fragile = new BlockDefinition("fragile", type, new FragileOptions { From = ["unique"] });
        return definition with
        {
            Blocks =
            [
                .. definition.Blocks.SelectMany(b => b.Name == "scored"
                    ? (BlockDefinition[])[fragile, b with { Options = (TransformOptions)b.Options with { From = ["fragile"] } }]
                    : [b]),
            ],
        };
    }

    private sealed record FragileOptions : TransformOptions;

    private sealed class FragileStep(bool throws) : IStep
    {
        public void Process(Part part, StepTime now)
        {
            foreach (var row in part)
            {
                if (!row.Key.SequenceEqual("player:mlb:40001"u8) && !row.Key.SequenceEqual("player:mlb:50002"u8))
                {
                    continue;
                }

                if (throws)
                {
                    throw new InvalidOperationException("made to fail");
                }

                row.Dead("step failed");
            }
        }
    }
}
