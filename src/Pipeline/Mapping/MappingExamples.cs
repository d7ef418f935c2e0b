using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Runs the examples that stand beside a mapping: lines of JSON, each with an <c>input</c> (a payload) and the <c>records</c> that it becomes, in
/// order. Of a record those members are compared that the example gives, <c>fields</c> as a whole. <c>refused</c> lists the reasons of what becomes
/// no record; <c>origin</c> and <c>received</c> stand for where the payload came from, and when.
/// </summary>
internal static class MappingExamples
{
    private static readonly DateTimeOffset SomeTime = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Runs all examples of a file; where there is none, there are none.</summary>
    /// <param name="trial">The mapping.</param>
    /// <param name="file">The file's full path.</param>
    /// <param name="error">Takes a line, from 1, and what is wrong there.</param>
    public static void Check(MappingTrial trial, string file, Action<int, string> error)
    {
        if (!File.Exists(file))
        {
            return;
        }

        if (ConfigFile.Read(file, Path.GetFileName(file), out var problem) is not { } bytes)
        {
            error(1, problem);
            return;
        }

        if (bytes.Length > ConfigParser.MaxBytes)
        {
            error(1, $"the examples are longer than {new ByteSize(ConfigParser.MaxBytes)}; shorten their payloads");
            return;
        }

        var line = 0;
        foreach (var range in bytes.AsSpan().Split((byte)'\n'))
        {
            line++;
            var text = bytes.AsMemory(range).TrimStart("\uFEFF"u8).Trim(" \t\r"u8);
            if (!text.IsEmpty && Fault(trial, text) is { } fault)
            {
                error(line, fault);
            }
        }
    }

    private static string? Fault(MappingTrial trial, ReadOnlyMemory<byte> text)
    {
        try
        {
            using var line = JsonDocument.Parse(text);
            return Fault(trial, line.RootElement);
        }
        catch (JsonException e)
        {
            return $"an example is one line of JSON such as {{\"input\": {{...}}, \"records\": [...]}}: {e.Message}";
        }
    }

    private static string? Fault(MappingTrial trial, JsonElement example)
    {
        if (example.ValueKind != JsonValueKind.Object || !example.TryGetProperty("input", out var input))
        {
            return "an example has an 'input', the payload, and the 'records' that it becomes";
        }

        if (example.EnumerateObject().FirstOrDefault(m => m.Name is not ("input" or "records" or "refused" or "origin" or "received")) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return $"'{unknown.Name}' is no part of an example{Suggestion.Remedy(unknown.Name, ["input", "records", "refused", "origin", "received"])}";
        }

        var received = SomeTime;
        if (example.TryGetProperty("received", out var time) && !(time.ValueKind == JsonValueKind.String && time.TryGetDateTimeOffset(out received)))
        {
            return "'received' is a time such as \"2024-07-13T01:51:32Z\"";
        }

        var origin = example.TryGetProperty("origin", out var from) && from.ValueKind == JsonValueKind.String ? from.GetString()! : "";
        var result = trial.Run(JsonSerializer.SerializeToUtf8Bytes(input), origin, received);
        return Refused(example, result) ?? Records(example, result);
    }

    private static string? Refused(JsonElement example, MappingTrialResult result)
    {
        var expected = example.TryGetProperty("refused", out var reasons) && reasons.ValueKind == JsonValueKind.Array ? [.. reasons.EnumerateArray().Select(r => r.ToString())] : new List<string>();
        return expected.SequenceEqual(result.Refused.Select(r => r.Reason))
            ? null
            : $"refused is [{string.Join("; ", result.Refused.Select(r => r.Words))}], the example says [{string.Join("; ", expected)}]";
    }

    private static string? Records(JsonElement example, MappingTrialResult result)
    {
        var expected = example.TryGetProperty("records", out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : new List<JsonElement>();
        for (var i = 0; i < Math.Max(expected.Count, result.Records.Count); i++)
        {
            if (i >= expected.Count)
            {
                return $"record {i + 1} is not in the example: {result.Records[i].Data}";
            }

            if (i >= result.Records.Count)
            {
                return $"record {i + 1} of the example is not made: {expected[i]}";
            }

            using var made = JsonDocument.Parse(result.Records[i].Data);
            if (Difference(expected[i], made.RootElement) is { } difference)
            {
                return $"record {i + 1}, '{made.RootElement.GetProperty("key")}': {difference}";
            }
        }

        return null;
    }

    private static string? Difference(JsonElement expected, JsonElement made)
    {
        if (expected.ValueKind != JsonValueKind.Object)
        {
            return $"the example gives no object but {expected}";
        }

        foreach (var member in expected.EnumerateObject())
        {
            var found = made.TryGetProperty(member.Name, out var value) ? value : default;
            var difference = member.Name == "fields" && member.Value.ValueKind == JsonValueKind.Object && found.ValueKind == JsonValueKind.Object
                ? InFields(member.Value, found)
                : Between(member.Name, member.Value, found);
            if (difference is not null)
            {
                return difference;
            }
        }

        return null;
    }

    private static string? InFields(JsonElement expected, JsonElement made) => expected.EnumerateObject().Select(f => f.Name).Union(made.EnumerateObject().Select(f => f.Name))
        .Select(name => Between($"fields.{name}", expected.TryGetProperty(name, out var wanted) ? wanted : default, made.TryGetProperty(name, out var found) ? found : default))
        .FirstOrDefault(d => d is not null);

    private static string? Between(string name, JsonElement expected, JsonElement made) => (expected.ValueKind, made.ValueKind) switch
    {
        (JsonValueKind.Undefined, _) => $"{name} is {made.GetRawText()}, the example has none",
        (_, JsonValueKind.Undefined) => $"{name} is absent, the example says {expected.GetRawText()}",
        _ => JsonElement.DeepEquals(expected, made) ? null : $"{name} is {made.GetRawText()}, the example says {expected.GetRawText()}",
    };
}
