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

    /// <summary>Live rows in order.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Starts the book-keeping of one step.</summary>
    internal void BeginStep() => Added = Mapped = departureCount = 0;

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
        private int at = -1;
        private int index = -1;

        internal Enumerator(Part part)
        {
            this.part = part;
            batch = part.Batch;
        }

        /// <summary>The row the walk stands on.</summary>
        public readonly Row Current => new(part, batch, index);

        /// <summary>Goes to the next live row; false at the end.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            while (++at < (part.isWhole ? batch.RowCount : part.count))
            {
                index = part.isWhole ? at : part.rows[at];
                if (batch.Head(index).State == RowState.Live)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
