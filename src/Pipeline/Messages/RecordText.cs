using System.Text.Encodings.Web;
using System.Text.Json;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Messages;

/// <summary>What the encoded records of one type have in common, made once.</summary>
internal sealed class RecordText
{
    public RecordText(string name, IReadOnlyList<FieldInfo> fields, IReadOnlyList<string> rules, IReadOnlyList<string> events)
    {
        var kind = $"\",\"kind\":{Json(name)},\"event\":";
        ToRevision = [.. events.Prepend(Update(name)).Select(e => Fragment($"{kind}{Json(e)},\"revision\":"))];
        ToSequence = Fragment($"{kind}{Json(Update(name))},\"sequence\":");
        Names = [.. fields.Select(f => Fragment($",{Json(f.Name)}:\""))];
        Missing = [.. fields.Select(f => Reason("missing", f.Name))];
        Invalid = [.. fields.Select(f => Reason("invalid", f.Name))];
        BrokenRules = [.. rules.Select(r => Reason("broken rule", r))];
        Decimals = [.. fields.Select(f => f.Decimals ?? -1)];

        NotesBound = 2 * (Put.TimeLength + Sum(Names));

        // A field's name stands in the record up to three times: as changed, with its value, and with its origin.
        Bound = ToRevision.Max(t => t.Length) + Sum(Missing) + Sum(Invalid) + Sum(BrokenRules) + (3 * Sum(Names)) + (fields.Count * (Put.MostDigits + Put.TimeLength));
    }

    /// <summary>From the key's end to the revision, by <see cref="RowHead.Event"/>.</summary>
    public JsonFragment[] ToRevision { get; }

    /// <summary>From the key's end to the sequence, of a record without a revision.</summary>
    public JsonFragment ToSequence { get; }

    /// <summary>By slot: <c>,"name":"</c>.</summary>
    public JsonFragment[] Names { get; }

    /// <summary>By slot: <c>,"missing name"</c>.</summary>
    public JsonFragment[] Missing { get; }

    /// <summary>By slot: <c>,"invalid name"</c>.</summary>
    public JsonFragment[] Invalid { get; }

    /// <summary>By rule: <c>,"broken rule text"</c>.</summary>
    public JsonFragment[] BrokenRules { get; }

    /// <summary>By slot: digits kept after the point; -1 keeps all.</summary>
    public int[] Decimals { get; }

    /// <summary>Lists of changed, corrected and conflicting fields.</summary>
    public JsonFragmentCache Changes { get; } = new();

    /// <summary>Most bytes of a record apart from its texts, tokens and source names, and from what all types have in common.</summary>
    public int Bound { get; }

    /// <summary>Most bytes of the lists of fields that are in conflict or corrected.</summary>
    public int NotesBound { get; }

    /// <summary>The event of a change that has no name of its own.</summary>
    public static string Update(string name) => name + "_update";

    private static int Sum(JsonFragment[] fragments) => fragments.Sum(f => f.Length);

    private static JsonFragment Fragment(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    private static JsonFragment Reason(string what, string name) =>
        Fragment($",\"{what} {JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"");

    private static string Json(string text) => JsonSerializer.Serialize(text);
}
