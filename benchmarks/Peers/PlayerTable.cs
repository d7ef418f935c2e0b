using System.IO.Hashing;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace StreamEngine.Benchmarks;

/// <summary>What loop B keeps of a player: one cache line for the numbers and one for the texts.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal unsafe struct PlayerState
{
    public const int MaxText = 64;

    /// <summary>0 for a free place.</summary>
    public uint Id;
    public int Revision;
    public long At;
    public long Seen;
    public ulong Content;
    public ulong Counts;
    public ulong Rates;
    public ulong TextHash;
    public int TextLength;
    private int unused;
    private fixed byte text[MaxText];

    /// <summary>Whether the texts are these. What follows them in a line differs, so the end is masked by comparing the last vector from behind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool SameText(byte* other, int length)
    {
        if (length != TextLength)
        {
            return false;
        }

        fixed (byte* mine = text)
        {
            if (length < 32)
            {
                return new ReadOnlySpan<byte>(mine, length).SequenceEqual(new ReadOnlySpan<byte>(other, length));
            }

            var last = length - 32;
            return ((Vector256.Load(mine) ^ Vector256.Load(other)) | (Vector256.Load(mine + last) ^ Vector256.Load(other + last))) == Vector256<byte>.Zero;
        }
    }

    public void Keep(byte* other, int length, ulong hash)
    {
        (TextLength, TextHash) = (length, hash);
        fixed (byte* mine = text)
        {
            new ReadOnlySpan<byte>(other, length).CopyTo(new Span<byte>(mine, MaxText));
        }
    }

    /// <summary>One bit for each field whose value is another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Changes(in PlayerLine line, bool sameText)
    {
        var counts = Counts ^ line.Counts;
        var rates = Rates ^ line.Rates;
        var changed = (Bit(counts & 0xFFFFFF) << 3) | (Bit(counts & (0xFFUL << 24)) << 4) | (Bit(counts & (0xFFUL << 32)) << 5)
            | (Bit(counts & (0xFFUL << 40)) << 6) | (Bit(counts & (0xFFUL << 48)) << 7) | (Bit(counts & (0xFFUL << 56)) << 8)
            | (Bit((uint)rates) << 9) | (Bit(rates >> 32) << 10);
        return sameText ? changed : changed | TextChanges(line);
    }

    private static int Bit(ulong value) => value != 0 ? 1 : 0;

    private int TextChanges(in PlayerLine line)
    {
        fixed (byte* mine = text)
        {
            var old = new ReadOnlySpan<byte>(mine, TextLength);
            var other = new ReadOnlySpan<byte>(line.Text, line.TextLength);
            var changed = 0;
            for (var field = 0; field < 3; field++)
            {
                changed |= Next(ref old).SequenceEqual(Next(ref other)) ? 0 : 1 << field;
            }

            return changed;
        }
    }

    /// <summary>Takes a text and the <c>","name":"</c> behind it off the front.</summary>
    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> texts)
    {
        var end = texts.IndexOf((byte)'"');
        var text = end < 0 ? texts : texts[..end];
        texts = end < 0 ? default : texts[(end + 3)..];
        texts = texts.IndexOf(":\""u8) is >= 0 and var value ? texts[(value + 2)..] : default;
        return text;
    }
}

/// <summary>Open addressing with linear probing, at most half full.</summary>
internal sealed unsafe class PlayerTable : IDisposable
{
    public const int AllFields = (1 << 11) - 1;

    private int shift = 32 - 16;
    private uint mask = (1 << 16) - 1;
    private int count;
    private PlayerState* places = Allocate(1 << 16);

    public static ulong Mix(ulong counts, ulong rates, ulong text) =>
        BitOperations.RotateLeft((counts * 0x9E3779B97F4A7C15) ^ text, 29) * 0xC2B2AE3D27D4EB4F ^ (rates * 0x165667B19E3779F9);

    public static ulong Hash(byte* text, int length) => XxHash3.HashToUInt64(new ReadOnlySpan<byte>(text, length));

    /// <summary>Begins to load the place where the player most likely is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint id)
    {
        if (Sse.IsSupported)
        {
            var place = places + Place(id);
            Sse.Prefetch0(place);
            Sse.Prefetch0((byte*)place + 64);
        }
    }

    /// <summary>The player's place, empty when it is new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlayerState* Find(uint id)
    {
        for (var i = Place(id); ; i = (i + 1) & mask)
        {
            var place = places + i;
            if (place->Id == id)
            {
                return place;
            }

            if (place->Id == 0)
            {
                return Add(id);
            }
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(places);
        places = null;
    }

    private uint Place(uint id) => (id * 0x9E3779B1) >> shift;

    private PlayerState* Add(uint id)
    {
        if (++count * 2 > (int)mask)
        {
            Grow();
        }

        var place = Free(id);
        place->Id = id;
        return place;
    }

    private PlayerState* Free(uint id)
    {
        var i = Place(id);
        while (places[i].Id != 0)
        {
            i = (i + 1) & mask;
        }

        return places + i;
    }

    private void Grow()
    {
        var old = places;
        var length = mask + 1;
        shift--;
        mask = (mask << 1) | 1;
        places = Allocate((int)mask + 1);
        for (var i = 0; i < length; i++)
        {
            if (old[i].Id != 0)
            {
                *Free(old[i].Id) = old[i];
            }
        }

        NativeMemory.AlignedFree(old);
    }

    private static PlayerState* Allocate(int places)
    {
        var bytes = (nuint)places * (nuint)sizeof(PlayerState);
        var memory = NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(memory, bytes);
        return (PlayerState*)memory;
    }
}
