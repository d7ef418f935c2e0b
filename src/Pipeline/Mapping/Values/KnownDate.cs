using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A date that was read, so that times of the same day are read without it: those of a stream mostly are.</summary>
internal sealed class KnownDate
{
    private const int Length = 24;
    private const int Clock = 8;
    private const byte Any = byte.MaxValue;

    private readonly ulong start;
    private readonly ulong end;
    private readonly long ticks;

    private KnownDate(ref byte text, long ticks) => (start, end, this.ticks) = (Start(ref text), End(ref text), ticks - (ticks % TimeSpan.TicksPerDay));

    // DDTHH:mm:ss.fffZ, of which the day is known.
    private static Vector128<byte> Least => Vector128.Create((byte)0, 0, 0, (byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)'.', (byte)'0', (byte)'0', (byte)'0', (byte)'Z');

    private static Vector128<byte> Most => Vector128.Create(Any, Any, Any, 2, 9, 0, 5, 9, 0, 5, 9, 0, 9, 9, 9, 0);

    /// <summary>The date of a time that was read; null when it is not written <c>yyyy-MM-ddTHH:mm:ss.fffZ</c>.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="ticks">UTC ticks.</param>
    public static KnownDate? Of(ReadOnlySpan<byte> text, long ticks) =>
        text.Length == Length && new KnownDate(ref MemoryMarshal.GetReference(text), ticks) is var known && known.TryRead(text, out _) ? known : null;

    /// <summary>Reads a time of this day, written <c>yyyy-MM-ddTHH:mm:ss.fffZ</c>; false for any other.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="time">UTC ticks.</param>
    public bool TryRead(ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        ref var at = ref MemoryMarshal.GetReference(text);
        if (text.Length != Length || ((Start(ref at) ^ start) | (End(ref at) ^ end)) != 0 || Vector128.GreaterThanAny(Vector128.LoadUnsafe(ref at, Clock) - Least, Most))
        {
            return false;
        }

        var hours = Two(ref at, 11);
        var seconds = (((hours * 60) + Two(ref at, 14)) * 60) + Two(ref at, 17);
        time = ticks + (((seconds * 1000L) + (Two(ref at, 20) * 10) + Unsafe.Add(ref at, 22) - '0') * TimeSpan.TicksPerMillisecond);
        return hours < 24;
    }

    private static ulong Start(ref byte text) => Unsafe.ReadUnaligned<ulong>(ref text);

    private static ulong End(ref byte text) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, 3));

    private static int Two(ref byte text, int at) => ((Unsafe.Add(ref text, at) - '0') * 10) + Unsafe.Add(ref text, at + 1) - '0';
}
