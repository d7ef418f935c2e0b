using System.Buffers;

namespace StreamEngine.Pipeline.Json.Paths;

/// <summary>The text of a string on a tape, escapes resolved: as it stands where there are none, else written to a buffer.</summary>
internal readonly ref struct TextBuffer
{
    /// <summary>How long a buffer on the stack should be: most strings fit, and it is gone soon.</summary>
    public const int Short = 256;

    private readonly byte[]? rented;

    /// <param name="bytes">Where the string stands.</param>
    /// <param name="token">The string.</param>
    /// <param name="buffer">Room for a text with escapes; when it is too small, another is rented.</param>
    public TextBuffer(ReadOnlySpan<byte> bytes, in JsonToken token, Span<byte> buffer)
    {
        var raw = bytes.Slice(token.Start, token.Length);
        Text = raw;
        IsText = true;
        if (token.IsEscaped)
        {
            rented = raw.Length > buffer.Length ? ArrayPool<byte>.Shared.Rent(raw.Length) : null;
            var target = rented ?? buffer;
            IsText = JsonStrings.TryUnescape(raw, target, out var written);
            Text = IsText ? target[..written] : raw;
        }
    }

    /// <summary>UTF-8; what is written when it <see cref="IsText">is no text</see>.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>False when half a surrogate pair makes it none.</summary>
    public bool IsText { get; }

    /// <summary>Gives back what was rented; the text is gone then.</summary>
    public void Dispose()
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
