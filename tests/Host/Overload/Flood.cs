using System.Buffers.Text;

namespace StreamEngine.Host.Tests.Overload;

/// <summary>Lines into a named pipe, as fast as the other end takes them. Line <c>n</c> is about player <c>n % 1000</c> and has the number <c>n</c> in it.</summary>
internal sealed class Flood : IAsyncDisposable
{
    public const int Players = 1000;

    /// <summary>What the source reads from a pipe before it hands anything on.</summary>
    public const int LinesAtOnce = 512;

    private const int LongestLine = 128;

    private readonly FileStream pipe;
    private readonly CancellationTokenSource stop = new();
    private readonly byte[] buffer = new byte[LinesAtOnce * LongestLine];
    private Task flowing = Task.CompletedTask;
    private long written;

    /// <param name="pipe">The pipe's writing end.</param>
    public Flood(FileStream pipe) => this.pipe = pipe;

    /// <summary>Lines written so far.</summary>
    public long Written => Volatile.Read(ref written);

    /// <summary>The last number of a player.</summary>
    public long Last(int player) => Written - 1 - ((Written - 1 - player) % Players);

    public void Begin() => flowing = Task.Factory.StartNew(Flow, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Stops writing. Ends when the other end has taken what was being written.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await flowing;
    }

    /// <summary>Writes the next lines.</summary>
    public void Write()
    {
        var length = 0;
        for (var line = 0; line < LinesAtOnce; line++)
        {
            length += Line(buffer.AsSpan(length), written + line);
        }

        pipe.Write(buffer, 0, length);
        Volatile.Write(ref written, written + LinesAtOnce);
    }

    /// <summary>The input ends here.</summary>
    public ValueTask DisposeAsync()
    {
        stop.Dispose();
        return pipe.DisposeAsync();
    }

    private static int Line(Span<byte> to, long number)
    {
        var at = Put(to, 0, "{\"id\":"u8);
        at = Put(to, at, number % Players);
        at = Put(to, at, ",\"name\":\"N"u8);
        at = Put(to, at, number % Players);
        at = Put(to, at, "\",\"h\":1,\"ab\":"u8);
        at = Put(to, at, number);
        return Put(to, at, "}\n"u8);
    }

    private static int Put(Span<byte> to, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(to[at..]);
        return at + text.Length;
    }

    private static int Put(Span<byte> to, int at, long number)
    {
        Assert.True(Utf8Formatter.TryFormat(number, to[at..], out var digits));
        return at + digits;
    }

    private void Flow()
    {
        while (!stop.IsCancellationRequested)
        {
            Write();
        }
    }
}
