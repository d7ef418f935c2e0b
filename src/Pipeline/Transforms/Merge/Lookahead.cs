using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>
/// Goes through a part's rows before they are worked on and brings their records nearer: first their places in the table, and, when
/// those have come, the records. Each may lie in main memory, but no row has to wait for either.
/// </summary>
internal ref struct Lookahead
{
    /// <summary>Rows between the steps: enough for main memory to answer, few enough for the first-level cache.</summary>
    private const int Distance = 8;

    /// <summary>Hashes that are in use at a time.</summary>
    public const int Memory = 2 * Distance;

    private readonly MergeTable table;
    private readonly Span<uint> hashes;
    private Part.Enumerator rows;
    private int at;
    private int read;

    /// <summary>Starts with the first rows.</summary>
    /// <param name="table">The records.</param>
    /// <param name="part">The rows.</param>
    /// <param name="memory">Room for <see cref="Memory"/> hashes.</param>
    public Lookahead(MergeTable table, Part part, Span<uint> memory)
    {
        this.table = table;
        hashes = memory;
        rows = part.Ahead();
        while (read < Memory && ReadNext())
        {
        }

        for (var i = 0; i < Distance; i++)
        {
            Bring(i);
        }
    }


    /// <summary>Goes on by one row; called for each as it is worked on.</summary>
    public void Advance()
    {
        Bring(at + Distance);
        at++;
        ReadNext();
    }

    private void Bring(int row)
    {
        if (row < read)
        {
            table.PrefetchRecord(hashes[row % Memory]);
        }
    }

    private bool ReadNext()
    {
        if (!rows.MoveNext())
        {
            return false;
        }

        var hash = MergeTable.Hash(rows.Current.Head);
        hashes[read++ % Memory] = hash;
        table.PrefetchPlace(hash);
        return true;
    }
}
