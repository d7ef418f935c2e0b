using System.Globalization;
using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class KnownDateTests
{
    private const string Notation = "yyyy-MM-ddTHH:mm:ss.fffZ";

    private static readonly Gen<DateTime> Day = Gen.Long[0, DateTime.MaxValue.Ticks / TimeSpan.TicksPerDay].Select(d => new DateTime(d * TimeSpan.TicksPerDay));

    private static readonly Gen<int> InDay = Gen.Int[0, (int)(TimeSpan.TicksPerDay / TimeSpan.TicksPerMillisecond) - 1];

    [Fact]
    public void All_times_of_the_day_are_read() => Gen.Select(Day, InDay, InDay).Sample(
        (day, first, second) =>
        {
            var known = Known(day.AddMilliseconds(first));
            Assert.True(known.TryRead(Text(day.AddMilliseconds(second)), out var ticks));
            Assert.Equal(day.AddMilliseconds(second).Ticks, ticks);
        },
        iter: 20_000);

    [Fact]
    public void What_is_no_time_of_the_day_is_not_read() => Gen.Select(Day, InDay, Gen.Int[0, Notation.Length - 1], Gen.Byte).Sample(
        (day, milliseconds, at, c) =>
        {
            var text = Text(day.AddMilliseconds(milliseconds));
            var known = Known(day.AddMilliseconds(milliseconds));
            text[at] = c;
            if (known.TryRead(text, out var ticks))
            {
                Assert.True(IsoTime.TryParse(text, TimeZoneInfo.Utc, out var expected));
                Assert.Equal(expected, ticks);
                Assert.True(at > "yyyy-MM-ddT".Length - 1 || text.AsSpan().SequenceEqual(Text(day.AddMilliseconds(milliseconds))));
            }
        },
        iter: 50_000);

    [Theory]
    [InlineData("2025-06-04T17:00:01Z")]
    [InlineData("2025-06-04T17:00:01.45Z")]
    [InlineData("2025-06-04T17:00:01.4530Z")]
    [InlineData("2025-06-04T17:00:01+01:00")]
    [InlineData("2025-06-04T17:00:01.45\u0003Z")]
    public void Other_notations_are_not_kept(string text)
    {
        var known = default(KnownDate);
        known.Keep(Encoding.UTF8.GetBytes(text), new DateTime(2025, 6, 4, 17, 0, 1).Ticks);
        Assert.Equal(default, known);
    }

    [Fact]
    public void A_reader_gives_what_it_gives_without_a_time_before()
    {
        var reader = TimeReader.Compile(null, "America/New_York", out _)!;
        var texts = new[]
        {
            "2025-06-04T17:00:01.453Z", "2025-06-04T23:59:59.999Z", "2025-06-04T24:00:00.000Z", "2025-06-05T00:00:00.000Z", "2025-06-04T17:00:01.453Z",
            "2025-06-04T17:00:01.453", "2025-06-04T17:00:01.45+02", "2025-06-04T17:00:60.453Z", "2025-06-04T17:00:01.4a3Z", "2025-06-04T17:00:01.453z",
        };
        foreach (var text in texts)
        {
            var value = Encoding.UTF8.GetBytes(text);
            var isTime = TimeReader.Compile(null, "America/New_York", out _)!.TryRead(Operand.String(value), out var expected);
            Assert.Equal(isTime, reader.TryRead(Operand.String(value), out var ticks));
            Assert.True(!isTime || ticks == expected, text);
        }
    }

    [Fact]
    public void Of_other_formats_no_date_is_kept()
    {
        var reader = TimeReader.Compile("unixMilliseconds", null, out _)!;
        Assert.True(reader.TryRead(Operand.Number("1749056401453"u8, 0), out _));
        Assert.False(reader.TryReadAlike("2025-06-04T17:00:01.453Z"u8, out _));
    }

    private static KnownDate Known(DateTime time)
    {
        var known = default(KnownDate);
        known.Keep(Text(time), time.Ticks);
        return known;
    }

    private static byte[] Text(DateTime time) => Encoding.UTF8.GetBytes(time.ToString(Notation, CultureInfo.InvariantCulture));
}
