using System.Text;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.Tests.WebSockets.Journal;

/// <summary>An entry that can be kept.</summary>
internal sealed record Told(string Channel, long Offset, string Data, string Source = "", long Sequence = 0, int Ordinal = 0, JournalOp Op = JournalOp.Update, DateTimeOffset At = default)
{
    public JournalEntry Entry => new()
    {
        Channel = Channel,
        Offset = Offset,
        Op = Op,
        At = At,
        Source = Source,
        Sequence = Sequence,
        Ordinal = Ordinal,
        Data = Encoding.UTF8.GetBytes(Data),
    };

    public static Told Of(in JournalEntry entry) =>
        new(entry.Channel, entry.Offset, Encoding.UTF8.GetString(entry.Data), entry.Source, entry.Sequence, entry.Ordinal, entry.Op, entry.At);
}

/// <summary>Keeps what it is shown.</summary>
internal sealed class Listing : IJournalVisitor
{
    public Dictionary<string, (Told Last, JournalPosition[] Positions)> States { get; } = [];

    public List<Told> Entries { get; } = [];

    public void State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions) => States.Add(last.Channel, (Told.Of(last), positions.ToArray()));

    public void Entry(in JournalEntry entry) => Entries.Add(Told.Of(entry));

    public IReadOnlyList<Told> Of(string channel) => [.. Entries.Where(e => e.Channel == channel)];
}
