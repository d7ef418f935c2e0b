using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Deduplicate;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

/// <summary>How surely ids were matched, as readers of the records see it.</summary>
public sealed class ConfidenceTests
{
    private const string Table = "kind,mlb,wire\nplayer,1,w1\n";
    private static readonly DateTimeOffset May28 = new(1994, 5, 28, 0, 0, 0, TimeSpan.Zero);

    private readonly FixedTables tables = new(FixedTables.Read(Table));
    private readonly DeduplicateStep unique = new(TestBatch.DefaultSchema(), TimeSpan.FromMinutes(10), 100);
    private readonly MergeStep merge = Merge();
    private long sequence;

    [Fact]
    public void A_record_says_how_surely_its_source_means_the_entity()
    {
        var batch = new TestBatch();
        Add(batch, 0, "mlb:1", "Ann", 1);
        Add(batch, 1, "wire:w1", "Anna", 1);
        Add(batch, 0, "mlb:2", "Bob", 1, May28);
        Add(batch, 1, "wire:w2", "Bob", 1, May28);
        Add(batch, 0, "mlb:3", "Cid", 1);
        Add(batch, 1, "wire:w3", "Cid", 1);
        Add(batch, 1, "wire:w4", "Dan", 1);
        Match().Run(batch.Batch, TestBatch.Start);
        Assert.Equal(["mlb:1", "mlb:1 beta certain", "mlb:2", "mlb:2 beta sure", "mlb:3", "mlb:3 beta probable", "wire:w4"], Identities(batch.Batch));
    }

    [Fact]
    public void By_tables_alone_it_is_certain()
    {
        var batch = new TestBatch();
        Add(batch, 0, "mlb:1", "Ann", 1);
        Add(batch, 1, "wire:w1", "Ann", 1);
        Add(batch, 1, "wire:w2", "Bob", 1);
        new IdentifyStep(tables, "pass").Run(batch.Batch, TestBatch.Start);
        Assert.Equal(["mlb:1", "mlb:1 beta certain", "wire:w2"], Identities(batch.Batch));
    }

    [Fact]
    public void A_record_without_matched_ids_is_the_same_to_the_byte_with_and_without_identify()
    {
        var (plain, identified) = (new TestBatch(), new TestBatch());
        foreach (var batch in new[] { plain, identified })
        {
            sequence = 0;
            Add(batch, 0, "mlb:1", "Ann", 1);
            Add(batch, 1, "wire:w9", "Bob", 2);
        }

        Match().Run(identified.Batch, TestBatch.Start);
        plain.Batch.Seal();
        identified.Batch.Seal();
        Assert.Equal(Encoding.UTF8.GetString(plain.Batch.Lines.Span), Encoding.UTF8.GetString(identified.Batch.Lines.Span));
    }

    [Fact]
    public void A_merged_record_says_it_of_each_source_that_gave_a_value()
    {
        var match = Match();
        Assert.Equal(["mlb:3 beta probable"], Say(match, ("mlb:3", 0, "Cid", 1), ("wire:w3", 1, "Cid", 5)).TakeLast(1));
        Assert.Equal(["mlb:1 beta certain"], Say(match, ("wire:w1", 1, "Ann", 5)));

        Assert.Equal(["mlb:1 beta certain, gamma certain"], Say(match, ("wire:w1", 2, null, 6)));
        Assert.Equal(["mlb:1"], Say(match, ("mlb:1", 0, "Ann", 7)));
    }

    [Fact]
    public void What_waited_says_how_surely_it_was_matched()
    {
        var match = Match("park");
        Assert.Empty(Say(match, ("wire:w2", 1, "Bob", 1)));
        tables.Current = FixedTables.Read("kind,mlb,wire\nplayer,2,w2\n");
        Assert.Equal(["mlb:9", "mlb:2 beta certain"], Say(match, ("mlb:9", 0, "Nin", 1)));
    }

    [Fact]
    public void That_an_id_is_known_more_surely_is_news_once_although_no_value_has_changed()
    {
        var match = Match();
        Say(match, ("mlb:3", 0, "Cid", 1));
        Assert.Equal(["mlb:3 beta probable"], Say(match, ("wire:w3", 1, "Cid", 5)));
        Assert.Empty(Say(match, ("wire:w3", 1, "Cid", 5)));
        tables.Current = FixedTables.Read("kind,mlb,wire\nplayer,3,w3\n");
        Assert.Equal(["mlb:3 beta certain"], Say(match, ("wire:w3", 1, "Cid", 5)));
        Assert.Empty(Say(match, ("wire:w3", 1, "Cid", 5)));
    }

    [Fact]
    public void Of_a_source_that_gives_no_value_it_is_none()
    {
        var match = Match();
        Say(match, ("mlb:3", 0, "Cid", 1));
        tables.Current = FixedTables.Read("kind,mlb,wire\nplayer,3,w3\n");
        Assert.Empty(Say(match, ("wire:w3", 1, "Cid", null)));
        Assert.Equal(["mlb:3"], Say(match, ("mlb:3", 0, "Cid", 2)));
        Assert.Equal("certain", merge.Explain("player:mlb:3"u8, new StepTime(TestBatch.Start))!.Fields["name"].Others.Single().Identity);
    }

    [Fact]
    public void An_explanation_says_it_of_each_claim()
    {
        var match = Match();
        Say(match, ("mlb:1", 0, "Ann", 1), ("wire:w1", 1, "Ann", 2));
        var fields = merge.Explain("player:mlb:1"u8, new StepTime(TestBatch.Start))!.Fields;
        Assert.Equal(("certain", null), (fields["name"].Identity, fields["name"].Others.Single().Identity));
    }

    [Fact]
    public void It_goes_on_after_a_checkpoint()
    {
        var match = Match();
        Say(match, ("mlb:1", 0, "Ann", 1), ("wire:w1", 1, null, 5), ("mlb:2", 0, "Bob", 1), ("wire:w1", 1, null, 6), ("wire:w7", 1, "Eve", 1));
        tables.Current = FixedTables.Read("kind,mlb,wire\nplayer,1,w1\nplayer,7,w7\n");
        Say(match, ("wire:w7", 1, "Eve", 1));

        var restored = Merge();
        Assert.Empty(Saved.Of(merge).Restore(restored));
        var told = new TestBatch();
        told.Document("{}");
        told.Batch.LeaveDocument(0, RowState.Mapped, "");
        Assert.False(restored.Tell(told.Batch));
        Assert.Equal(["mlb:1 beta certain", "mlb:2", "mlb:7 beta certain"], Identities(told.Batch).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Shards_of_a_batch_keep_their_rows_apart()
    {
        var batch = new TestBatch();
        var workers = new[] { Merge(), Merge(), Merge() };
        for (var i = 0; i < 40; i++)
        {
            var id = i % 2 == 0 ? "wire:w1" : $"mlb:{100 + i}";
            Add(batch, 1, id, null, i);
            Add(batch, 2, id, "Ann", null);
        }

        new IdentifyStep(tables, "pass").Run(batch.Batch, TestBatch.Start);
        batch.Batch.Split(workers.Length);
        for (var shard = 0; shard < workers.Length; shard++)
        {
            workers[shard].Process(batch.Batch.PartOf(shard), new StepTime(TestBatch.Start));
        }

        batch.Batch.Join();
        Assert.All(Identities(batch.Batch), line => Assert.Equal(line.StartsWith("mlb:1 beta", StringComparison.Ordinal), line.Contains(' ', StringComparison.Ordinal)));
        Assert.Contains("mlb:1 beta certain, gamma certain", Identities(batch.Batch));
    }

    [Fact]
    public void It_costs_no_allocation()
    {
        var match = Match();
        var batch = Full();
        Run(batch);
        batch = Full();
        batch.Batch.GetSpan(64 * 1024);
        batch.Batch.ReserveIdentities(batch.Batch.RowCount - 1);
        for (var i = 0; i < batch.Batch.RowCount; i++)
        {
            batch.Batch.SetOrigin(i, 0, -1);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Contains("mlb:1 beta certain, gamma certain", Identities(batch.Batch));

        void Run(TestBatch batch)
        {
            match.Process(batch.Batch.Whole, new StepTime(TestBatch.Start));
            merge.Process(batch.Batch.Whole, new StepTime(TestBatch.Start));
        }

        TestBatch Full()
        {
            var batch = new TestBatch();
            for (var i = 0; i < 200; i++)
            {
                Add(batch, 1, "wire:w1", null, 2 * i);
                Add(batch, 2, "wire:w1", "Ann", (2 * i) + 1);
            }

            return batch;
        }
    }

    private static MergeStep Merge() => new(TestBatch.DefaultSchema(), new MergeOptions { Prefer = ["freshness"], StaleAfter = new(TimeSpan.FromDays(1)) }, 100);

    private MatchStep Match(string unknown = "pass") => new(
        TestBatch.DefaultSchema(),
        new IdentifyOptions { Match = new Dictionary<string, IdentifyMatchOptions> { ["player"] = new() { Name = "name", BirthDate = "at" } }, Accept = "probable", Unknown = unknown },
        tables);

    /// <summary>Gives each record in a batch of its own to all transforms.</summary>
    private List<string> Say(MatchStep match, params (string Id, short Source, string? Name, int? Hits)[] records)
    {
        var lines = new List<string>();
        foreach (var (id, source, name, hits) in records)
        {
            var batch = new TestBatch();
            Add(batch, source, id, name, hits);
            match.Run(batch.Batch, TestBatch.Start);
            unique.Run(batch.Batch, TestBatch.Start);
            merge.Run(batch.Batch, TestBatch.Start);
            lines.AddRange(Identities(batch.Batch));
        }

        return lines;
    }

    private void Add(TestBatch batch, short source, string id, string? name, int? hits, DateTimeOffset? born = null)
    {
        (string, object?)[] fields = [("name", name), ("hits", hits), ("at", born)];
        sequence++;
        batch.Row("player", $"player:{id}", source, sequence, eventTime: TestBatch.Start + sequence, fields: [.. fields.Where(f => f.Item2 is not null).Select(f => (f.Item1, f.Item2!))]);
    }

    /// <summary>Of each record the id, and what stands under <c>identity</c>.</summary>
    private static List<string> Identities(Batch batch)
    {
        batch.Seal();
        var lines = new List<string>();
        foreach (var row in batch)
        {
            if (row.Head.Op == RowOp.Update)
            {
                using var record = JsonDocument.Parse(batch.DataOf(row.Index));
                var identity = record.RootElement.TryGetProperty("identity", out var known) ? string.Join(", ", known.EnumerateObject().Select(i => $"{i.Name} {i.Value.GetString()}")) : "";
                lines.Add($"{record.RootElement.GetProperty("key").GetString()!["player:".Length..]} {identity}".TrimEnd());
            }
        }

        return lines;
    }
}
