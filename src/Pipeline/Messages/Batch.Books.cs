namespace StreamEngine.Pipeline.Messages;

/// <content>The books of one step: what is in flight, what was made, what left and why.</content>
public sealed partial class Batch
{
    private Departure[] departures = [];
    private int departureCount;

    /// <summary>
    /// Records in flight: documents not yet mapped, plus live rows. Confirmations are control records and don't count.
    /// </summary>
    public int Live { get; private set; }

    /// <summary>Confirmations in flight: documents not yet mapped, plus live rows.</summary>
    public int Controls { get; private set; }

    /// <summary>Whether nothing in the batch is of interest to whoever comes next.</summary>
    public bool IsSpent => Live == 0 && Controls == 0;

    /// <summary>Records that came out of nothing or out of documents since <see cref="BeginStep"/>.</summary>
    internal int Added { get; private set; }

    /// <summary>Documents that became rows since <see cref="BeginStep"/>.</summary>
    internal int Mapped { get; private set; }

    /// <summary>Records that left the flow since <see cref="BeginStep"/>, with their reasons.</summary>
    internal ReadOnlySpan<Departure> Departures => departures.AsSpan(0, departureCount);

    /// <summary>Starts the book-keeping of one step.</summary>
    internal void BeginStep() => Added = Mapped = departureCount = 0;

    /// <summary>Takes a document out of the flow, or says that its records have become rows.</summary>
    /// <param name="index">The document.</param>
    /// <param name="state">What became of it.</param>
    /// <param name="reason">Counted; from a small fixed set. Empty for <see cref="RowState.Mapped"/>.</param>
    /// <param name="detail">More for the person who reads the dead letter.</param>
    public void LeaveDocument(int index, RowState state, string reason, string? detail = null)
    {
        ref var document = ref Document(index);
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
        ref var head = ref Head(row);
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
        for (var i = 0; i < DocumentCount; i++)
        {
            LeaveDocument(i, state, reason, detail);
        }

        for (var i = 0; i < RowCount; i++)
        {
            Leave(i, state, reason, detail);
        }
    }

    internal void Confirm(int row, string reason)
    {
        ref var head = ref Head(row);
        if (head.Op != RowOp.Confirmed && head.State == RowState.Live)
        {
            head.Op = RowOp.Confirmed;
            Live--;
            Controls++;
            Depart(new Departure(RowState.Filtered, row, head.Document, reason, null));
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
}
