using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>The date that was read last, so that times of the same day are read without it: those of a stream mostly are.</summary>
internal struct KnownDate
{
    private const int Length = 24;
    private const int Clock = 8;
    private const byte Any = byte.MaxValue;

    private ulong start;
    private ulong end;
    private long ticks;

    // DDTHH:mm:ss.fffZ, of which the day is known.
    private static Vector128<byte> Least => Vector128.Create((byte)0, 0, 0, (byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)'.', (byte)'0', (byte)'0', (byte)'0', (byte)'Z');

    private static Vector128<byte> Most => Vector128.Create(Any, Any, Any, 2, 9, 0, 5, 9, 0, 5, 9, 0, 9, 9, 9, 0);

    /// <summary>Remembers the date of a time that was read, if it is written <c>yyyy-MM-ddTHH:mm:ss.fffZ</c>, whatever stands for the T.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="time">UTC ticks.</param>
    public void Keep(ReadOnlySpan<byte> text, long time)
    {
        if (text.Length == Length && IsUsual(ref MemoryMarshal.GetReference(text)))
        {
            ref var at = ref MemoryMarshal.GetReference(text);
            (start, end, ticks) = (Start(ref at), End(ref at), time - (time % TimeSpan.TicksPerDay));
        }
    }

    /// <summary>Reads a time of this day that is written like the one kept; false for any other.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="time">UTC ticks.</param>
    public readonly bool TryRead(ReadOnlySpan<byte> text, out long time)
    {
        time = 0;
        ref var at = ref MemoryMarshal.GetReference(text);
        if (text.Length != Length || ((Start(ref at) ^ start) | (End(ref at) ^ end)) != 0 || !IsUsual(ref at))
        {
            return false;
        }

        var hours = Two(ref at, 11);
        var seconds = (((hours * 60) + Two(ref at, 14)) * 60) + Two(ref at, 17);
        time = ticks + (((seconds * 1000L) + (Two(ref at, 20) * 10) + Unsafe.Add(ref at, 22) - '0') * TimeSpan.TicksPerMillisecond);
        return hours < 24;
    }

    /// <summary>Whether all behind the date is written as usual; of hours only that they are below 30.</summary>
    private static bool IsUsual(ref byte text) => !Vector128.GreaterThanAny(Vector128.LoadUnsafe(ref text, Clock) - Least, Most);

    private static ulong Start(ref byte text) => Unsafe.ReadUnaligned<ulong>(ref text);

    private static ulong End(ref byte text) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref text, 3));

    private static int Two(ref byte text, int at) => ((Unsafe.Add(ref text, at) - '0') * 10) + Unsafe.Add(ref text, at + 1) - '0';
}
