using System.Runtime.InteropServices;
using CsCheck;
using StreamEngine.Pipeline.Transforms;

namespace StreamEngine.Pipeline.Tests.Transforms;

public class CellValuesTests
{
    [Fact]
    public void Texts_of_any_length_differ_wherever_a_byte_does() =>
        Gen.Select(Gen.Byte.Array[0, 70], Gen.Int[0, 1000], Gen.Byte).Sample((a, at, change) =>
        {
            var b = (byte[])a.Clone();
            if (b.Length > 0)
            {
                b[at % b.Length] ^= change;
            }

            Assert.Equal(
                a.AsSpan().SequenceEqual(b),
                CellValues.Same(ref MemoryMarshal.GetArrayDataReference(a), ref MemoryMarshal.GetArrayDataReference(b), a.Length));
        }, iter: 20_000);
}
