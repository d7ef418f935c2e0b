using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>64-bit hashes of what a record says, whatever its payload looked like.</summary>
/// <remarks>
/// Hashed are: the key's hash, which slots have a value, and for each value its kind or scale and its word or, of text, the length
/// and the bytes. So no two different contents are hashed from the same numbers. Each value is mixed by a full 64 x 64 bit product
/// whose other factor depends on the key and the slot, and the products are added up: none waits for the one before.
/// </remarks>
/// <param name="schema">The record types; their volatile fields are left out.</param>
internal sealed class ContentHash(RecordSchema schema)
{
    // Scales lie between -100 and 100; kinds are told apart from them by values in between.
    private const int KindTag = 110;

    // Odd numbers of evenly many random bits: words of few bits become factors of many.
    private const ulong First = 0xA076_1D64_78BD_642F;
    private const ulong Second = 0xE703_7ED1_A0B4_28DB;
    private const ulong Spread = 0x8EBC_6AF0_9C88_C6E3;

    private readonly FieldSet[] volatiles = [.. schema.Types.Select(Volatiles)];

    /// <summary>The slots whose change is not news.</summary>
    public static FieldSet Volatiles(RecordType type)
    {
        var slots = default(FieldSet);
        foreach (var field in type.Fields.Where(f => f.Volatile))
        {
            slots.Add(field.Slot);
        }

        return slots;
    }

    /// <summary>The hash of a key, its row's fields, of whether it is a removal, and of how surely the key is the entity's.</summary>
    public ulong Of(Row row, ulong key)
    {
        ref readonly var head = ref row.Head;
        var present = Unsafe.BitCast<FieldSet, UInt128>(head.Present - volatiles[head.Type]);
        var seed = Mix(key ^ First, ((ulong)head.Op | ((ulong)head.Confidence << 8)) + Second);
        var sum = Mix((ulong)present ^ First, (ulong)(present >> 64) ^ seed);
        var bytes = row.Batch.Bytes;
        var cells = row.Cells;
        for (var slot = 0U; present != 0; present >>= 64, slot = 64)
        {
            for (var slots = (ulong)present; slots != 0; slots &= slots - 1)
            {
                var at = slot + (uint)BitOperations.TrailingZeroCount(slots);
                sum += Of(cells[(int)at], bytes, seed, at);
            }
        }

        return Mix(sum ^ First, seed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Of(in Cell cell, ReadOnlySpan<byte> bytes, ulong seed, uint slot)
    {
        var kind = cell.Kind;
        if (kind == CellKind.Number)
        {
            return cell.Scale == 0 || (cell.Scale > 0 && !IsMultipleOfTen(cell.Bits))
                ? Mix((ulong)cell.Bits ^ First, Factor(seed, slot, (byte)cell.Scale, 0))
                : Canonical(cell.Bits, cell.Scale, seed, slot);
        }

        var length = (uint)(kind == CellKind.Text ? cell.Bits : kind == CellKind.BigNumber ? cell.Length : 0);
        var factor = Factor(seed, slot, KindTag + (uint)kind, length);
        return kind is CellKind.Text or CellKind.BigNumber
            ? Of(bytes.Slice(cell.Offset, (int)length), factor)
            : Mix((ulong)cell.Bits ^ First, factor);
    }

    private static ulong Canonical(long bits, sbyte scale, ulong seed, uint slot)
    {
        Decimals.Canonical(ref bits, ref scale);
        return Mix((ulong)bits ^ First, Factor(seed, slot, (byte)scale, 0));
    }

    /// <summary>What a value is multiplied with: another one for each key, slot, tag and length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Factor(ulong seed, uint slot, uint tag, uint length) => seed + ((((ulong)length << 16) | (slot << 8) | tag) * Spread);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Of(ReadOnlySpan<byte> text, ulong hash)
    {
        // All reads stay within the text: the last 8 or 16 bytes are read again where they overlap those before them.
        ref var at = ref MemoryMarshal.GetReference(text);
        var left = text.Length;
        if (left < sizeof(ulong))
        {
            return Mix(Few(text) ^ First, hash);
        }

        for (; left > 2 * sizeof(ulong); left -= 2 * sizeof(ulong))
        {
            hash = Mix(Word(ref at, 0) ^ First, Word(ref at, sizeof(ulong)) ^ hash);
            at = ref Unsafe.Add(ref at, 2 * sizeof(ulong));
        }

        var first = left < sizeof(ulong) ? left - (2 * sizeof(ulong)) : 0;
        return Mix(Word(ref at, first) ^ First, Word(ref at, left - sizeof(ulong)) ^ hash);
    }

    /// <summary>Less than eight bytes, in one word; the length tells apart what overlaps differently.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Few(ReadOnlySpan<byte> text) => text.Length switch
    {
        >= sizeof(uint) => BinaryPrimitives.ReadUInt32LittleEndian(text) | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(text[^sizeof(uint)..]) << 32),
        > 0 => text[0] | ((ulong)text[text.Length / 2] << 8) | ((ulong)text[^1] << 16),
        _ => 0,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte at, int offset) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, offset));

    /// <summary>Both halves of a product; the factors come in once more, so that a factor of zero doesn't hide the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        // The usual way to both halves goes through memory.
        var (high, low) = Bmi2.X64.IsSupported ? (Bmi2.X64.MultiplyNoFlags(a, b), a * b) : (Math.BigMul(a, b, out var product), product);
        return a ^ low ^ b ^ high;
    }

    // Multiplied by the inverse of 5 and turned by one bit, multiples of 10 alone become at most a tenth of all numbers; the addend
    // does the same for negative ones (Hacker's Delight, 10-17).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsMultipleOfTen(long number) =>
        BitOperations.RotateRight(((ulong)number * 0xCCCC_CCCC_CCCC_CCCD) + 0x1999_9999_9999_9998, 1) <= 0x1999_9999_9999_9998;
}
