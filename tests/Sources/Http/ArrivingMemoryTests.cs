using Microsoft.AspNetCore.Http;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests.Http;

/// <summary>Alone, since it weighs the process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ArrivingMemory
{
    public const string Name = "the memory of answers";
}

[Collection(ArrivingMemory.Name)]
public class ArrivingMemoryTests
{
    private const int Payloads = 50_000;
    private const int MiB = 1 << 20;

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("lines")]
    public async Task An_answer_of_fifty_megabytes_takes_the_memory_of_one_payload(string format)
    {
        var text = new string('x', 1000);
        await using var provider = await TestProvider.StartAsync(async (context, _) =>
        {
            await context.Response.WriteAsync(format switch { "json" => "[0", "csv" => "id,text", _ => "0" });
            for (var i = 1; i < Payloads; i++)
            {
                await context.Response.WriteAsync(format switch { "json" => $",\"{text}\"", "csv" => $"\n{i},{text}", _ => $"\n\"{text}\"" });
            }

            await context.Response.WriteAsync(format switch { "json" => "]", "csv" => "\n0,", _ => "\n" });
        });
        await using var fixture = new SourceFixture(SourceFixture.Fast(provider.Address) with { MaxBytes = new ByteSize(MiB) });
        using var output = new Scales();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var stop = new CancellationTokenSource();
        var options = new HttpSourceOptions { Provider = "p", Request = ["/"], Every = new EveryOptions { Otherwise = Duration.Seconds(600) }, Format = format, Items = format == "json" ? "$[*]" : null };
        var running = new HttpSource(options, fixture.Context("s")).RunAsync(output, stop.Token);
        await Eventually.TrueAsync(() => output.Documents == Payloads);
        await stop.CancelAsync();
        await running;

        Assert.True(output.Weighed >= 10);
        Assert.InRange(output.Heaviest - before, long.MinValue, 8 * MiB);
    }

    /// <summary>A pipeline that keeps nothing and looks now and then how much memory is in use.</summary>
    private sealed class Scales : ISourceOutput, IDisposable
    {
        private readonly BatchPool pool = new(new RecordSchema([], [new SourceInfo("s", 0, 1, 1)]), 2);
        private int batches;
        private int documents;

        public short Source => 0;

        public int Documents => Volatile.Read(ref documents);

        public int Weighed { get; private set; }

        public long Heaviest { get; private set; }

        public ValueTask<Batch> RentAsync(CancellationToken cancellationToken) => pool.RentAsync(cancellationToken);

        public ValueTask EmitAsync(Batch batch, CancellationToken cancellationToken)
        {
            if (batches++ % 100 == 10)
            {
                Weighed++;
                Heaviest = Math.Max(Heaviest, GC.GetTotalMemory(forceFullCollection: true));
            }

            Interlocked.Add(ref documents, batch.DocumentCount);
            batch.Release();
            return ValueTask.CompletedTask;
        }

        public void Dispose() => pool.Dispose();
    }
}
