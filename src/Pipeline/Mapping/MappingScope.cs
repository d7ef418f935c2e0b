using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// What paths are read from: a document, the items above the present one and their keys. Only this class knows the parser.
/// </summary>
/// <remarks>
/// Text that doesn't stand in the payload as it is goes into a scratch and is appended to the batch once the document is done:
/// appending earlier could move the batch's bytes under the parser.
/// </remarks>
internal sealed class MappingScope
{
    /// <summary>The most levels of <c>each</c> in one rule.</summary>
    public const int MaxLevels = 8;

    private readonly JsonElement[] items = new JsonElement[MaxLevels + 1];
    private readonly PathKey[] keys = new PathKey[MaxLevels + 1];
    private ReadOnlyMemory<byte> payload;
    private int payloadOffset;
    private long receivedTime;
    private int level;
    private byte[] scratch = new byte[1024];
    private string? originText;
    private byte[] origin = [];

    /// <summary>Text that the rows of this document refer to by the complement of its position.</summary>
    public ReadOnlySpan<byte> Scratch => scratch.AsSpan(0, ScratchLength);

    public int ScratchLength { get; private set; }

    /// <summary>Starts a document.</summary>
    /// <param name="root">The parsed payload.</param>
    /// <param name="memory">The very memory it was parsed from.</param>
    /// <param name="offset">Where that memory starts in the batch.</param>
    /// <param name="document">The document.</param>
    public void Begin(JsonElement root, ReadOnlyMemory<byte> memory, int offset, in Document document)
    {
        payload = memory;
        payloadOffset = offset;
        receivedTime = document.ReceivedTime;
        ScratchLength = 0;
        if (!ReferenceEquals(originText, document.Origin))
        {
            originText = document.Origin;
            origin = Encoding.UTF8.GetBytes(originText ?? "");
        }

        Enter(0, root, default);
    }

    /// <summary>Forgets the document, so that nothing of it is kept alive.</summary>
    public void End()
    {
        items.AsSpan().Clear();
        keys.AsSpan().Clear();
        payload = default;
    }

    /// <summary>Makes an item the present one at its level.</summary>
    public void Enter(int newLevel, JsonElement item, PathKey key)
    {
        level = newLevel;
        items[newLevel] = item;
        keys[newLevel] = key;
    }

    /// <summary>The items of the next level.</summary>
    public PathMatches Select(MappingPath path) => new(path.Steps, Base(path));

    /// <summary>The present item's slice of the payload, as a place in the batch.</summary>
    public (int Offset, int Length) Slice()
    {
        var raw = JsonMarshal.GetRawUtf8Value(items[level]);
        return (OffsetOf(raw), raw.Length);
    }

    /// <summary>The value at a path.</summary>
    public Operand Read(MappingPath path)
    {
        switch (path.Root)
        {
            case PathRoot.Key:
                Span<byte> digits = stackalloc byte[16];
                return path.Climb <= level && keys[level - path.Climb] is { Exists: true } key ? Keep(key.Read(digits)) : default;
            case PathRoot.Origin:
                return origin.Length == 0 ? default : Operand.String(origin);
            case PathRoot.Fetched:
                return Operand.Time(receivedTime);
            default:
                return path.Climb <= level && path.First(Base(path), out var value) ? Read(value) : default;
        }
    }

    /// <summary>Adds text to the scratch.</summary>
    /// <returns>The complement of its position.</returns>
    public int Append(scoped ReadOnlySpan<byte> text)
    {
        Reserve(text.Length);
        text.CopyTo(scratch.AsSpan(ScratchLength));
        var at = ScratchLength;
        ScratchLength += text.Length;
        return ~at;
    }

    /// <summary>Gives scratch back, down to a length it had before.</summary>
    public void Rewind(int length) => ScratchLength = length;

    private JsonElement Base(MappingPath path) => path.Root == PathRoot.Document ? items[0] : items[Math.Max(0, level - path.Climb)];

    private Operand Read(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True or JsonValueKind.False:
                return Operand.Bool(value.ValueKind == JsonValueKind.True);
            case JsonValueKind.Number:
                var token = JsonMarshal.GetRawUtf8Value(value);
                return Operand.Number(token, OffsetOf(token));
            case JsonValueKind.String:
                var quoted = JsonMarshal.GetRawUtf8Value(value);
                var text = quoted[1..^1];
                return text.Contains((byte)'\\') ? Unescape(quoted) : Operand.String(text, OffsetOf(quoted) + 1);
            case JsonValueKind.Object or JsonValueKind.Array:
                return new Operand { Kind = OperandKind.Complex };
            default:
                return default;
        }
    }

    private Operand Unescape(ReadOnlySpan<byte> quoted)
    {
        Reserve(quoted.Length);
        var reader = new Utf8JsonReader(quoted);
        try
        {
            reader.Read();
            var length = reader.CopyString(scratch.AsSpan(ScratchLength));
            var at = ScratchLength;
            ScratchLength += length;
            return Operand.String(scratch.AsSpan(at, length), ~at);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: JSON allows it, UTF-8 has no way to write it.
            return new Operand { Kind = OperandKind.Complex };
        }
    }

    private Operand Keep(scoped ReadOnlySpan<byte> text)
    {
        var at = Append(text);
        return Operand.String(scratch.AsSpan(~at, text.Length), at);
    }

    private int OffsetOf(ReadOnlySpan<byte> slice) => payload.Span.Overlaps(slice, out var offset)
        ? payloadOffset + offset
        : throw new UnreachableException("The parser did not read the batch's own bytes.");

    // The old array stays valid for operands that still point into it.
    private void Reserve(int more)
    {
        if (scratch.Length - ScratchLength < more)
        {
            Array.Resize(ref scratch, Math.Max(scratch.Length * 2, ScratchLength + more));
        }
    }
}
