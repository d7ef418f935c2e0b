using System.Buffers.Text;
using System.Diagnostics;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>Hands on updates of many keys in turn, as fast as they are taken or, after each key's first, so many a second; each says something new.</summary>
internal sealed class KeysSource(KeysSourceOptions options, CpuMeter? meter) : ISource
{
    private const int FirstKey = 10_000_000;
    private const int Stride = 7919;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private static readonly byte[] Line =
        """{"id":10000000,"name":"Player Number 17 of the League","team":"T17","position":"SS","at":"2025-06-04T17:00:00.000Z","game":745002,"atBats":4,"hits":2,"homeRuns":0,"rbi":1,"walks":0,"avg":0.281,"ops":0.816}"""u8.ToArray();

    private static readonly int IdAt = Line.AsSpan().IndexOf("10000000"u8);
    private static readonly int TimeAt = Line.AsSpan().IndexOf("2025-"u8);

    public bool IsFinite => true;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        await Task.Yield();
        var fast = options.PerSecond == 0 ? options.Updates : options.Keys;
        var next = 0;
        while (next < fast)
        {
            next = await EmitAsync(output, next, fast).ConfigureAwait(false);
        }

        var start = Stopwatch.GetTimestamp();
        while (next < options.Updates)
        {
            meter?.At(next - fast);
            await Task.Delay(Pause, CancellationToken.None).ConfigureAwait(false);
            var due = fast + (int)Math.Min(options.Updates - fast, Stopwatch.GetElapsedTime(start).TotalSeconds * options.PerSecond);
            while (next < due)
            {
                next = await EmitAsync(output, next, due).ConfigureAwait(false);
            }
        }

        meter?.At(next - fast);
    }

    private async Task<int> EmitAsync(ISourceOutput output, int next, int end)
    {
        var batch = await output.RentAsync(CancellationToken.None).ConfigureAwait(false);
        for (; next < end && batch.Bytes.Length + Line.Length <= Batch.FullBytes; next++)
        {
            batch.AddDocument(new Document { Source = output.Source, Offset = batch.Bytes.Length, Length = Line.Length, Sequence = next + 1, ReceivedTime = Lines.Now(next).Ticks, Origin = "" });
            Write(batch.GetSpan(Line.Length), next);
            batch.Advance(Line.Length);
        }

        await output.EmitAsync(batch, CancellationToken.None).ConfigureAwait(false);
        return next;
    }

    private void Write(Span<byte> to, int index)
    {
        Line.CopyTo(to);
        Utf8Formatter.TryFormat(FirstKey + (int)(index * (long)Stride % options.Keys), to[IdAt..], out _);
        OutputBuffer.WriteTime(Lines.Now(index).Ticks, to[TimeAt..]);
    }
}

/// <summary>Hands on updates of many keys in turn.</summary>
internal sealed record KeysSourceOptions : SourceOptions
{
    /// <summary>How many updates.</summary>
    [Between("1", "100000000")]
    public int Updates { get; init; } = 1;

    /// <summary>How many keys.</summary>
    [Between("1", "10000000")]
    public int Keys { get; init; } = 1;

    /// <summary>How many a second, after one of each key; 0 for as many as are taken.</summary>
    [Between("0", "1000000")]
    public int PerSecond { get; init; }
}
