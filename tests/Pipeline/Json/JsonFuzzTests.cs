using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>Our tape against System.Text.Json, on documents made at random and then damaged.</summary>
public class JsonFuzzTests
{
    private static readonly string[] Spaces = ["", "", "", "", " ", "\n  ", "\t", "\r\n", "          "];

    private static readonly Gen<string> Space = Gen.OneOf(Spaces);

    private static readonly Gen<string> Piece = Gen.OneOf(
        Gen.OneOf("a", "id", "name", "x y", "\u00e9", "\u20ac", "\U0001F600", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\\udc00", "\u007f"),
        Gen.Char['a', 'z'].Array[0, 70].Select(c => new string(c)));

    private static readonly Gen<string> Text = Piece.Array[0, 4].Select(p => "\"" + string.Concat(p) + "\"");

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Int[-20, 20].Select(i => $"{i}"),
        Gen.Long.Select(l => $"{l}"),
        Gen.Select(Gen.Int[-1000, 1000], Gen.Int[0, 99_999_999], (a, b) => $"{a}.{b}"),
        Gen.Select(Gen.Int[-99_999_999, 99_999_999], Gen.Int[0, 9], Gen.OneOf("e", "E", "e+", "e-"), Gen.Int[0, 120], (a, b, e, x) => $"{a}.{b}{e}{x}"),
        Gen.Char['0', '9'].Array[1, 30].Select(c => "1" + new string(c)),
        Gen.OneOf("0", "-0", "0.0", "-0.0", "0e0", "1e100", "1e101", "1E-100", "9223372036854775807", "9223372036854775808"));

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, value) =>
    {
        var scalar = Gen.Frequency((3, Text), (3, Number), (1, Gen.OneOf("null", "true", "false")));
        if (depth > 5)
        {
            return scalar;
        }

        var array = Gen.Select(value.Array[0, 5], Space, (v, s) => $"[{s}{string.Join($"{s},{s}", v)}{s}]");
        var member = Gen.Select(Text, Space, value, (n, s, v) => $"{n}{s}:{s}{v}");
        var obj = Gen.Select(member.Array[0, 5], Space, (m, s) => $"{{{s}{string.Join($"{s},{s}", m)}{s}}}");
        return Gen.Frequency((2, scalar), (2, array), (3, obj));
    });

    private static readonly Gen<byte[]> Document = Gen.Select(Space, Json, Space, (a, j, b) => Encoding.UTF8.GetBytes(a + j + b));

    private static readonly byte[] Likely = "{}[]\",:\\0123456789.eE+-truefalsn \t\n\0\x7f/u"u8.ToArray();

    private static readonly Gen<byte> AnyByte = Gen.Frequency((4, Gen.Int[0, 40].Select(i => Likely[i % Likely.Length])), (1, Gen.Byte));

    private static readonly Gen<byte[]> Damaged = Gen.Select(Document, Gen.Int[0, 3], Gen.Select(Gen.Double.Unit, Gen.Int[0, 4], AnyByte).Array[1, 3], (json, _, hits) =>
    {
        foreach (var (where, how, what) in hits)
        {
            var at = (int)(where * json.Length);
            json = how switch
            {
                0 when json.Length > at => [.. json[..at], what, .. json[(at + 1)..]],
                1 => [.. json[..at], what, .. json[at..]],
                2 when json.Length > at => [.. json[..at], .. json[(at + 1)..]],
                3 => json[..at],
                _ => [.. json, what],
            };
        }

        return json;
    });

    [Fact]
    public void Reads_what_the_framework_reads() => Document.Sample(Agree, iter: 5_000);

    [Fact]
    public void Refuses_what_the_framework_refuses() => Damaged.Sample(Agree, iter: 15_000);

    [Fact]
    public void What_stands_behind_a_document_changes_nothing() => Gen.Select(Damaged, Damaged).Sample((json, next) =>
    {
        var (alone, before) = (new JsonTape(), new JsonTape());
        alone.Read(json, 0, json.Length);
        before.Read([7, .. json, .. next, .. next, .. new byte[100]], 1, json.Length);
        Assert.Equal(alone.Error, before.Error);
        for (var i = 0; alone.IsValid && i < alone.After(0); i++)
        {
            var (a, b) = (alone.Tokens[i], before.Tokens[i]);
            Assert.Equal((a.Meta, a.Start, a.Length), (b.Meta, b.Start - 1, b.Length));
            Assert.Equal(a.Kind == JsonKind.Number && !a.IsBig ? a.Bits : 0, b.Kind == JsonKind.Number && !b.IsBig ? b.Bits : 0);
        }
    }, iter: 4_000);

    private static void Agree(byte[] json)
    {
        var tape = new JsonTape();

        // With room behind it, as in a batch: then the fast way is taken, which the last test holds to the careful one.
        var ours = tape.Read([.. json, .. new byte[100]], 0, json.Length);
        using var theirs = Parse(json);
        if (theirs is null)
        {
            Assert.False(ours, "accepted");
            return;
        }

        if (!ours)
        {
            Assert.True(tape.Fault == JsonFault.HalfPairInName && HasBrokenName(theirs.RootElement), tape.Error);
            return;
        }

        Assert.Equal(tape.After(0), Compare(tape, json, 0, theirs.RootElement));
    }

    private static JsonDocument? Parse(byte[] json)
    {
        try
        {
            // The framework takes any bytes inside strings; we read UTF-8 only.
            return Utf8.IsValid(json) ? JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = JsonTape.MaxDepth }) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Holds a value against the framework's.</summary>
    /// <returns>The index behind it.</returns>
    private static int Compare(JsonTape tape, byte[] json, int at, JsonElement expected)
    {
        var token = tape.Tokens[at];
        var (start, length) = tape.Raw(at);
        Assert.Equal(expected.GetRawText(), Encoding.UTF8.GetString(json, start, length));
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(JsonKind.Object, token.Kind);
                var member = at + 1;
                foreach (var property in expected.EnumerateObject())
                {
                    Assert.True(JsonTape.IsNamed(json, tape.Tokens[member], Encoding.UTF8.GetBytes(property.Name)));
                    Assert.Equal(property.Value.ValueKind, JsonValueKindOf(tape.Tokens[member + 1].Kind));
                    member = Compare(tape, json, member + 1, property.Value);
                }

                Assert.Equal(token.Next, member);
                break;
            case JsonValueKind.Array:
                Assert.Equal(JsonKind.Array, token.Kind);
                var item = at + 1;
                foreach (var element in expected.EnumerateArray())
                {
                    item = Compare(tape, json, item, element);
                }

                Assert.Equal(token.Next, item);
                break;
            case JsonValueKind.String:
                Assert.Equal(TextOf(expected), new JsonValue(tape, json, at).GetText());
                break;
            case JsonValueKind.Number:
                var exact = Decimals.TryParse(json.AsSpan(start, length), out var mantissa, out var scale);
                Assert.Equal((JsonKind.Number, !exact), (token.Kind, token.IsBig));
                Assert.Equal(exact ? (mantissa, scale) : default, exact ? (token.Bits, token.Scale) : default);
                break;
            default:
                Assert.Equal(expected.ValueKind, JsonValueKindOf(token.Kind));
                break;
        }

        return tape.After(at);
    }

    private static string? TextOf(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool HasBrokenName(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(p => IsBroken(p) || HasBrokenName(p.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasBrokenName),
        _ => false,
    };

    private static bool IsBroken(JsonProperty property)
    {
        try
        {
            return property.Name.Length < 0;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private static JsonValueKind JsonValueKindOf(JsonKind kind) => Enum.Parse<JsonValueKind>(kind.ToString());
}
