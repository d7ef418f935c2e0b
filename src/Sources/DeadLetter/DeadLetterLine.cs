using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace StreamEngine.Sources.DeadLetter;

/// <summary>A line of a dead-letter file that can be fed back: its payload is whole.</summary>
/// <param name="Source">The source it came from.</param>
/// <param name="Payload">What the source handed on.</param>
/// <param name="Sequence">Its position in the source.</param>
/// <param name="Origin">The request or file it came from.</param>
public sealed record DeadLetterLine(string Source, string Payload, long Sequence, string Origin)
{
    /// <summary>Reads a line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="line">What it says, when it can be fed back.</param>
    /// <param name="fault">Why not, from a small fixed set.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out DeadLetterLine? line, [NotNullWhen(false)] out string? fault)
    {
        line = null;
        fault = null;
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (Is(root, "part"))
            {
                fault = "a part of a payload: its mapping makes several records of one payload, and the rest of it is not here";
            }
            else if (Is(root, "inexact"))
            {
                fault = "the payload was no UTF-8 and is kept with replacement characters";
            }
            else if (root.GetProperty("payload").GetString() is { } payload)
            {
                if (System.Text.Encoding.UTF8.GetByteCount(payload) < root.GetProperty("bytes").GetInt64())
                {
                    fault = "the payload was cut; raise 'deadLetter.maxPayload'";
                }
                else
                {
                    line = new DeadLetterLine(
                        root.GetProperty("source").GetString() ?? "",
                        payload,
                        root.GetProperty("sequence").GetInt64(),
                        root.TryGetProperty("origin", out var origin) ? origin.GetString() ?? "" : "");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            fault = "not a line of a dead-letter file, or a torn one";
        }

        fault ??= line is null ? "not a line of a dead-letter file, or a torn one" : null;
        return line is not null;
    }

    private static bool Is(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
