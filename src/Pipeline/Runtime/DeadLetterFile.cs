using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Keeps what could not be understood, as JSON lines: time, block, reason, detail, source, origin, key and the record's own
/// slice of the payload, cut at 4 KB. The file and its one predecessor are bounded in size.
/// </summary>
public sealed partial class DeadLetterFile : IDisposable
{
    private const int MaxPayload = 4096;

    private readonly Lock gate = new();
    private readonly string? path;
    private readonly long maxBytes;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ArrayBufferWriter<byte> line = new();
    private FileStream? file;
    private DateTimeOffset quietUntil;
    private long written;
    private long lost;

    /// <summary>Makes the writer; the file is created with the first dead record.</summary>
    /// <param name="options">Where and how much.</param>
    /// <param name="baseDirectory">Folder that a relative path counts from.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when the file can't be written.</param>
    public DeadLetterFile(DeadLetterOptions options, string baseDirectory, TimeProvider time, ILogger<DeadLetterFile> logger)
    {
        path = options.Path.Length == 0 ? null : System.IO.Path.GetFullPath(options.Path, baseDirectory);
        maxBytes = options.MaxBytes.Bytes;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Records written to the file.</summary>
    public long Written => Volatile.Read(ref written);

    /// <summary>Dead records that were counted but could not be written.</summary>
    public long Lost => Volatile.Read(ref lost);

    internal void Write(string block, Part part)
    {
        foreach (ref readonly var departure in part.Departures)
        {
            if (departure.State == RowState.Dead && path is not null)
            {
                Write(block, part.Batch, departure);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            file?.Dispose();
            file = null;
        }
    }

    private void Write(string block, Batch batch, in Departure departure)
    {
        lock (gate)
        {
            try
            {
                Encode(block, batch, departure);
                file ??= Open();
                if (file.Length + line.WrittenCount > maxBytes && file.Length > 0)
                {
                    file.Dispose();
                    file = null;
                    File.Move(path!, path + ".1", overwrite: true);
                    file = Open();
                }

                Append(file);
                written++;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lost++;
                file?.Dispose();
                file = null;
                if (time.GetUtcNow() >= quietUntil)
                {
                    quietUntil = time.GetUtcNow().AddMinutes(1);
                    LogUnwritable(path!, e.Message, lost);
                }
            }
        }
    }

    /// <summary>Unbuffered: what a full disk refused must not be tried again, and fail again, when the file is closed.</summary>
    private FileStream Open()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path!)!);
        var opened = new FileStream(path!, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        opened.Seek(0, SeekOrigin.End);
        return opened;
    }

    /// <summary>Writes the line whole or not at all: the next one must not continue a torn one.</summary>
    private void Append(FileStream to)
    {
        var before = to.Length;
        try
        {
            to.Write(line.WrittenSpan);
        }
        catch (IOException)
        {
            if (to.Length > before)
            {
                to.SetLength(before);
            }

            throw;
        }
    }

    private void Encode(string block, Batch batch, in Departure departure)
    {
        ref readonly var document = ref batch.Document(departure.Document);
        var payload = batch.Payload(departure.Document);
        string? key = null;
        if (departure.Row >= 0)
        {
            ref readonly var head = ref batch.Head(departure.Row);
            payload = Part(batch, head.RawOffset, head.RawLength);
            key = Encoding.UTF8.GetString(Part(batch, head.KeyOffset, head.KeyLength));
        }

        line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(line, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("time", time.GetUtcNow());
            json.WriteString("block", block);
            json.WriteString("reason", departure.Reason);
            WriteOptional(json, "detail", departure.Detail);
            json.WriteString("source", batch.Schema.Sources[document.Source].Name);
            WriteOptional(json, "origin", document.Origin);
            json.WriteNumber("sequence", document.Sequence);
            WriteOptional(json, "key", key);
            json.WriteNumber("bytes", payload.Length);
            json.WriteString("payload", Encoding.UTF8.GetString(payload[..Math.Min(MaxPayload, payload.Length)]));
            json.WriteEndObject();
        }

        line.Write("\n"u8);
    }

    /// <summary>A part of the batch; empty when a step that failed halfway left a row that points nowhere.</summary>
    private static ReadOnlySpan<byte> Part(Batch batch, int offset, int count) =>
        offset >= 0 && count >= 0 && (long)offset + count <= batch.Bytes.Length ? batch.Slice(offset, count) : default;

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Dead letter {Path} can't be written ({Error}): {Lost} dead records were counted but not kept; free the disk or change deadLetter.path.")]
    private partial void LogUnwritable(string path, string error, long lost);
}
