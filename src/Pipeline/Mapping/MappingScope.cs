using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What paths are read from: a document, the items above the present one and their keys.</summary>
/// <remarks>
/// The batch's bytes may move whenever something is appended to it, so spans of them are taken anew for every value. Text that
/// doesn't stand in the payload as it is goes into a scratch that is good for one row; whoever keeps it appends it to the batch.
/// </remarks>
internal sealed class MappingScope
{
    /// <summary>The most levels of <c>each</c> in one rule.</summary>
    public const int MaxLevels = 8;

    private readonly int[] items = new int[MaxLevels + 1];
    private readonly PathKey[] keys = new PathKey[MaxLevels + 1];
    private readonly List<int>?[] lists = new List<int>?[MaxLevels + 1];
    private readonly JsonToken[] found;
    private readonly PlainReader? reader;

    /// <summary>The document that the reader read.</summary>
    private JsonToken whole;

    /// <summary>Whether it did, so that there is nothing of the document on the tape.</summary>
    private bool isRead;

    private Batch? batch;
    private int document;
    private int level;
    private byte[] scratch = new byte[1024];
    private int scratchLength;
    private string? originText;
    private byte[] origin = [];

    /// <param name="slots">The most values that the tries of one rule find.</param>
    /// <param name="plain">The one rule, when it finds all that it needs of a document in one pass; null when documents must be put on the tape.</param>
    public MappingScope(int slots, MappingRule? plain)
    {
        found = new JsonToken[slots + 1];
        reader = plain?.Tries is [{ } trie] ? new PlainReader(trie, plain.Slots, plain.DirectFields, Tape) : null;
    }

    /// <summary>The document.</summary>
    public JsonTape Tape { get; } = new();

    /// <summary>The memory that the tape's tokens count from.</summary>
    public ReadOnlySpan<byte> Bytes => Batch.Bytes;

    /// <summary>The values that were found, by slot; of kind <see cref="JsonKind.None"/> where there is none.</summary>
    public ReadOnlySpan<JsonToken> Found => found;

    /// <summary>By what pattern the document was read, and cells of the row that comes next were made; null for none.</summary>
    public DocumentPattern? Pattern => reader?.Pattern;

    /// <summary>Told of each row that was read; null when nobody wants to know.</summary>
    public Action<MappingScope, MappingRule, int>? Emitted { get; set; }

    /// <summary>Rows that the document may still become; negative once it would be more.</summary>
    public int RoomForRows { get; set; }

    private Batch Batch => batch ?? throw new UnreachableException("The scope stands on no document.");

    /// <summary>Starts a document.</summary>
    /// <returns>Whether it is JSON; the tape knows what is wrong.</returns>
    public bool Begin(Batch from, int index)
    {
        batch = from;
        document = index;
        ref readonly var payload = ref from.Document(index);
        isRead = reader is not null && reader.TryRead(from, index, found, ref whole);
        return isRead || Tape.Read(from.BytesAndBeyond, payload.Offset, payload.Length);
    }

    /// <summary>Forgets the document, so that its batch is not kept alive.</summary>
    public void End() => batch = null;

    /// <summary>Makes an item the present one at its level.</summary>
    /// <param name="newLevel">The level.</param>
    /// <param name="item">The item.</param>
    /// <param name="key">Under what it stood.</param>
    /// <param name="trie">What to find in it at once.</param>
    public void Enter(int newLevel, int item, PathKey key, MemberTrie? trie)
    {
        level = newLevel;
        items[newLevel] = item;
        keys[newLevel] = key;
        if (!isRead)
        {
            trie?.Find(Tape, Bytes, item, found);
        }
    }

    /// <summary>The items of the next level.</summary>
    public PathWalk Select(MappingPath path)
    {
        if (path.Query is not { } query)
        {
            return new PathWalk(path, Tape, Base(path));
        }

        var found = lists[level] ??= [];
        found.Clear();
        var nodes = new Nodelist(found, PathWalk.MaxMatches);
        if (!query.Select(new QueryArgument(Tape, Bytes, items[0]), Base(path), ref nodes))
        {
            RoomForRows = -1;
        }

        return new PathWalk(path, Tape, Base(path), found);
    }

    /// <summary>The present item's slice of the payload, as a place in the batch.</summary>
    public (int Offset, int Length) Slice() => isRead ? (whole.Start, whole.Length) : Tape.Raw(items[level]);

    /// <summary>Starts a row: text read before is no longer needed.</summary>
    public void BeginRow() => scratchLength = 0;

    /// <summary>The value at a path.</summary>
    public Operand Read(BoundPath path)
    {
        if (path.Slot >= 0)
        {
            return Value(found[path.Slot]);
        }

        return ReadByWalking(path);
    }

    /// <summary>The text of a value that was found and is what it says: a string without escapes, or a number.</summary>
    public bool TryReadRaw(BoundPath path, out ReadOnlySpan<byte> text)
    {
        if (path.Slot >= 0 && found[path.Slot] is { IsPlain: true } token)
        {
            text = Bytes.Slice(token.Start, token.Length);
            return true;
        }

        text = default;
        return false;
    }

    /// <summary>The value a path starts at.</summary>
    public int Start(MappingPath path) => Base(path);

    /// <summary>The value at a path that is not found by a trie; -1 when there is none.</summary>
    public int Find(BoundPath bound)
    {
        var path = bound.Path;
        if (path.Climb > level)
        {
            return -1;
        }

        return path.IsComputed ? Follow(bound) : path.First(Tape, Bytes, items[0], Base(path));
    }

    /// <summary>A text of one's own, good for one row.</summary>
    public Operand Keep(ReadOnlySpan<char> text)
    {
        var room = Reserve(Encoding.UTF8.GetMaxByteCount(text.Length));
        return Keep(room[..Encoding.UTF8.GetBytes(text, room)]);
    }

    /// <summary>The value of a token of the document.</summary>
    public Operand Value(int node) => Value(Tape.Tokens[node]);

    /// <summary>Has something counted that was noticed about a record and does not keep it from going on.</summary>
    /// <param name="what">From a small set.</param>
    public void Note(string what) => Batch.Whole.Note(what);

    /// <summary>Copies text into the batch.</summary>
    /// <returns>Where it starts.</returns>
    public int Append(scoped ReadOnlySpan<byte> text) => Batch.Append(text);

    private Operand ReadByWalking(BoundPath bound)
    {
        var path = bound.Path;
        switch (path.Root)
        {
            case PathRoot.Key:
                return path.Climb <= level && keys[level - path.Climb] is { Exists: true } key ? Read(key) : default;
            case PathRoot.Origin:
                return Origin();
            case PathRoot.Fetched:
                return Operand.Time(Batch.Document(document).ReceivedTime);
            case PathRoot.Header:
                return Batch.Document(document).Headers?.Find(path.Header!) is { } text ? Operand.String(text) : default;
            default:
                return Find(bound) is >= 0 and var value ? Value(Tape.Tokens[value]) : default;
        }
    }

    private int Follow(BoundPath bound)
    {
        Span<byte> room = stackalloc byte[KeyTemplate.MaxLength];
        var at = Base(bound.Path);
        for (var i = 0; i < bound.Path.Steps.Length && at >= 0; i++)
        {
            ref readonly var step = ref bound.Path.Steps[i];
            if (step.Template is null)
            {
                at = step.Name is { } name ? Tape.Member(Bytes, at, name) : Tape.Item(at, step.Index);
            }
            else if (!bound.Templates[i]!.TryWrite(this, room, out var length, out _))
            {
                at = -1;
            }
            else if (Tape.Tokens[at].Kind != JsonKind.Array)
            {
                at = Tape.Member(Bytes, at, room[..length]);
            }
            else
            {
                at = Utf8Parser.TryParse(room[..length], out int position, out var used) && used == length && position >= 0 ? Tape.Item(at, position) : -1;
            }
        }

        return at;
    }

    private int Base(MappingPath path) => path.Root == PathRoot.Document ? items[0] : items[Math.Max(0, level - path.Climb)];

    private Operand Value(in JsonToken token)
    {
        switch (token.Kind)
        {
            case JsonKind.True or JsonKind.False:
                return Operand.Bool(token.Kind == JsonKind.True);
            case JsonKind.Number:
                return new Operand
                {
                    Kind = token.IsBig ? OperandKind.BigNumber : OperandKind.Number,
                    Bits = token.Bits,
                    Scale = token.Scale,
                    Text = Bytes.Slice(token.Start, token.Length),
                    Offset = token.Start,
                };
            case JsonKind.String:
                return Text(token);
            case JsonKind.Object or JsonKind.Array:
                return new Operand { Kind = OperandKind.Complex };
            default:
                return default;
        }
    }

    private Operand Text(in JsonToken token)
    {
        var raw = Bytes.Slice(token.Start, token.Length);
        if (!token.IsEscaped)
        {
            return Operand.String(raw, token.Start);
        }

        var room = Reserve(raw.Length);

        // Half a surrogate pair: JSON allows it, UTF-8 has no way to write it.
        return JsonStrings.TryUnescape(raw, room, out var length) ? Keep(room[..length]) : new Operand { Kind = OperandKind.Complex };
    }

    private Operand Read(PathKey key)
    {
        if (key.KnownName is { } name)
        {
            return Operand.String(name);
        }

        if (key.Token > 0)
        {
            return Text(Tape.Tokens[key.Token]);
        }

        var position = key.Position;
        if (key.Node > 0)
        {
            var parent = Tape.ParentOf(key.Node, out position);
            if (Tape.Tokens[parent].Kind == JsonKind.Object)
            {
                return Text(Tape.Tokens[key.Node - 1]);
            }
        }

        var room = Reserve(16);
        Utf8Formatter.TryFormat(position, room, out var length);
        return Keep(room[..length]);
    }

    private Operand Origin()
    {
        var text = Batch.Document(document).Origin;
        if (!ReferenceEquals(originText, text))
        {
            originText = text;
            origin = Encoding.UTF8.GetBytes(text ?? "");
        }

        return origin.Length == 0 ? default : Operand.String(origin);
    }

    private Operand Keep(Span<byte> text)
    {
        scratchLength += text.Length;
        return Operand.String(text);
    }

    // The old array stays valid for operands that still point into it.
    private Span<byte> Reserve(int more)
    {
        if (scratch.Length - scratchLength < more)
        {
            Array.Resize(ref scratch, Math.Max(scratch.Length * 2, scratchLength + more));
        }

        return scratch.AsSpan(scratchLength);
    }
}
