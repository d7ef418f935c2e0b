using System.Buffers.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>Hands on updates of many keys in turn as fast as they are taken; each says something new.</summary>
internal sealed class KeysSource(KeysSourceOptions options) : ISource
{
    private const int FirstKey = 10_000_000;

    private static readonly byte[] Line =
        """{"id":10000000,"name":"Player Number 17 of the League","team":"T17","position":"SS","at":"2025-06-04T17:00:00.000Z","game":745002,"atBats":4,"hits":2,"homeRuns":0,"rbi":1,"walks":0,"avg":0.281,"ops":0.816}"""u8.ToArray();

    private static readonly int IdAt = Line.AsSpan().IndexOf("10000000"u8);
    private static readonly int TimeAt = Line.AsSpan().IndexOf("2025-"u8);

    public bool IsFinite => true;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        await Task.Yield();
        for (var i = 0; i < options.Updates && !stop.IsCancellationRequested;)
        {
            var batch = await output.RentAsync(stop).ConfigureAwait(false);
            for (; i < options.Updates && batch.Bytes.Length + Line.Length <= Batch.FullBytes; i++)
            {
                batch.AddDocument(new Document { Source = output.Source, Offset = batch.Bytes.Length, Length = Line.Length, Sequence = i + 1, ReceivedTime = Lines.Now(i).Ticks, Origin = "" });
                Write(batch.GetSpan(Line.Length), i);
                batch.Advance(Line.Length);
            }

            await output.EmitAsync(batch, stop).ConfigureAwait(false);
        }
    }

    private void Write(Span<byte> to, int index)
    {
        Line.CopyTo(to);
        Utf8Formatter.TryFormat(FirstKey + (index % options.Keys), to[IdAt..], out _);
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
}
