using System.Buffers;
using System.IO.Hashing;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamEngine.Sources.Http;

/// <summary>A body in pooled memory, decompressed and whole.</summary>
internal sealed class Body : IDisposable, IBufferWriter<byte>
{
    /// <summary>Deepest nesting of JSON that is read.</summary>
    public const int MaxDepth = 256;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(32 * 1024);
    private int start;
    private int end;

    private Body()
    {
    }

    public ReadOnlySpan<byte> Span => bytes.AsSpan(start, end - start);

    public UInt128 Hash => XxHash128.HashToUInt128(Span);

    /// <summary>Writes a document.</summary>
    public static Body Of(JsonNode? document)
    {
        var body = new Body();
        using var writer = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        if (document is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            document.WriteTo(writer);
        }

        return body;
    }

    void IBufferWriter<byte>.Advance(int count) => end += count;

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        while (bytes.Length - end < Math.Max(sizeHint, 1))
        {
            Grow();
        }

        return bytes.AsMemory(end);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => ((IBufferWriter<byte>)this).GetMemory(sizeHint).Span;

    /// <summary>Reads an answer's body to its end.</summary>
    /// <returns>Null when it is larger than <paramref name="maxBytes"/>.</returns>
    /// <exception cref="InvalidDataException">It can't be decompressed.</exception>
    public static async ValueTask<Body?> ReadAsync(HttpContent content, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                return await ReadAsync(stream, maxBytes, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (InvalidOperationException e)
        {
            // Brotli says this.
            throw new InvalidDataException(e.Message, e);
        }
    }

    /// <summary>Reads a body to its end.</summary>
    /// <returns>Null when it is larger than <paramref name="maxBytes"/>.</returns>
    public static async ValueTask<Body?> ReadAsync(Stream stream, long maxBytes, CancellationToken cancellationToken)
    {
        var body = new Body();
        try
        {
            while (true)
            {
                var read = await stream.ReadAsync(body.bytes.AsMemory(body.end), cancellationToken).ConfigureAwait(false);
                body.end += read;
                if (read == 0 || body.end > maxBytes)
                {
                    break;
                }

                if (body.end == body.bytes.Length)
                {
                    body.Grow();
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }

        if (body.end > maxBytes)
        {
            body.Dispose();
            return null;
        }

        body.start = body.Span.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        return body;
    }

    /// <summary>Where the JSON is broken, for an operator; null when it parses to its end.</summary>
    public string? JsonFault()
    {
        try
        {
            var reader = new Utf8JsonReader(Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            return $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(checked(bytes.Length * 2));
        bytes.AsSpan(0, end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        start = end = 0;
    }
}
