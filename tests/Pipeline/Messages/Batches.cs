using System.Text;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Messages;

/// <summary>Makes batches of one record type: <c>thing</c> with <c>id</c> (int), <c>text</c> (string), <c>rate</c> (number, 3 decimals) and <c>on</c> (bool).</summary>
internal sealed class Batches : IDisposable
{
    public Batches(int capacity = 8) => Pool = new BatchPool(Schema, capacity);

    public static RecordType Thing { get; } = new(
        "thing",
        0,
        [
            new FieldInfo { Name = "id", Slot = 0, Type = FieldType.Int },
            new FieldInfo { Name = "text", Slot = 1, Type = FieldType.String },
            new FieldInfo { Name = "rate", Slot = 2, Type = FieldType.Number, Decimals = 3 },
            new FieldInfo { Name = "on", Slot = 3, Type = FieldType.Bool },
        ],
        ["id > 0"]);

    public static RecordSchema Schema { get; } = new([Thing], [new SourceInfo("a", 0, 1, 1), new SourceInfo("b", 1, 2, 0.5)]);

    public BatchPool Pool { get; }

    /// <summary>A batch with these documents.</summary>
    public async Task<Batch> OneAsync(params string[] documents)
    {
        var batch = await Pool.RentAsync(TestContext.Current.CancellationToken);
        foreach (var document in documents)
        {
            var bytes = Encoding.UTF8.GetBytes(document);
            batch.AddDocument(new Document { Offset = batch.Append(bytes), Length = bytes.Length, Origin = "test", ReceivedTime = 638_500_000_000_000_000 });
        }

        return batch;
    }

    public void Dispose() => Pool.Dispose();
}
