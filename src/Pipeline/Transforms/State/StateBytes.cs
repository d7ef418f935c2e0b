using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace StreamEngine.Pipeline.Transforms.State;

/// <summary>Writes many small things with few calls of the buffer behind it. Numbers are little endian, as in memory.</summary>
/// <param name="to">Where it goes.</param>
internal ref struct StateBytesWriter(IBufferWriter<byte> to)
{
    private Span<byte> room;
    private int used;

    /// <summary>Writes bytes.</summary>
    public void Write(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Writes a number, or a structure of numbers.</summary>
    public void Write<T>(T value)
        where T : unmanaged => MemoryMarshal.Write(Take(Unsafe.SizeOf<T>()), in value);

    /// <summary>Hands over what was written; called at the end.</summary>
    public void Flush()
    {
        to.Advance(used);
        room = default;
        used = 0;
    }

    private Span<byte> Take(int count)
    {
        if (count > room.Length - used)
        {
            Flush();
            room = to.GetSpan(count);
        }

        used += count;
        return room.Slice(used - count, count);
    }
}

/// <summary>Reads what <see cref="StateBytesWriter"/> wrote, or what is left of it: nothing that it gives was not there.</summary>
/// <param name="bytes">The bytes.</param>
internal ref struct StateBytesReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> left = bytes;

    /// <summary>How many bytes are left.</summary>
    public readonly int Left => left.Length;

    /// <summary>Reads a number, or a structure of numbers.</summary>
    public bool TryRead<T>(out T value)
        where T : unmanaged
    {
        if (!TryTake(Unsafe.SizeOf<T>(), out var taken))
        {
            value = default;
            return false;
        }

        value = MemoryMarshal.Read<T>(taken);
        return true;
    }

    /// <summary>Takes as many bytes; false when the count makes no sense.</summary>
    public bool TryTake(int count, out ReadOnlySpan<byte> taken)
    {
        if ((uint)count > (uint)left.Length)
        {
            taken = default;
            return false;
        }

        taken = left[..count];
        left = left[count..];
        return true;
    }
}
