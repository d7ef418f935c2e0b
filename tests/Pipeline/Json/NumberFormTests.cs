using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Tests.Json;

public class NumberFormTests
{
    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Int[0, 12].Select(i => $"{i}"),
        Gen.Int[0, 123_456_789].Select(i => $"{i}"),
        Gen.Select(Gen.Int[0, 12345], Gen.Int[0, 7]).Select((n, s) => $"{n / 7}.{n.ToString($"D{s + 1}", System.Globalization.CultureInfo.InvariantCulture)[..(s + 1)]}"),
        Gen.OneOf("0", "00", "01", "0.5", "0.", ".5", "-1", "1e5", "1.5e3", "15e-1", "", "x", "1.2.3", "12345678", "1234567.", "0.123456", "9.9999999"));

    [Fact]
    public void Of_its_form_is_a_number_that_is_read_otherwise_with_the_same_result() => Gen.Select(Number, Number, Gen.OneOf(",", "}", " ", "x", ".", "9", "e1", "\0")).Sample(
        (like, text, behind) =>
        {
            var model = default(JsonToken);
            var bytes = Encoding.UTF8.GetBytes(like);
            var form = JsonNumbers.Read(bytes, ref model) == bytes.Length ? NumberForm.Of(bytes.Length, model.Scale, like.StartsWith('-')) : NumberForm.None;
            var memory = Encoding.UTF8.GetBytes(text + behind + "        ");
            ref readonly var known = ref NumberForm.At(form);
            if (!known.TryRead(ref memory[0], out var digits))
            {
                // The only reason is that it is written otherwise.
                Assert.NotEqual(form == NumberForm.None ? "" : Shape(like), Shape(text) is { Length: > 0 } shape ? shape : "none");
                return;
            }

            // What the form says is a number, as far as it goes.
            var token = default(JsonToken);
            Assert.Equal(known.Length, JsonNumbers.Read(memory.AsSpan(0, known.Length), ref token));
            Assert.Equal((token.Bits, token.Meta), (digits, known.Meta));
        },
        iter: 200_000);

    [Theory]
    [InlineData(1, 0, "7", 7)]
    [InlineData(5, 3, "0.345", 345)]
    [InlineData(8, 0, "98765432", 98_765_432)]
    [InlineData(8, 6, "3.141592", 3_141_592)]
    public void Reads_its_numbers(int length, int scale, string text, long digits)
    {
        var memory = Encoding.UTF8.GetBytes(text + ",      ");
        Assert.True(NumberForm.At(NumberForm.Of(length, scale, isNegative: false)).TryRead(ref memory[0], out var found));
        Assert.Equal(digits, found);
    }

    [Theory]
    [InlineData(9, 0, false)]
    [InlineData(2, 0, true)]
    [InlineData(3, -5, false)]
    [InlineData(4, 3, false)]
    public void Other_numbers_have_no_form(int length, int scale, bool isNegative) => Assert.Equal(NumberForm.None, NumberForm.Of(length, scale, isNegative));

    /// <summary>Digits as 9s; empty for what has no form.</summary>
    private static string Shape(string text)
    {
        var token = default(JsonToken);
        var bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length > 0 && JsonNumbers.Read(bytes, ref token) == bytes.Length && NumberForm.Of(bytes.Length, token.Scale, text.StartsWith('-')) != NumberForm.None && !text.Contains('e', StringComparison.Ordinal)
            ? string.Concat(text.Select(c => char.IsAsciiDigit(c) ? '9' : c))
            : "";
    }
}
