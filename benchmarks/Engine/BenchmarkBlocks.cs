using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>Blocks that only benchmarks use.</summary>
internal static class BenchmarkBlocks
{
    public static IReadOnlyList<BlockType> All { get; } =
    [
        BlockType.Source<PacedSourceOptions>("paced", "Hands on each line at its time.", (_, context) => new PacedSource((Pace)context.Services.GetService(typeof(Pace))!)),
        BlockType.Source<PreparedSourceOptions>("prepared", "Hands on batches as fast as they are taken.", (options, _) => new PreparedSource(options.Batches)),
        BlockType.Source<KeysSourceOptions>("keys", "Hands on updates of many keys in turn.", (options, context) => new KeysSource(options, (CpuMeter?)context.Services.GetService(typeof(CpuMeter)))),
        BlockType.Transform<SameOptions>("same", "Changes nothing.", (_, _) => new SameStep()),
        BlockType.Sink<NullSinkOptions>("none", "Keeps nothing.", (_, _) => new NullSink()),
        BlockType.Sink<StampedSinkOptions>("stamped", "Keeps how late each record was.", (_, context) => new StampedSink((Pace)context.Services.GetService(typeof(Pace))!)),
    ];

    /// <summary>Takes records and forgets them; they were encoded before, as for any sink.</summary>
    private sealed class NullSink : ISink
    {
        public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class StampedSink(Pace pace) : ISink
    {
        public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
        {
            foreach (var row in batch)
            {
                pace.Arrived(row.Head.ReceivedTime);
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class SameStep : IStep
    {
        public void Process(Part part, StepTime now)
        {
        }
    }

    /// <summary>Hands on batches of <see cref="HopRun.Rows"/> documents of one byte.</summary>
    private sealed class PreparedSource(int batches) : ISource
    {
        public bool IsFinite => true;

        public async Task RunAsync(ISourceOutput output, CancellationToken stop)
        {
            for (var i = 0; i < batches; i++)
            {
                var batch = await output.RentAsync(stop).ConfigureAwait(false);
                HopRun.Fill(batch, output.Source);
                await output.EmitAsync(batch, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A thread of its own waits for the times: it must not take one away from the engine's pool.</summary>
    private sealed class PacedSource(Pace pace) : ISource
    {
        public bool IsFinite => true;

        public Task RunAsync(ISourceOutput output, CancellationToken stop) =>
            Task.Factory.StartNew(() => Run(output), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        private void Run(ISourceOutput output)
        {
            for (var i = 0; i < pace.Count;)
            {
                var now = pace.WaitFor(i);
                var batch = Wait(output.RentAsync(CancellationToken.None));
                do
                {
                    var length = pace.Write(i, batch.GetSpan(Pace.MaxLine));
                    batch.AddDocument(new Document { Source = output.Source, Offset = batch.Bytes.Length, Length = length, Sequence = i + 1, ReceivedTime = pace.Due(i), Origin = "" });
                    batch.Advance(length);
                    i++;
                }
                while (i < pace.Count && pace.Due(i) <= now && batch.DocumentCount < Batch.FullDocuments && batch.Bytes.Length < Batch.FullBytes);
                var emitted = output.EmitAsync(batch, CancellationToken.None);
                if (!emitted.IsCompletedSuccessfully)
                {
                    emitted.AsTask().GetAwaiter().GetResult();
                }
            }
        }

        private static Batch Wait(ValueTask<Batch> rented) => rented.IsCompletedSuccessfully ? rented.Result : rented.AsTask().GetAwaiter().GetResult();
    }
}

/// <summary>Hands on each line at its time.</summary>
internal sealed record PacedSourceOptions : SourceOptions;

/// <summary>Hands on batches as fast as they are taken.</summary>
internal sealed record PreparedSourceOptions : SourceOptions
{
    /// <summary>How many batches.</summary>
    [Between("1", "100000000")]
    public int Batches { get; init; } = 1;
}

/// <summary>Changes nothing.</summary>
internal sealed record SameOptions : TransformOptions;

/// <summary>Keeps nothing.</summary>
internal sealed record NullSinkOptions : SinkOptions;

/// <summary>Keeps how late each record was.</summary>
internal sealed record StampedSinkOptions : SinkOptions;
