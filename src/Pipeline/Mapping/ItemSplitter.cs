using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Cuts a document into its items while it arrives, so that no more than one of them is held. Each comes as a document of its own in the shape of
/// the whole one, with the one item and with what stood before it in the objects around: a mapping reads it as it would read the whole.
/// </summary>
/// <remarks>
/// What stands behind the items is not with them. Nor are members before them for which there is no room in <see cref="MaxContext"/>; the first
/// ones count. Push bytes with <see cref="Append"/>, take documents with <see cref="TryTake"/> until there are none, and end with
/// <see cref="Complete"/>. Not thread safe.
/// </remarks>
public sealed class ItemSplitter
{
    /// <summary>The most bytes that come with each item.</summary>
    public const int MaxContext = 64 * 1024;

    private const int MinRoom = 4096;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonTape.MaxDepth };

    private readonly PathStep[] steps;
    private readonly int maxItem;
    private readonly List<Level> levels = [];
    private byte[] buffer = new byte[64 * 1024];
    private byte[] document = new byte[64 * 1024];
    private int start;
    private int end;

    /// <summary>How much of <see cref="document"/> comes before the next item.</summary>
    private int context;

    private JsonReaderState state = new(Options);
    private bool isBegun;
    private bool isLast;
    private bool isDone;

    /// <summary>The depth at which a value that is passed over ends; -1 when none is.</summary>
    private int skipTo = -1;

    private ItemSplitter(PathStep[] steps, int maxItem) => (this.steps, this.maxItem) = (steps, maxItem);

    /// <summary>What is wrong with the document; null while nothing is. Nothing comes after it.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether the first list on the way to the items was found, even an empty one.</summary>
    public bool HasList { get; private set; }

    /// <summary>How many bytes of the document were read to the end of the last item that was taken, or past it.</summary>
    public long Consumed { get; private set; }

    /// <summary>Memory that it holds, in bytes.</summary>
    public int Capacity => buffer.Length + document.Length;

    private string TooLarge => $"an item, or a text beside the items, is larger than {new Configuration.ByteSize(maxItem)}";

    /// <summary>Makes a splitter.</summary>
    /// <param name="path">The items, such as <c>$.dates[*].games[*]</c>: names and <c>*</c> from the document, a <c>*</c> last.</param>
    /// <param name="maxItem">The most bytes of one item.</param>
    /// <param name="splitter">The splitter, when the path leads to items.</param>
    /// <param name="error">What is wrong with the path, when it doesn't.</param>
    public static bool TryCreate(string path, int maxItem, [NotNullWhen(true)] out ItemSplitter? splitter, [NotNullWhen(false)] out string? error)
    {
        splitter = null;
        if (!MappingPath.TryParse(path, out var parsed, out error))
        {
            return false;
        }

        if (parsed.Root != PathRoot.Document || parsed.Steps.Length == 0 || !parsed.Steps[^1].IsWildcard || parsed.Steps.Any(s => s.Name is null && !s.IsWildcard))
        {
            error = $"'{path}' can't be followed while a document arrives; write names and '*' from '$', with a '*' at the end, such as $.dates[*].games[*]";
            return false;
        }

        splitter = new ItemSplitter(parsed.Steps, maxItem);
        return true;
    }

    /// <summary>Adds bytes of the document.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (buffer.Length - end < bytes.Length)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, end + bytes.Length + MinRoom));
        }

        bytes.CopyTo(buffer.AsSpan(end));
        end += bytes.Length;
    }

    /// <summary>Says that no bytes follow.</summary>
    public void Complete() => isLast = true;

    /// <summary>Takes the next item as a document of its own.</summary>
    /// <param name="item">Good until the next call.</param>
    /// <returns>False when more bytes are needed, or there is a <see cref="Fault"/>, or all were taken.</returns>
    public bool TryTake(out ReadOnlySpan<byte> item)
    {
        item = default;
        if (!isBegun && end - start < 3 && !isLast)
        {
            return false;
        }

        if (!isBegun && buffer.AsSpan(start, end - start).StartsWith("\uFEFF"u8))
        {
            start += 3;
            Consumed += 3;
        }

        isBegun = true;
        try
        {
            while (Fault is null)
            {
                var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), isLast, state);
                var length = -1;
                if (!(skipTo >= 0 ? Skip(ref reader) : Advance(ref reader, ref length)))
                {
                    Fault ??= end - start > maxItem ? TooLarge : null;
                    return false;
                }

                start += (int)reader.BytesConsumed;
                Consumed += reader.BytesConsumed;
                state = reader.CurrentState;
                if (length >= 0)
                {
                    item = document.AsSpan(0, length);
                    return true;
                }
            }
        }
        catch (JsonException e)
        {
            Fault = e.Message;
        }

        return false;
    }

    /// <summary>Reads the next member, item, beginning or end.</summary>
    /// <returns>False when it isn't all there.</returns>
    private bool Advance(ref Utf8JsonReader reader, ref int length)
    {
        if (!reader.Read())
        {
            return false;
        }

        if (isDone)
        {
            return true;
        }

        if (levels.Count == 0)
        {
            isDone = !Opens(reader.TokenType, steps[0]);
            if (isDone)
            {
                skipTo = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? reader.CurrentDepth : -1;
            }
            else
            {
                Open(reader.TokenType, 0);
            }

            return true;
        }

        var step = steps[levels.Count - 1];
        if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
        {
            context = levels[^1].Before;
            levels.RemoveAt(levels.Count - 1);
            isDone = levels.Count == 0;
            return true;
        }

        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            return Value(ref reader, default, ref length);
        }

        var isWanted = step.IsWildcard || reader.ValueTextEquals(step.Name);
        var name = buffer.AsSpan(start + (int)reader.TokenStartIndex, reader.ValueSpan.Length + 2);
        return reader.Read() && (isWanted ? Value(ref reader, name, ref length) : Keep(ref reader, name));
    }

    /// <summary>A value on the way to the items, or one of them.</summary>
    private bool Value(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ref int length)
    {
        if (levels.Count < steps.Length)
        {
            if (!Opens(reader.TokenType, steps[levels.Count]))
            {
                return PassOver(ref reader);
            }

            var before = context;
            Name(name);
            Open(reader.TokenType, before);
            return true;
        }

        var from = start + (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
        {
            return false;
        }

        if (start + reader.BytesConsumed - from > maxItem)
        {
            Fault = TooLarge;
            return false;
        }

        var after = context;
        Name(name);
        Write(buffer.AsSpan(from, start + (int)reader.BytesConsumed - from));
        for (var i = levels.Count - 1; i >= 0; i--)
        {
            Write(levels[i].IsArray ? "]"u8 : "}"u8);
        }

        (length, context) = (context, after);
        return true;
    }

    /// <summary>A member beside the way: kept where there is room.</summary>
    private bool Keep(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        var from = start + (int)reader.TokenStartIndex;
        var ahead = reader;
        if (!ahead.TrySkip())
        {
            return end - from > Math.Min(MaxContext, maxItem) && PassOver(ref reader);
        }

        var value = buffer.AsSpan(from, start + (int)ahead.BytesConsumed - from);
        if (context + name.Length + value.Length + 2 <= MaxContext)
        {
            Name(name);
            Write(value);
        }

        reader = ahead;
        return true;
    }

    private bool PassOver(ref Utf8JsonReader reader)
    {
        skipTo = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray ? reader.CurrentDepth : -1;
        return true;
    }

    /// <summary>Passes over what is there of a value.</summary>
    private bool Skip(ref Utf8JsonReader reader)
    {
        var any = false;
        while (reader.Read())
        {
            any = true;
            if (reader.CurrentDepth == skipTo)
            {
                skipTo = -1;
                break;
            }
        }

        return any;
    }

    /// <summary>Whether a value can hold what a step leads to.</summary>
    private static bool Opens(JsonTokenType value, PathStep step) => value == JsonTokenType.StartObject || (value == JsonTokenType.StartArray && step.IsWildcard);

    private void Open(JsonTokenType token, int before)
    {
        var isArray = token == JsonTokenType.StartArray;
        Write(isArray ? "["u8 : "{"u8);
        levels.Add(new Level(isArray, before, context));
        HasList |= steps[levels.Count - 1].IsWildcard;
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return;
        }

        if (context > levels[^1].Inside)
        {
            Write(","u8);
        }

        Write(name);
        Write(":"u8);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (document.Length - context < bytes.Length)
        {
            Array.Resize(ref document, Math.Max(document.Length * 2, context + bytes.Length + MinRoom));
        }

        bytes.CopyTo(document.AsSpan(context));
        context += bytes.Length;
    }

    /// <summary>An object or array around the items.</summary>
    /// <param name="IsArray">Which of them it is.</param>
    /// <param name="Before">Where its name begins, or it does.</param>
    /// <param name="Inside">Where its first member stands.</param>
    private readonly record struct Level(bool IsArray, int Before, int Inside);
}
