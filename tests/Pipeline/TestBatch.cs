using System.Text;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests;

/// <summary>Batches made by hand: a schema of players and games, two sources, and rows from plain values.</summary>
internal sealed class TestBatch
{
    public static readonly long Start = new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero).Ticks;

    public TestBatch(RecordSchema? schema = null)
    {
        Schema = schema ?? DefaultSchema();
        Batch = new BatchPool(Schema, 1).RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    public RecordSchema Schema { get; }

    public Batch Batch { get; }

    public static RecordSchema DefaultSchema() => new(
        [
            Type("player", 0, ["hits <= atBats"],
                Field("name", FieldType.String, required: true),
                Field("team", FieldType.String),
                Field("hits", FieldType.Int, min: 0),
                Field("atBats", FieldType.Int, min: 0),
                Field("average", FieldType.Number, min: 0, max: 1),
                Field("home", FieldType.Bool),
                Field("at", FieldType.Time, isVolatile: true),
                Field("position", FieldType.Enum, values: ["P", "C", "DH"])),
            Type("game", 1, [],
                Field("state", FieldType.Enum, required: true, values: ["scheduled", "live", "final"]),
                Field("inning", FieldType.Int)),
            Type("wind", 2, [], Field("speed", FieldType.Number, unit: "km/h")),
        ],
        [new SourceInfo("alpha", 0, 1, 1.0), new SourceInfo("beta", 1, 2, 0.5), new SourceInfo("gamma", 2, 2, 0.8)]);

    public static RecordType Type(string name, int index, string[] rules, params Func<int, FieldInfo>[] fields) =>
        new(name, index, [.. fields.Select((f, i) => f(i))], rules);

    public static Func<int, FieldInfo> Field(
        string name, FieldType type, bool required = false, double? min = null, double? max = null, bool isVolatile = false, string[]? values = null, string? unit = null) =>
        slot => new FieldInfo
        {
            Name = name,
            Slot = slot,
            Type = type,
            Required = required,
            Min = min,
            Max = max,
            Volatile = isVolatile,
            Unit = unit is null ? null : Unit.All[unit],
            Values = [.. (values ?? []).Select(Encoding.UTF8.GetBytes)],
        };

    /// <summary>Adds a document and returns its index.</summary>
    public int Document(string payload, short source = 0, long sequence = 0, int request = 0, long? received = null, bool confirmed = false, string origin = "http://x/y", DocumentHeaders? headers = null)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        Batch.AddDocument(new Document
        {
            Offset = Batch.Append(bytes),
            Length = bytes.Length,
            Source = source,
            Sequence = sequence == 0 ? Batch.DocumentCount + 1 : sequence,
            Request = request,
            ReceivedTime = received ?? Start,
            Confirmed = confirmed,
            Origin = origin,
            Headers = headers,
        });
        return Batch.DocumentCount - 1;
    }

    /// <summary>Adds a row with fields by name: string, int, long, double, decimal, bool and DateTimeOffset.</summary>
    public Row Row(string kind, string key, short source = 0, long sequence = 0, long? received = null, long? eventTime = null, RowOp op = RowOp.Update, params (string Name, object Value)[] fields)
    {
        var document = Document("{}", source, sequence, received: received, confirmed: op == RowOp.Confirmed);
        var type = Schema.Type(kind)!;
        var row = Batch.AddRow(type, document);
        Batch.LeaveDocument(document, RowState.Mapped, "");
        row.SetKey(Encoding.UTF8.GetBytes(key));
        row.Head.Op = op;
        row.Head.EventTime = eventTime ?? received ?? Start;
        foreach (var (name, value) in fields)
        {
            Set(row, type.Field(name)!.Slot, value);
        }

        return row;
    }

    public string Key(int row) => Encoding.UTF8.GetString(Batch[row].Key);

    public static void Set(Row row, int slot, object value)
    {
        switch (value)
        {
            case string text:
                row.Set(slot, Encoding.UTF8.GetBytes(text).AsSpan());
                break;
            case int number:
                row.Set(slot, (long)number);
                break;
            case long number:
                row.Set(slot, number);
                break;
            case double number:
                row.Set(slot, number);
                break;
            case bool flag:
                row.Set(slot, flag);
                break;
            case DateTimeOffset time:
                row.Set(slot, time);
                break;
            case Token token:
                Assert.True(Decimals.TryParse(Encoding.UTF8.GetBytes(token.Text), out var mantissa, out var scale));
                row.Set(slot, new Cell
                {
                    Kind = CellKind.Number,
                    Bits = mantissa,
                    Scale = scale,
                    Offset = row.Batch.Append(Encoding.UTF8.GetBytes(token.Text)),
                    Length = (ushort)token.Text.Length,
                });
                break;
            default:
                throw new ArgumentException(value.GetType().Name);
        }
    }

    /// <summary>The slots of a set, in order.</summary>
    public static List<int> Slots(FieldSet fields)
    {
        var slots = new List<int>();
        foreach (var slot in fields)
        {
            slots.Add(slot);
        }

        return slots;
    }

    /// <summary>A number as a provider wrote it.</summary>
    public sealed record Token(string Text);
}
