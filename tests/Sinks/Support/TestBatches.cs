using System.Text;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Sinks.Tests.Support;

/// <summary>One row of a test batch.</summary>
internal sealed record TestRow(string Key, long Sequence, string Name = "Ann", long Hits = 0, RowOp Op = RowOp.Update, string Kind = "player", string? Now = null, long Revision = 0);

/// <summary>Makes sealed batches as the pipeline would.</summary>
internal sealed class TestBatches : IDisposable
{
    public static readonly DateTimeOffset Received = new(2026, 4, 1, 18, 0, 0, TimeSpan.Zero);

    private readonly BatchPool pool = new(Schema, 16);

    public static RecordSchema Schema { get; } = new(
        [
            Type("player", 0),
            Type("game", 1),
            Type("stats", 2),
        ],
        [new SourceInfo("feed", 0, 1, 1)]);

    public int Leased => pool.Leased;

    public async Task<Batch> MakeAsync(params IReadOnlyList<TestRow> rows)
    {
        var batch = await pool.RentAsync(TestContext.Current.CancellationToken);
        foreach (var row in rows)
        {
            Add(batch, row);
        }

        batch.Seal();
        return batch;
    }

    /// <summary>All rows are from one document, that of the first.</summary>
    public async Task<Batch> MakeOfOneAsync(params IReadOnlyList<TestRow> rows)
    {
        var batch = await pool.RentAsync(TestContext.Current.CancellationToken);
        Add(batch, rows[0]);
        foreach (var row in rows.Skip(1))
        {
            AddRow(batch, row, 0);
        }

        batch.Seal();
        return batch;
    }

    public void Dispose() => pool.Dispose();

    private static void Add(Batch batch, TestRow from)
    {
        batch.AddDocument(new Document { Origin = "test", ReceivedTime = Received.UtcTicks, Sequence = from.Sequence, Confirmed = from.Op == RowOp.Confirmed });
        AddRow(batch, from, batch.DocumentCount - 1);
    }

    private static void AddRow(Batch batch, TestRow from, int document)
    {
        var row = batch.AddRow(Schema.Type(from.Kind)!, document);
        row.SetKey(Encoding.UTF8.GetBytes(from.Key));
        row.Head.Op = from.Op;
        row.Head.Revision = from.Revision;
        if (from.Now is { } now)
        {
            row.SetAlias(Encoding.UTF8.GetBytes(now));
        }

        row.Set(0, Encoding.UTF8.GetBytes(from.Name));
        row.Set(1, from.Hits);
        row.Head.Quality = new Quality { Score = 0.9f, Level = QualityLevel.High };
    }

    private static RecordType Type(string name, int index) => new(
        name,
        index,
        [new FieldInfo { Name = "name", Slot = 0, Type = FieldType.String }, new FieldInfo { Name = "hits", Slot = 1, Type = FieldType.Int }],
        []);
}
