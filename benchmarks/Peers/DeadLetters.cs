using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace StreamEngine.Benchmarks;

/// <summary>What the peers do with lines they can't use; the file is made with the first one, as the engine's is.</summary>
internal sealed class DeadLetters(Job job) : IDisposable
{
    private const int MaxPayload = 4096;

    private readonly string origin = Path.GetRelativePath(job.Folder, job.Input).Replace('\\', '/');
    private FileStream? file;

    /// <summary>Lines written.</summary>
    public int Count { get; private set; }

    /// <summary>Why a line can't be used; found out the slow way, once it is known that it can't.</summary>
    public static string Reason(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
        {
            return "malformed json";
        }

        try
        {
            using var json = JsonDocument.Parse(line.ToArray());
            return json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("id", out _) ? "missing key"
                : json.RootElement.TryGetProperty("at", out var at) && (at.ValueKind != JsonValueKind.String || !at.TryGetDateTime(out _)) ? "bad event time"
                : "not the expected line";
        }
        catch (JsonException)
        {
            return "malformed json";
        }
    }

    /// <summary>Writes one line with its reason.</summary>
    public void Write(string reason, ReadOnlySpan<byte> line, long number)
    {
        file ??= new FileStream(job.DeadLetters, FileMode.Create, FileAccess.Write);
        using (var json = new Utf8JsonWriter(file, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("time", job.Now);
            json.WriteString("block", "normalized");
            json.WriteString("reason", reason);
            json.WriteString("source", "lines");
            json.WriteString("origin", origin);
            json.WriteNumber("sequence", number);
            json.WriteNumber("bytes", line.Length);
            json.WriteString("payload", Encoding.UTF8.GetString(line[..Math.Min(MaxPayload, line.Length)]));
            json.WriteEndObject();
        }

        file.WriteByte((byte)'\n');
        Count++;
    }

    public void Dispose() => file?.Dispose();
}
