using System.Numerics;
using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Transforms.State;

/// <summary>
/// Decides which places of a table a checkpoint has to hold: those that have changed since the last complete one, and some of the others in
/// turn, so that the last so many checkpoints together hold all places. None has to hold all at once but the first.
/// </summary>
/// <remarks>
/// For each changed place two others are written, or as many as bring all round within <see cref="Longest"/> checkpoints. So those that are
/// needed together hold all places once, and at most half as many changed ones. What went to a checkpoint that was not kept is written again.
/// </remarks>
internal sealed class ChangedPlaces
{
    /// <summary>After so many checkpoints every place has been written again.</summary>
    public const int Longest = 128;

    private const int OthersPerChange = 2;
    private const int Bits = 64;

    private readonly Queue<(long Number, long End)> kept = new();
    private ulong[] changed = [];
    private ulong[] unkept = [];
    private long last;
    private long complete;

    // How many places have been written in turn, over and over: up to the last complete checkpoint, and up to the last one.
    private long end;
    private long lastEnd;

    /// <summary>The places to write, by bit, of which bits past the table's end are not set; null when it is all of them.</summary>
    public ulong[]? Selected { get; private set; }

    /// <summary>A place has changed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mark(int place)
    {
        // Nothing is noted before the first checkpoint.
        var words = changed;
        var word = place / Bits;
        if ((uint)word < (uint)words.Length)
        {
            words[word] |= 1UL << place;
        }
    }

    /// <summary>All places have changed.</summary>
    public void MarkAll() => (changed, last, complete) = ([], 0, 0);

    /// <summary>Selects the places to write to a checkpoint.</summary>
    /// <param name="number">The checkpoint's number.</param>
    /// <param name="lastComplete">The number of the last complete one; 0 for none.</param>
    /// <param name="places">How many places there are.</param>
    /// <returns>The number of the first checkpoint that is needed together with this one.</returns>
    public long Select(long number, long lastComplete, int places)
    {
        if (lastComplete != 0 && lastComplete == last)
        {
            Complete(places);
        }

        var goesOn = complete != 0 && lastComplete == complete;
        if (!goesOn)
        {
            Begin(places);
        }

        var count = 0L;
        for (var word = 0; word < changed.Length; word++)
        {
            count += BitOperations.PopCount(unkept[word] |= changed[word]);
        }

        Array.Clear(changed);
        var others = Math.Max(OthersPerChange * count, (places / Longest) + 1);
        var isAll = !goesOn || count + others >= places;
        last = number;
        lastEnd = end + (isAll ? places : others);
        Selected = isAll ? null : unkept;
        if (isAll)
        {
            return number;
        }

        Add((int)(end % places), (int)others, places);
        return kept.First(k => k.End > lastEnd - places).Number;
    }

    private void Complete(int places)
    {
        (complete, end) = (last, lastEnd);
        kept.Enqueue((last, end));
        while (kept.Peek().End <= end - places)
        {
            kept.Dequeue();
        }

        Array.Clear(unkept);
    }

    private void Begin(int places)
    {
        var words = (places + Bits - 1) / Bits;
        if (changed.Length != words)
        {
            changed = new ulong[words];
        }

        if (unkept.Length != words)
        {
            unkept = new ulong[words];
        }

        kept.Clear();
        complete = 0;
        end = 0;
    }

    private void Add(int first, int count, int places)
    {
        for (var place = first; count > 0; count--)
        {
            unkept[place / Bits] |= 1UL << place;
            place = place + 1 == places ? 0 : place + 1;
        }
    }
}
