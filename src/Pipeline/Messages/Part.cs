using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// What a step sees of a batch: all its rows, or those whose keys belong to one shard. Each part keeps the books of its own rows.
/// </summary>
public sealed class Part
{
    private readonly bool isWhole;
    private int[] rows = [];
    private int count;
    private Departure[] departures = [];
    private int departureCount;
    private string[] notes = [];
    private int noteCount;

    /// <summary>Where walks begin: what comes before was done when the step failed.</summary>
    private int first;

    /// <summary>Where the last walk stands.</summary>
    private int stands = -1;

    internal Part(Batch batch, bool isWhole)
    {
        Batch = batch;
        this.isWhole = isWhole;
    }

    /// <summary>The batch.</summary>
    public Batch Batch { get; }

    /// <summary>
    /// Records in flight: documents not yet mapped, plus live rows. Confirmations are control records and don't count.
    /// </summary>
    public int Live { get; private set; }

    /// <summary>Confirmations in flight: documents not yet mapped, plus live rows.</summary>
    public int Controls { get; private set; }

    /// <summary>Whether nothing in it is of interest to whoever comes next.</summary>
    public bool IsSpent => Live == 0 && Controls == 0;

    /// <summary>Records that came out of nothing or out of documents since <see cref="BeginStep"/>.</summary>
    internal int Added { get; private set; }

    /// <summary>Documents that became rows since <see cref="BeginStep"/>.</summary>
    internal int Mapped { get; private set; }

    /// <summary>Records that left the flow since <see cref="BeginStep"/>, with their reasons.</summary>
    internal ReadOnlySpan<Departure> Departures => departures.AsSpan(0, departureCount);

    /// <summary>What was noticed since <see cref="BeginStep"/> about records that went on.</summary>
    internal ReadOnlySpan<string> Notes => notes.AsSpan(0, noteCount);

    /// <summary>Live rows in order.</summary>
    public Enumerator GetEnumerator() => new(this, isAhead: false);

    /// <summary>The same for a look at rows that are worked on later: when the step fails, none of them is to blame.</summary>
    public Enumerator Ahead() => new(this, isAhead: true);

    /// <summary>Starts the book-keeping of one step.</summary>
    internal void BeginStep()
    {
        Added = Mapped = departureCount = noteCount = first = 0;
        stands = -1;
    }

    /// <summary>Starts the book-keeping of what is left for a step that has failed.</summary>
    internal void BeginRest() => Added = Mapped = departureCount = noteCount = 0;

    /// <summary>Has something counted that was noticed about a record and does not keep it from going on.</summary>
    /// <param name="what">From a small set.</param>
    internal void Note(string what)
    {
        if (noteCount == notes.Length)
        {
            Array.Resize(ref notes, Math.Max(16, notes.Length * 2));
        }

        notes[noteCount++] = what;
    }

    /// <summary>Walks begin with the first row again.</summary>
    internal void Rewind() => first = 0;

    /// <summary>The step has failed: takes what it stood on out of the flow, so that it can go on behind it when it was made anew.</summary>
    /// <returns>What it stood on; null when that was nothing in particular.</returns>
    internal Culprit? TakeOutCulprit(string reason, string detail)
    {
        for (var i = 0; isWhole && i < Batch.DocumentCount; i++)
        {
            if (Batch.Document(i).State == RowState.Live)
            {
                Batch.RefuseDocument(i, reason, detail);
                return Culprit.Of(Batch, i);
            }
        }

        first = stands + 1;
        if (stands < 0 || stands >= Size)
        {
            return null;
        }

        var row = RowAt(stands);
        Leave(row, RowState.Dead, reason, detail);
        return Culprit.Of(Batch, Batch.Head(row).Document, row);
    }

    /// <summary>Lets go of the rows of an earlier split.</summary>
    internal void Empty()
    {
        BeginStep();
        count = Live = Controls = 0;
    }

    /// <summary>Makes a row of the batch one of this part's.</summary>
    internal void Take(int row, RowOp op)
    {
        if (count == rows.Length)
        {
            Array.Resize(ref rows, Math.Max(16, rows.Length * 2));
        }

        rows[count++] = row;
        Enter(op == RowOp.Confirmed);
    }

    /// <summary>Books something that came in.</summary>
    internal void Enter(bool confirmed)
    {
        if (confirmed)
        {
            Controls++;
        }
        else
        {
            Live++;
        }
    }

    /// <summary>Books a row that a step has made.</summary>
    internal void Add(bool confirmed)
    {
        Enter(confirmed);
        Added += confirmed ? 0 : 1;
    }

    /// <summary>Takes over the books of the parts that a batch was split into.</summary>
    internal void Join(ReadOnlySpan<Part> parts)
    {
        BeginStep();
        foreach (var part in parts)
        {
            Live += part.Live;
            Controls += part.Controls;
        }
    }

    /// <summary>The parts that the batch was split into keep the books of their rows from now on.</summary>
    internal void Split(ReadOnlySpan<Part> parts)
    {
        foreach (var part in parts)
        {
            Live -= part.Live;
            Controls -= part.Controls;
        }
    }

    internal void Count(int live, int controls) => (Live, Controls) = (live, controls);

    internal void LeaveDocument(int index, ref Document document, RowState state, string reason, string? detail)
    {
        if (document.State != RowState.Live)
        {
            return;
        }

        document.State = state;
        if (document.Confirmed)
        {
            Controls--;
            return;
        }

        Live--;
        if (state == RowState.Mapped)
        {
            Mapped++;
        }
        else
        {
            Depart(new Departure(state, -1, index, reason, detail));
        }
    }

    /// <summary>Takes a document out of the flow together with the rows that were read from it last.</summary>
    internal void RefuseDocument(int index, ref Document document, string reason, string detail)
    {
        Unmake(index);
        LeaveDocument(index, ref document, RowState.Dead, reason, detail);
    }

    internal void Leave(int row, RowState state, string reason, string? detail = null)
    {
        ref var head = ref Batch.Head(row);
        if (head.State != RowState.Live)
        {
            return;
        }

        head.State = state;
        if (head.Op == RowOp.Confirmed)
        {
            Controls--;
            return;
        }

        Live--;
        Depart(new Departure(state, row, head.Document, reason, detail));
    }

    /// <summary>Takes everything that is still in flight out of the flow.</summary>
    internal void LeaveAll(RowState state, string reason, string? detail)
    {
        for (var i = 0; isWhole && i < Batch.DocumentCount; i++)
        {
            Batch.LeaveDocument(i, state, reason, detail);
        }

        foreach (var row in this)
        {
            Leave(row.Index, state, reason, detail);
        }
    }

    private int Size => isWhole ? Batch.RowCount : count;

    private int RowAt(int place) => isWhole ? place : rows[place];

    /// <summary>Rows that a document was half made into are nobody's records.</summary>
    private void Unmake(int document)
    {
        for (var row = Batch.RowCount - 1; row >= 0 && Batch.Head(row).Document == document; row--)
        {
            ref var head = ref Batch.Head(row);
            if (head.State == RowState.Live)
            {
                head.State = RowState.Mapped;
                if (head.Op == RowOp.Confirmed)
                {
                    Controls--;
                }
                else
                {
                    Live--;
                    Added--;
                }
            }
        }
    }

    internal void Confirm(int row, string reason)
    {
        ref var head = ref Batch.Head(row);
        if (head.Op != RowOp.Confirmed && head.State == RowState.Live)
        {
            head.Op = RowOp.Confirmed;
            Live--;
            Controls++;
            Depart(new Departure(RowState.Filtered, row, head.Document, reason, null));
        }
    }

    /// <summary>Empties it for the next batch.</summary>
    /// <param name="keepBytes">The most memory it may hold on to.</param>
    internal void Reset(int keepBytes)
    {
        departures.AsSpan(0, departureCount).Clear();
        count = Live = Controls = Added = Mapped = departureCount = 0;
        if (departures.Length * Unsafe.SizeOf<Departure>() > keepBytes)
        {
            departures = [];
        }
    }

    private void Depart(in Departure departure)
    {
        if (departureCount == departures.Length)
        {
            Array.Resize(ref departures, Math.Max(16, departures.Length * 2));
        }

        departures[departureCount++] = departure;
    }

    /// <summary>Walks the live rows.</summary>
    public ref struct Enumerator
    {
        private readonly Part part;
        private readonly Batch batch;
        private readonly bool isAhead;
        private int at;
        private int index = -1;

        internal Enumerator(Part part, bool isAhead)
        {
            this.part = part;
            this.isAhead = isAhead;
            batch = part.Batch;
            at = part.first - 1;
        }

        /// <summary>The row the walk stands on.</summary>
        public readonly Row Current => new(part, batch, index);

        /// <summary>Goes to the next live row; false at the end.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            while (++at < part.Size)
            {
                index = part.RowAt(at);
                if (batch.Head(index).State == RowState.Live)
                {
                    return Stand(true);
                }
            }

            return Stand(false);
        }

        private readonly bool Stand(bool isRow)
        {
            if (!isAhead)
            {
                part.stands = at;
            }

            return isRow;
        }
    }
}
