using System.Globalization;
using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Messages;

public sealed class DecimalsTests
{
    [Fact]
    public void A_decimal_is_read_exactly() =>
        Gen.Select(Gen.Long[-999_999_999_999_999_999, 999_999_999_999_999_999], Gen.Int[0, 18]).Sample((mantissa, scale) =>
        {
            var text = new decimal(mantissa) / (decimal)Math.Pow(10, scale);
            var written = text.ToString(CultureInfo.InvariantCulture);
            Assert.True(Decimals.TryParse(Encoding.UTF8.GetBytes(written), out var read, out var readScale));
            Decimals.Normalize(ref read, ref readScale);
            sbyte normalScale = (sbyte)scale;
            Decimals.Normalize(ref mantissa, ref normalScale);
            Assert.Equal((mantissa, normalScale), (read, readScale));
        });

    [Fact]
    public void The_double_of_a_cell_is_the_nearest_one() =>
        Gen.Double[-1e12, 1e12].Sample(value =>
        {
            var token = Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture));
            var parsed = Decimals.TryParse(token, out var mantissa, out var scale);
            var cell = parsed
                ? new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale, Length = (ushort)token.Length }
                : new Cell { Kind = CellKind.BigNumber, Length = (ushort)token.Length };
            Assert.Equal(value, Decimals.ToDouble(cell, token));
        });

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1.2.3")]
    [InlineData("12a")]
    [InlineData("1e")]
    [InlineData("1e999")]
    [InlineData("9223372036854775808")]
    [InlineData("123456789012345678901234567890")]
    [InlineData(".---")]
    public void What_is_no_number_of_64_bits_is_refused(string text) =>
        Assert.False(Decimals.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));

    [Theory]
    [InlineData(".272", 272, 3)]
    [InlineData("+3", 3, 0)]
    [InlineData("1e3", 1, -3)]
    [InlineData("-0", 0, 0)]
    [InlineData("12.50", 1250, 2)]
    [InlineData("9223372036854775807", long.MaxValue, 0)]
    public void Forms_that_providers_use_are_read(string text, long mantissa, int scale)
    {
        Assert.True(Decimals.TryParse(Encoding.UTF8.GetBytes(text), out var read, out var readScale));
        Assert.Equal((mantissa, (sbyte)scale), (read, readScale));
    }
}
