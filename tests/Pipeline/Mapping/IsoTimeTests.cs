using System.Globalization;
using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class IsoTimeTests
{
    private static readonly string[] General = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private static readonly Gen<string> Written = Gen.Select(
        Gen.Long[DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks],
        Gen.Int[0, 8],
        Gen.OneOf(Gen.OneOf("Z", "", "z", "+00:00", "-00:00"), Gen.Select(Gen.OneOf("+", "-"), Gen.Int[0, 16], Gen.Int[0, 62], (s, h, m) => $"{s}{h:00}:{m:00}")),
        (ticks, decimals, zone) =>
        {
            var text = new DateTime(ticks).ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture) + "0";
            return (decimals == 0 ? text[..19] : text[..(20 + decimals)]) + zone;
        });

    private static readonly Gen<string> Damaged = Gen.Select(Written, Gen.Double.Unit, Gen.Char["0123456789-:TZ+. "], (text, where, c) =>
    {
        var at = (int)(where * text.Length);
        return text[..at] + c + text[(at + 1)..];
    });

    [Fact]
    public void Digits_give_what_the_general_way_gives() => Gen.OneOf(Written, Damaged).Sample(
        text =>
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            if (IsoTime.TryParseUsual(utf8, out var ticks))
            {
                Assert.True(IsoTime.TryParse(utf8, General, TimeZoneInfo.Utc, out var expected));
                Assert.Equal(expected, ticks);
            }
        },
        iter: 20_000);

    [Theory]
    [InlineData("2025-06-04T17:00:01.453Z", true)]
    [InlineData("2025-06-04T17:00:01Z", true)]
    [InlineData("2025-06-04T17:00:01.1234567-13:59", true)]
    [InlineData("2024-02-29T00:00:00Z", true)]
    [InlineData("2025-02-29T00:00:00Z", false)]
    [InlineData("2025-06-04T17:00:01", false)]
    [InlineData("2025-06-04T24:00:00Z", false)]
    [InlineData("2025-06-04T17:00:01.Z", false)]
    [InlineData("2025-06-04T17:00:01.12345678Z", false)]
    [InlineData("0001-01-01T00:00:00+01:00", false)]
    [InlineData("2025-06-04 17:00:01Z", false)]
    public void The_usual_shape_is_read_by_its_digits(string text, bool expected) =>
        Assert.Equal(expected, IsoTime.TryParseUsual(Encoding.UTF8.GetBytes(text), out _));
}
