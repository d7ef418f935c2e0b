using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Messages;

/// <summary>A piece of JSON that never changes, padded so that it is copied by whole vectors.</summary>
internal readonly struct JsonFragment
{
    /// <summary>Bytes that a copy may write past a fragment's end.</summary>
    public const int Slack = 32;

    private readonly byte[] padded;

    public JsonFragment(ReadOnlySpan<byte> text)
    {
        Length = text.Length;
        padded = new byte[Math.Max(Slack, (text.Length + Slack - 1) / Slack * Slack)];
        text.CopyTo(padded);
    }

    public int Length { get; }

    /// <summary>Copies the fragment without its last <paramref name="less"/> bytes.</summary>
    /// <returns>Where the next piece goes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte CopyTo(ref byte to, int less = 0)
    {
        // The source is padded to whole vectors; the caller has reserved the length and one vector more.
        ref var from = ref MemoryMarshal.GetArrayDataReference(padded);
        Vector256.LoadUnsafe(ref from).StoreUnsafe(ref to);
        for (var done = Slack; done < Length; done += Slack)
        {
            Vector256.LoadUnsafe(ref from, (nuint)done).StoreUnsafe(ref to, (nuint)done);
        }

        return ref Unsafe.Add(ref to, Length - less);
    }
}
