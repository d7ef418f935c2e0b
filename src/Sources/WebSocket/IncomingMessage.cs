using System.Text.Json;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Sources.WebSockets;

/// <summary>The message that is being read, fragment by fragment, in memory that grows with the longest. Of one that is too long, only the beginning is kept.</summary>
/// <param name="max">Bytes of the longest message.</param>
internal sealed class IncomingMessage(int max)
{
    private const int Room = 4 * 1024;
    private const int KeptOfLong = 4 * 1024;

    private readonly JsonTape tape = new();
    private byte[] bytes = new byte[4 * Room];
    private byte[] quoted = [];
    private int length;

    /// <summary>The message, or the beginning of one that is too long.</summary>
    public ReadOnlySpan<byte> Span => bytes.AsSpan(0, IsTooLong ? KeptOfLong : length);

    /// <summary>How many bytes it has.</summary>
    public long Length { get; private set; }

    public bool IsTooLong => Length > max;

    /// <summary>Where the next fragment goes.</summary>
    public Memory<byte> Free()
    {
        if (IsTooLong)
        {
            length = KeptOfLong;
        }
        else if (bytes.Length - length < Room)
        {
            Array.Resize(ref bytes, bytes.Length * 2);
        }

        return bytes.AsMemory(length);
    }

    public void Add(int count)
    {
        length += count;
        Length += count;
    }

    public void Clear()
    {
        length = 0;
        Length = 0;
    }

    /// <summary>Reads the message. What doesn't begin like JSON is a text.</summary>
    /// <returns>False when it begins like JSON and is none.</returns>
    public bool TryRead(out JsonValue value)
    {
        if (tape.TryRead(Span, out value))
        {
            return true;
        }

        if (Span.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[' or (byte)'"', ..])
        {
            return false;
        }

        quoted = JsonSerializer.SerializeToUtf8Bytes(System.Text.Encoding.UTF8.GetString(Span));
        return tape.TryRead(quoted, out value);
    }
}
