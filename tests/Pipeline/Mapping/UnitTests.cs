using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class UnitTests
{
    [Theory]
    [InlineData("6' 5\"", "ft-in", "cm", "195.58")]
    [InlineData("6'5\"", "ft-in", "in", "77")]
    [InlineData("6'", "ft-in", "in", "72")]
    [InlineData("11.5\"", "ft-in", "in", "11.5")]
    [InlineData("100", "mph", "km/h", "160.9344")]
    [InlineData("36", "km/h", "m/s", "10")]
    [InlineData("215", "lb", "kg", "97.52236")]
    [InlineData("16", "oz", "lb", "1")]
    [InlineData("78", "F", "C", "25.555556")]
    [InlineData("-40", "F", "C", "-40")]
    [InlineData("0", "K", "F", "-459.67")]
    [InlineData("1.5", "h", "min", "90")]
    [InlineData("52.2", "percent", "fraction", "0.522")]
    [InlineData("113.2", "innings", "outs", "341")]
    [InlineData("+150", "americanOdds", "decimalOdds", "2.5")]
    [InlineData("-8000", "americanOdds", "decimalOdds", "1.0125")]
    [InlineData("9/4", "fractionalOdds", "decimalOdds", "3.25")]
    [InlineData("1/3", "fractionalOdds", "decimalOdds", "1.333333")]
    [InlineData("1e2", "cm", "m", "1")]
    [InlineData("999999999999999", "m", "m", "999999999999999")]
    public void Converts(string text, string from, string to, string expected)
    {
        Assert.True(Unit.All[from].TryConvert(Operand.String(Encoding.UTF8.GetBytes(text)), Unit.All[to], Unit.Decimals, out var made));
        Assert.True(Decimals.TryParse(Encoding.UTF8.GetBytes(expected), out var mantissa, out var scale));
        Decimals.Canonical(ref mantissa, ref scale);
        Assert.Equal((mantissa, scale), (made.Bits, made.Scale));
    }

    [Theory]
    [InlineData("tall", "ft-in")]
    [InlineData("", "ft-in")]
    [InlineData("'", "ft-in")]
    [InlineData("\"", "ft-in")]
    [InlineData("6' 5", "ft-in")]
    [InlineData("6' -5\"", "ft-in")]
    [InlineData("-6'", "ft-in")]
    [InlineData("5.3", "innings")]
    [InlineData("5.25", "innings")]
    [InlineData("-1.1", "innings")]
    [InlineData("99", "americanOdds")]
    [InlineData("0", "americanOdds")]
    [InlineData("EVEN", "americanOdds")]
    [InlineData("9", "fractionalOdds")]
    [InlineData("9/0", "fractionalOdds")]
    [InlineData("/4", "fractionalOdds")]
    [InlineData("1e99", "m")]
    [InlineData("1e-99", "m")]
    [InlineData("9223372036854775807", "km")]
    public void Refuses(string text, string from) =>
        Assert.False(Unit.All[from].TryConvert(Operand.String(Encoding.UTF8.GetBytes(text)), Unit.All[from], Unit.Decimals, out _));

    [Fact]
    public void There_and_back_again_is_the_same()
    {
        foreach (var (from, to) in Unit.All.Values.Where(u => u.IsWritten).SelectMany(u => Unit.All.Values.Where(o => o.IsWritten && o.Fits(u)), (to, from) => (from, to)))
        {
            var there = new Operand { Kind = OperandKind.Number, Bits = 123456, Offset = Operand.Nowhere };
            Assert.True(from.TryConvert(there, to, 12, out var between));
            Assert.True(to.TryConvert(between, from, 3, out var back));
            Assert.True(back is { Bits: 123456, Scale: 0 }, $"{from.Name} to {to.Name}");
        }
    }
}
