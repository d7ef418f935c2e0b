using CsCheck;
using StreamEngine.Pipeline.Transforms.Deduplicate;

namespace StreamEngine.Pipeline.Tests.Transforms.Deduplicate;

public class ContentHashTests
{
    private static readonly ContentHash Hash = new(TestBatch.DefaultSchema());

    [Fact]
    public void Small_numbers_in_few_fields_have_a_hash_each()
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", fields: [("hits", 0), ("atBats", 0), ("average", 0), ("home", false)]);
        var cells = row.Cells;
        var seen = new HashSet<ulong>();
        for (var i = 0; i < 1 << 20; i++)
        {
            cells[2].Bits = i & 127;
            cells[3].Bits = (i >> 7) & 127;
            cells[4].Bits = (i >> 14) & 31;
            cells[5].Bits = i >> 19;
            Assert.True(seen.Add(Hash.Of(row, 1)));
        }
    }

    [Fact]
    public void Every_bit_of_the_hash_depends_on_every_value()
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k", fields: [("hits", 0), ("atBats", 0)]);
        var flips = new int[64];
        for (var i = 0; i < 2000; i++)
        {
            row.Cells[3].Bits = i;
            row.Cells[2].Bits = 0;
            var before = Hash.Of(row, 1);
            row.Cells[2].Bits = 1L << (i % 40);
            var flipped = before ^ Hash.Of(row, 1);
            for (var bit = 0; bit < 64; bit++)
            {
                flips[bit] += (int)(flipped >> bit & 1);
            }
        }

        Assert.All(flips, f => Assert.InRange(f, 850, 1150));
    }

    [Fact]
    public void Texts_are_told_apart_by_every_byte_and_by_length() =>
        Gen.Select(Gen.Byte[1, 3].Array[0, 50], Gen.Byte[1, 3].Array[0, 50]).Sample((a, b) =>
            Assert.Equal(a.AsSpan().SequenceEqual(b), Of(a) == Of(b)), iter: 3000);

    [Fact]
    public void One_byte_repeated_has_a_hash_for_each_length() =>
        Assert.Equal(60, Enumerable.Range(0, 60).Select(n => Of([.. Enumerable.Repeat((byte)'a', n)])).Distinct().Count());

    [Fact]
    public void A_text_differs_from_one_with_a_byte_changed_or_gone() =>
        Gen.Select(Gen.Byte.Array[1, 50], Gen.Int[0, 1000], Gen.Byte[1, 255]).Sample((text, at, change) =>
        {
            var other = (byte[])text.Clone();
            other[at % other.Length] ^= change;
            Assert.NotEqual(Of(text), Of(other));
            Assert.NotEqual(Of(text), Of(text[..^1]));
        }, iter: 3000);

    private static ulong Of(byte[] text)
    {
        var batch = new TestBatch();
        var row = batch.Row("player", "k");
        row.Set(0, text.AsSpan());
        return Hash.Of(row, 1);
    }
}
