using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Messages;

public sealed class PutTests
{
    private const int Room = 8192;

    private delegate ref byte Writer(ref byte to);

    [Fact]
    public void A_whole_number_has_its_digits() =>
        Gen.OneOf(Gen.Long, Gen.Long[-1000, 1000], Gen.Int[0, 63].Select(Gen.Long[-2, 2], (bit, near) => (1L << bit) + near), Gen.Int[0, 18].Select(Gen.Long[-2, 2], (power, near) => (long)Math.Pow(10, power) + near))
            .Sample(value => Assert.Equal(value.ToString(CultureInfo.InvariantCulture), Written((ref to) => ref Put.Long(ref to, value))));

    [Fact]
    public void The_smallest_and_largest_numbers_are_written()
    {
        Assert.Equal("-9223372036854775808", Written((ref to) => ref Put.Long(ref to, long.MinValue)));
        Assert.Equal("9223372036854775807", Written((ref to) => ref Put.Long(ref to, long.MaxValue)));
        Assert.Equal("-0." + new string('0', 81) + "9223372036854775808", Written((ref to) => ref Put.Decimal(ref to, long.MinValue, 100, -1)));
        Assert.Equal("9223372036854775807" + new string('0', 100), Written((ref to) => ref Put.Decimal(ref to, long.MaxValue, -100, -1)));
        Assert.Equal("-0.9", Written((ref to) => ref Put.Decimal(ref to, long.MinValue, 19, 1)));
        Assert.Equal("1", Written((ref to) => ref Put.Decimal(ref to, long.MaxValue, 19, 0)));
    }

    [Fact]
    public void A_decimal_keeps_all_its_digits() =>
        Gen.Select(Gen.OneOf(Gen.Long[-999_999_999_999_999_999, 999_999_999_999_999_999], Gen.Long[-20, 20]), Gen.Int[-8, 24]).Sample((mantissa, scale) =>
        {
            var exact = scale < 0
                ? mantissa * (decimal)Math.Pow(10, -scale)
                : new decimal((int)Math.Abs(mantissa), (int)(Math.Abs(mantissa) >> 32), 0, mantissa < 0, (byte)scale);
            var expected = mantissa == 0 && scale <= 0 ? "0" : exact.ToString(scale <= 0 ? "F0" : "F" + scale, CultureInfo.InvariantCulture);
            Assert.Equal(expected, Written((ref to) => ref Put.Decimal(ref to, mantissa, scale, -1)));
        });

    [Fact]
    public void An_instant_is_written_as_the_framework_does() =>
        Gen.Long[0, DateTime.MaxValue.Ticks].Sample(ticks => Assert.Equal(Expected(ticks), Written((ref to) => ref Put.Time(ref to, ticks))));

    [Fact]
    public void Every_day_of_the_calendars_cycle_and_the_turn_of_every_year_and_february_have_their_dates()
    {
        const int CycleDays = 146_097; // of the Gregorian calendar, 400 years
        var turns = Enumerable.Range(1, 9999).SelectMany(year => new DateTime[] { new(year, 1, 1), new(year, 2, 28), new(year, 3, 1), new(year, 12, 31) });
        foreach (var day in Enumerable.Range(0, CycleDays).Select(d => DateTime.MinValue.AddDays(d)).Concat(turns))
        {
            Assert.Equal(Expected(day.Ticks), Written((ref to) => ref Put.Time(ref to, day.Ticks)));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3_155_378_976_000_000_000)]
    public void What_is_no_instant_is_refused(long ticks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Written((ref to) => ref Put.Time(ref to, ticks)));

    [Fact]
    public void Text_is_escaped_as_the_framework_does() =>
        Gen.OneOf(
                Gen.String[Gen.Char["ab \"\\{}:,"], 0, 200],
                Gen.String[Gen.Char, 0, 100],
                Gen.String[Gen.Char["a\"\n\u0001\u007Fé€\uFEFF\u2028"], 0, 100],
                Gen.String[Gen.Char["abcdefgh"], 0, 200].Select(t => t + "😀\"end"))
            .Where(text => !text.Any(char.IsSurrogate) || text.EndsWith("end", StringComparison.Ordinal))
            .Sample(text =>
            {
                var expected = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
                Assert.Equal(expected, Written((ref to) => ref Put.Escaped(ref to, Encoding.UTF8.GetBytes(text))));
            });

    [Fact]
    public void What_is_no_utf8_is_escaped_as_the_framework_does() =>
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            // Where nothing needs escaping the framework copies the text unseen.
            var text = (byte[])[.. bytes, (byte)'"'];
            var expected = JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
            Assert.Equal(expected, Written((ref to) => ref Put.Escaped(ref to, text)));
        });

    [Fact]
    public void A_part_of_a_text_is_escaped_only_where_it_must_be() =>
        Gen.Select(Gen.String[Gen.Char["abc\"\\\n ~é"], 0, 120], Gen.Int[0, 100], Gen.Int[0, 100]).Sample((text, from, length) =>
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            from = Math.Min(from, bytes.Length);
            length = Math.Min(length, bytes.Length - from);
            var part = bytes.AsSpan(from, length).ToArray();
            Assert.Equal(part, Bytes((ref to) => ref Put.Slice(ref to, bytes, from, length)));
            var expected = RecordEncoder.NeedsEscaping(part) ? JsonEncodedText.Encode(part, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes : part;
            Assert.Equal(expected.ToArray(), Bytes((ref to) => ref Put.Checked(ref to, bytes, from, length)));
        });

    [Theory]
    [InlineData(-1, 3)]
    [InlineData(60, 5)]
    [InlineData(3, -1)]
    [InlineData(0, 65)]
    [InlineData(int.MaxValue, 1)]
    public void A_part_that_lies_outside_is_refused(int offset, int length)
    {
        var bytes = new byte[64];
        Assert.Throws<ArgumentOutOfRangeException>(() => Written((ref to) => ref Put.Slice(ref to, bytes, offset, length)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Written((ref to) => ref Put.Checked(ref to, bytes, offset, length)));
    }

    private static string Expected(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Written(Writer write) => Encoding.UTF8.GetString(Bytes(write));

    private static byte[] Bytes(Writer write)
    {
        var buffer = new byte[Room];
        ref var end = ref write(ref buffer[0]);
        return buffer[..(int)System.Runtime.CompilerServices.Unsafe.ByteOffset(ref buffer[0], ref end)];
    }
}
