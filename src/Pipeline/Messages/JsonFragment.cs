using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamEngine.Pipeline.Messages;

/// <summary>A piece of JSON that never changes, padded so that it is copied by whole vectors.</summary>
internal readonly struct JsonFragment
{
    /// <summary>Bytes that a copy may write past what it copies.</summary>
    public const int Slack = 128;

    private const int Vector = 32;

    private readonly byte[] padded;

    public JsonFragment(ReadOnlySpan<byte> text)
    {
        Length = text.Length;
        padded = new byte[Math.Max(Slack, (text.Length + Vector - 1) / Vector * Vector)];
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
        for (var done = Vector; done < Length; done += Vector)
        {
            Vector256.LoadUnsafe(ref from, (nuint)done).StoreUnsafe(ref to, (nuint)done);
        }

        return ref Unsafe.Add(ref to, Length - less);
    }

    /// <summary>Copies the fragment with the same steps for most lengths, where one follows another that can't be foretold.</summary>
    /// <returns>Where the next piece goes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref byte CopyWideTo(ref byte to)
    {
        ref var from = ref MemoryMarshal.GetArrayDataReference(padded);
        Vector256.LoadUnsafe(ref from).StoreUnsafe(ref to);
        Vector256.LoadUnsafe(ref from, Vector).StoreUnsafe(ref to, Vector);
        Vector256.LoadUnsafe(ref from, 2 * Vector).StoreUnsafe(ref to, 2 * Vector);
        Vector256.LoadUnsafe(ref from, 3 * Vector).StoreUnsafe(ref to, 3 * Vector);
        for (var done = Slack; done < Length; done += Vector)
        {
            Vector256.LoadUnsafe(ref from, (nuint)done).StoreUnsafe(ref to, (nuint)done);
        }

        return ref Unsafe.Add(ref to, Length);
    }
}
