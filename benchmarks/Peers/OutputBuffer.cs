using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Benchmarks;

/// <summary>A file that is written in large pieces; durable at the end, as the engine's is.</summary>
internal sealed class OutputBuffer(string path) : IDisposable
{
    private const int PieceSize = 256 * 1024;
    private const int Slack = 64 * 1024;

    private readonly SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
    private readonly byte[] bytes = GC.AllocateUninitializedArray<byte>(PieceSize + Slack);
    private long written;
    private int used;

    /// <summary>Makes room for a record; what is put until the next call must not exceed <see cref="Slack"/>.</summary>
    public void BeginRecord()
    {
        if (used >= PieceSize)
        {
            Flush();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Put(ReadOnlySpan<byte> text)
    {
        text.CopyTo(bytes.AsSpan(used));
        used += text.Length;
    }

    public void Put(long number)
    {
        Utf8Formatter.TryFormat(number, bytes.AsSpan(used), out var length);
        used += length;
    }

    /// <summary>Thousandths as a decimal without trailing zeros.</summary>
    public void PutThousandths(int value)
    {
        Put(value / 1000);
        var rest = value % 1000;
        if (rest == 0)
        {
            return;
        }

        bytes[used++] = (byte)'.';
        for (var unit = 100; rest != 0; rest %= unit, unit /= 10)
        {
            bytes[used++] = (byte)('0' + (rest / unit));
        }
    }

    /// <summary>An instant in UTC with milliseconds.</summary>
    public void PutTime(long ticks)
    {
        WriteTime(ticks, bytes.AsSpan(used));
        used += 24;
    }

    /// <summary>Writes an instant as 24 characters.</summary>
    public static void WriteTime(long ticks, Span<byte> text)
    {
        var time = new DateTime(ticks, DateTimeKind.Utc);
        var (year, month, day) = time;
        "0000-00-00T00:00:00.000Z"u8.CopyTo(text);
        Pair(text, 0, year / 100);
        Pair(text, 2, year % 100);
        Pair(text, 5, month);
        Pair(text, 8, day);
        Pair(text, 11, time.Hour);
        Pair(text, 14, time.Minute);
        Pair(text, 17, time.Second);
        Pair(text, 20, time.Millisecond / 10);
        text[22] = (byte)('0' + (time.Millisecond % 10));
    }

    public void Dispose()
    {
        Flush();
        RandomAccess.FlushToDisk(file);
        file.Dispose();
    }

    private static void Pair(Span<byte> text, int at, int value)
    {
        text[at] = (byte)('0' + (value / 10));
        text[at + 1] = (byte)('0' + (value % 10));
    }

    private void Flush()
    {
        RandomAccess.Write(file, bytes.AsSpan(0, used), written);
        written += used;
        used = 0;
    }
}
