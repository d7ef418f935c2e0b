using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Reads the documents of a rule that wants nothing but members: by the pattern of those that came before when that fits, else
/// member by member.
/// </summary>
/// <remarks>
/// A pattern that often doesn't fit is given up, and another is learned later: the later, the more of them were of no use in a row, so
/// that documents that are never alike cost little.
/// </remarks>
internal sealed class PlainReader
{
    /// <summary>A longer document is not learned from: a pattern takes twice the memory of the text between the values.</summary>
    private const int LongestDocument = 64 << 10;

    private const int ShortestPause = 16;
    private const int LongestPause = 4096;

    /// <summary>So many times more may a new pattern not fit than it fits, before it is given up.</summary>
    private const int Patience = 4;

    /// <summary>The same of one that fitted long enough: then it was worth it.</summary>
    private const int MostPatience = 64;

    private readonly MemberReader members;
    private readonly DirectField[] fields;
    private readonly JsonTape tape;
    private DocumentPattern? known;

    /// <summary>So many times more may the pattern not fit.</summary>
    private int trust;

    /// <summary>Documents until the next one is learned from.</summary>
    private int wait = ShortestPause;

    /// <summary>What the wait will be when the pattern is given up.</summary>
    private int pause = 2 * ShortestPause;

    /// <param name="trie">The members that are wanted.</param>
    /// <param name="slots">How many values they have.</param>
    /// <param name="fields">What becomes of values that need no conversion.</param>
    /// <param name="tape">For documents that are learned from.</param>
    public PlainReader(MemberTrie trie, int slots, DirectField[] fields, JsonTape tape)
    {
        (this.fields, this.tape) = (fields, tape);
        members = new MemberReader(trie, slots);
    }

    /// <summary>The pattern by which the last document was read; null when it was read otherwise.</summary>
    public DocumentPattern? Pattern { get; private set; }

    /// <summary>Reads a document into the row that comes next.</summary>
    /// <param name="batch">Where it stands.</param>
    /// <param name="index">Which it is.</param>
    /// <param name="found">Gets the values by slot, and one more; what became a cell is left out.</param>
    /// <param name="document">Where the object starts, and its length.</param>
    /// <returns>Whether it was read; if not, what was found means nothing.</returns>
    public bool TryRead(Batch batch, int index, Span<JsonToken> found, ref JsonToken document)
    {
        ref readonly var payload = ref batch.Document(index);
        var (start, end) = (payload.Offset, payload.Offset + payload.Length);
        if (known is not null && end <= batch.BytesAndBeyond.Length - JsonTokenizer.Ahead && Fits(batch, start, end, found, ref document))
        {
            return true;
        }

        Pattern = null;
        if (!members.TryRead(batch.BytesAndBeyond, start, end, found, ref document))
        {
            return false;
        }

        if (known is null && --wait <= 0)
        {
            Learn(batch.BytesAndBeyond, start, end, found);
        }

        return true;
    }

    private bool Fits(Batch batch, int start, int end, Span<JsonToken> found, ref JsonToken document)
    {
        if (Pattern is null)
        {
            // From now on only what the pattern has is noted.
            found.Clear();
        }

        if (known!.TryRead(batch.BytesAndBeyond, start, end, found, batch.NextCells(), ref document))
        {
            Pattern = known;
            trust = Math.Min(trust + 1, MostPatience);
            pause = trust == MostPatience ? ShortestPause : pause;
            return true;
        }

        if (--trust < 0)
        {
            (known, wait) = (null, pause);
            pause = Math.Min(2 * pause, LongestPause);
        }

        return false;
    }

    private void Learn(ReadOnlySpan<byte> bytes, int start, int end, ReadOnlySpan<JsonToken> found)
    {
        known = end - start <= LongestDocument && tape.Read(bytes, start, end - start) ? DocumentPattern.Of(tape, bytes, start, end, found, fields) : null;

        // The wait is for want of a pattern.
        (trust, wait) = (Patience, LongestPause);
    }
}
