using System.Numerics;
using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Messages;

/// <summary>A set of slots of one record type (at most <see cref="Capacity"/>), as two machine words.</summary>
public struct FieldSet : IEquatable<FieldSet>
{
    /// <summary>The most fields a record type may declare.</summary>
    public const int Capacity = 128;

    private ulong low;
    private ulong high;

    /// <summary>True when no slot is in the set.</summary>
    public readonly bool IsEmpty => (low | high) == 0;

    /// <summary>How many slots are in the set.</summary>
    public readonly int Count => BitOperations.PopCount(low) + BitOperations.PopCount(high);

    /// <summary>Well mixed bits of the set, the upper ones best.</summary>
    internal readonly ulong Hash => (low ^ BitOperations.RotateLeft(high, 32)) * 0x9E37_79B9_7F4A_7C15;

    /// <summary>The set of the first slots.</summary>
    /// <param name="count">How many; at most <see cref="Capacity"/>.</param>
    internal static FieldSet First(int count) => new()
    {
        low = count >= 64 ? ulong.MaxValue : (1UL << count) - 1,
        high = count >= 128 ? ulong.MaxValue : count <= 64 ? 0 : (1UL << (count - 64)) - 1,
    };

    /// <summary>Whether <paramref name="slot"/> is in the set.</summary>
    public readonly bool Has(int slot) => ((slot < 64 ? low : high) >> (slot & 63) & 1) != 0;

    /// <summary>How many slots of the set are below <paramref name="slot"/>.</summary>
    public readonly int Rank(int slot) => slot < 64
        ? BitOperations.PopCount(low & ((1UL << slot) - 1))
        : BitOperations.PopCount(low) + BitOperations.PopCount(high & ((1UL << (slot & 63)) - 1));

    /// <summary>Puts <paramref name="slot"/> into the set.</summary>
    public void Add(int slot)
    {
        if (slot < 64)
        {
            low |= 1UL << slot;
        }
        else
        {
            high |= 1UL << (slot & 63);
        }
    }

    /// <summary>Takes <paramref name="slot"/> out of the set.</summary>
    public void Remove(int slot)
    {
        if (slot < 64)
        {
            low &= ~(1UL << slot);
        }
        else
        {
            high &= ~(1UL << (slot & 63));
        }
    }

    /// <summary>The slots in either set.</summary>
    public static FieldSet operator |(FieldSet a, FieldSet b) => new() { low = a.low | b.low, high = a.high | b.high };

    /// <summary>The slots in both sets.</summary>
    public static FieldSet operator &(FieldSet a, FieldSet b) => new() { low = a.low & b.low, high = a.high & b.high };

    /// <summary>The slots of <paramref name="a"/> that are not in <paramref name="b"/>.</summary>
    public static FieldSet operator -(FieldSet a, FieldSet b) => new() { low = a.low & ~b.low, high = a.high & ~b.high };

    /// <summary>Whether both sets hold the same slots.</summary>
    public static bool operator ==(FieldSet a, FieldSet b) => a.low == b.low && a.high == b.high;

    /// <summary>Whether the sets differ.</summary>
    public static bool operator !=(FieldSet a, FieldSet b) => !(a == b);

    /// <inheritdoc/>
    public readonly bool Equals(FieldSet other) => this == other;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is FieldSet other && this == other;

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(low, high);

    /// <summary>Enumerates the slots in ascending order, without allocating.</summary>
    public readonly Enumerator GetEnumerator() => new(low, high);

    /// <summary>Walks a set's slots.</summary>
    public struct Enumerator
    {
        private ulong low;
        private ulong high;

        internal Enumerator(ulong low, ulong high)
        {
            this.low = low;
            this.high = high;
            Current = -1;
        }

        /// <summary>The slot the walk stands on.</summary>
        public int Current { get; private set; }

        /// <summary>Goes to the next slot; false at the end.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            if (low != 0)
            {
                Current = BitOperations.TrailingZeroCount(low);
                low &= low - 1;
                return true;
            }

            if (high != 0)
            {
                Current = 64 + BitOperations.TrailingZeroCount(high);
                high &= high - 1;
                return true;
            }

            return false;
        }
    }
}
