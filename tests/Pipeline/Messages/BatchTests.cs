using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using CsCheck;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Tests.Messages;

public sealed class BatchTests : IDisposable
{
    private readonly Batches batches = new(2);

    public void Dispose() => batches.Dispose();

    [Fact]
    public async Task The_books_follow_what_happens_to_documents_and_rows()
    {
        var batch = await batches.OneAsync("1", "2", "3");
        batch.Whole.BeginStep();
        batch.AddRow(Batches.Thing, 0);
        batch.AddRow(Batches.Thing, 0);
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.LeaveDocument(1, RowState.Dead, "bad");
        batch[1].Confirm("duplicate");

        Assert.Equal(2, batch.Live);
        Assert.Equal(1, batch.Controls);
        Assert.Equal((2, 1, 2), (batch.Whole.Added, batch.Whole.Mapped, batch.Whole.Departures.Length));
        batch[0].Filter("f");
        batch[0].Drop("again: it has left already");
        batch.LeaveDocument(2, RowState.Filtered, "f");
        Assert.Equal(0, batch.Live);
        Assert.False(batch.IsSpent);
        batch[1].Filter("f");
        Assert.True(batch.IsSpent);
        Assert.Equal(3 + batch.Whole.Added - batch.Whole.Mapped, batch.Live + batch.Whole.Departures.Length);
    }

    [Fact]
    public async Task A_sealed_record_is_the_same_json_for_all_and_survives_odd_text()
    {
        var batch = await batches.OneAsync("{}");
        var row = batch.AddRow(Batches.Thing, 0);
        row.SetKey("thing:\"1\""u8);
        row.Set(0, -5L);
        row.Set(1, Encoding.UTF8.GetBytes("Ünïcode \"quoted\" \\ \n tab\t \u0001"));
        row.Set(2, 0.27249);
        row.Set(3, true);
        batch.SetOrigin(0, 2, 1);
        batch.Seal();

        using var json = JsonDocument.Parse(batch.DataOf(0));
        var root = json.RootElement;
        Assert.Equal("thing:\"1\"", root.GetProperty("key").GetString());
        Assert.Equal("Ünïcode \"quoted\" \\ \n tab\t \u0001", root.GetProperty("fields").GetProperty("text").GetString());
        Assert.Equal(-5, root.GetProperty("fields").GetProperty("id").GetInt32());
        Assert.Equal("0.272", root.GetProperty("fields").GetProperty("rate").GetRawText());
        Assert.True(root.GetProperty("fields").GetProperty("on").GetBoolean());
        Assert.Equal("b", root.GetProperty("provenance").GetProperty("rate").GetString());
        Assert.False(root.GetProperty("provenance").TryGetProperty("id", out _));
    }

    [Fact]
    public async Task A_number_with_more_decimals_than_declared_is_rounded_half_to_even_from_all_its_digits()
    {
        var batch = await batches.OneAsync("{}");
        Gen.Select(Gen.Long[-999_999_999_999_999_999, 999_999_999_999_999_999], Gen.Int[0, 20]).Sample(
            (mantissa, scale) =>
            {
                var field = new FieldInfo { Name = "rate", Slot = 0, Type = FieldType.Number, Decimals = 3 };
                var output = new ArrayBufferWriter<byte>();
                RecordEncoder.WriteCell(new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = (sbyte)scale }, field, batch.Bytes, output);
                var exact = new decimal((int)Math.Abs(mantissa), (int)(Math.Abs(mantissa) >> 32), 0, mantissa < 0, (byte)scale);
                Assert.Equal(Math.Round(exact, 3, MidpointRounding.ToEven), decimal.Parse(Encoding.UTF8.GetString(output.WrittenSpan), CultureInfo.InvariantCulture));
            },
            threads: 1);
    }

    [Theory]
    [InlineData("1.2349", "1.235")]
    [InlineData("0.12349", "0.123")]
    [InlineData("0.12449999", "0.124")]
    [InlineData("0.122501", "0.123")]
    [InlineData("0.1225", "0.122")]
    [InlineData("-0.12349", "-0.123")]
    [InlineData("-0.1235", "-0.124")]
    [InlineData("0.00049", "0.000")]
    [InlineData("9.99951", "10.000")]
    public async Task Rounding_looks_at_all_digits(string number, string written)
    {
        var batch = await batches.OneAsync("{}");
        Assert.True(Decimals.TryParse(Encoding.UTF8.GetBytes(number), out var mantissa, out var scale));
        var output = new ArrayBufferWriter<byte>();
        RecordEncoder.WriteCell(new Cell { Kind = CellKind.Number, Bits = mantissa, Scale = scale }, Batches.Thing.Fields[2], batch.Bytes, output);
        Assert.Equal(written, Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public async Task Text_of_the_batch_itself_can_be_appended_while_the_batch_grows()
    {
        var batch = await batches.OneAsync(new string('x', 4000));
        var row = batch.AddRow(Batches.Thing, 0);
        row.SetKey("the key"u8);
        while (batch.GetSpan().Length > 3)
        {
            batch.Append("."u8);
        }

        row.Set(1, row.Key);

        Assert.Equal("the key", Encoding.UTF8.GetString(row.Text(1)));
    }

    [Fact]
    public async Task A_batch_that_was_once_huge_gives_its_memory_back()
    {
        var batch = await batches.OneAsync(new string('x', 2_000_000));
        for (var i = 0; i < 50_000; i++)
        {
            batch.AddRow(Batches.Thing, 0).Set(1, i);
        }

        batch.Seal();
        Assert.True(batch.Capacity > 8_000_000);
        batch.Release();

        Assert.InRange(batch.Capacity, 0, 3_000_000);
        var next = await batches.OneAsync("1");
        next.AddRow(Batches.Thing, 0);
        Assert.InRange(next.Capacity, 0, 3_000_000);
    }

    [Fact]
    public async Task Rows_stand_in_the_memory_that_came_back_last()
    {
        using var many = new Batches();
        var (first, second, third) = (await many.OneAsync("1"), await many.OneAsync("2"), await many.OneAsync("3"));
        var (mapped, waiting) = (await many.OneAsync("4"), await many.OneAsync("5"));
        first.AddRow(Batches.Thing, 0);
        second.AddRow(Batches.Thing, 0);
        ref var last = ref second.Head(0);
        first.Release();
        second.Release();

        // A batch without rows needs none.
        third.Release();

        mapped.AddRow(Batches.Thing, 0);
        waiting.AddRow(Batches.Thing, 0);
        Assert.True(Unsafe.AreSame(ref last, ref mapped.Head(0)));
        Assert.False(Unsafe.AreSame(ref last, ref waiting.Head(0)));
    }

    [Fact]
    public async Task A_copy_can_be_edited_without_touching_the_original()
    {
        var batch = await batches.OneAsync("1");
        var row = batch.AddRow(Batches.Thing, 0);
        row.SetKey("k"u8);
        row.Set(1, "before"u8);
        batch.SetOrigin(0, 1, 1);
        var conflicts = FieldSet.First(2);
        batch.SetNotes(0, new RowNotes { Conflicts = conflicts });
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.AddRow(Batches.Thing, 0).Filter("left behind");
        var copy = batches.Pool.RentCopy();

        (batch.Head(0).Confidence, batch.Head(0).Revision) = (Confidence.Sure, 1);
        batch.ReserveIdentities(0)[1] = Confidence.Sure;
        batch.CopyTo(copy);
        copy[0].Set(1, "after"u8);
        copy[0].SetKey("other"u8);

        Assert.Equal("before", Encoding.UTF8.GetString(batch[0].Text(1)));
        Assert.Equal("k", Encoding.UTF8.GetString(batch[0].Key));
        Assert.Equal("after", Encoding.UTF8.GetString(copy[0].Text(1)));
        Assert.Equal((1, 1), (copy.RowCount, copy.Live));
        Assert.Equal(1, copy.Origin(0, 1));
        Assert.Equal((true, conflicts), (copy.Head(0).HasNotes, copy.Notes(0).Conflicts));
        Assert.Equal([Confidence.None, Confidence.Sure], copy.Identities(0).ToArray());
    }

    [Fact]
    public async Task What_a_copy_of_a_sealed_batch_confirms_has_no_data()
    {
        var batch = await batches.OneAsync("1");
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.AddRow(Batches.Thing, 0).SetKey("first"u8);
        batch.AddRow(Batches.Thing, 0).SetKey("second"u8);
        batch.Seal();
        var copy = batches.Pool.RentCopy();
        batch.CopyTo(copy);

        foreach (var row in copy)
        {
            row.Confirm("duplicate");
        }

        copy.Seal();

        Assert.False(batch.DataOf(1).IsEmpty);
        Assert.Equal((0, 0), (copy.DataOf(0).Length, copy.DataOf(1).Length));
    }

    [Fact]
    public async Task When_all_batches_are_leased_a_source_waits_for_the_last_release()
    {
        var first = await batches.OneAsync();
        await batches.OneAsync();
        first.Retain();
        var waiting = batches.Pool.RentAsync(TestContext.Current.CancellationToken).AsTask();

        first.Release();
        Assert.False(waiting.IsCompleted);
        first.Release();
        Assert.Same(first, await waiting);
    }

    [Fact]
    public async Task Copies_past_the_capacity_are_paid_back_before_a_source_gets_a_batch()
    {
        var leased = new List<Batch> { await batches.OneAsync(), await batches.OneAsync(), batches.Pool.RentCopy(), batches.Pool.RentCopy() };
        var waiting = batches.Pool.RentAsync(TestContext.Current.CancellationToken).AsTask();

        leased[0].Release();
        leased[1].Release();
        Assert.False(waiting.IsCompleted);
        leased[2].Release();
        leased[3].Release();

        await waiting;
        Assert.Equal(1, batches.Pool.Leased);
    }

    [Fact]
    public async Task A_copy_keeps_confirmations_in_its_books()
    {
        var batch = await batches.OneAsync("1");
        batch.AddDocument(new Document { Confirmed = true, Origin = "test" });
        batch.AddRow(Batches.Thing, 1).SetKey("k"u8);
        batch.LeaveDocument(1, RowState.Mapped, "");
        var copy = batches.Pool.RentCopy();

        batch.CopyTo(copy);

        Assert.Equal((1, 1, RowOp.Confirmed), (copy.Live, copy.Controls, copy[0].Head.Op));
        Assert.Equal((0, 0), (copy.Whole.Added, copy.Whole.Departures.Length));
    }

    [Fact]
    public async Task Nothing_of_a_batch_is_left_in_the_next_one()
    {
        var batch = await batches.OneAsync("1");
        batch.AddRow(Batches.Thing, 0).Set(0, 1L);
        batch.SetOrigin(0, 0, 1);
        batch.Release();

        var next = await batches.OneAsync("2");
        Assert.Same(batch, next);
        var row = next.AddRow(Batches.Thing, 0);
        Assert.False(row.Has(0));
        Assert.Equal(-1, next.Origin(0, 0));
    }

    [Fact]
    public async Task What_changed_is_listed_by_name()
    {
        var batch = await batches.OneAsync("1");
        var row = batch.AddRow(Batches.Thing, 0);
        row.Head.Changed.Add(1);
        row.Head.Changed.Add(3);
        row.Head.Revision = 2;
        batch.Seal();

        using var json = JsonDocument.Parse(batch.DataOf(0));
        Assert.Equal("""["text","on"]""", json.RootElement.GetProperty("changed").GetRawText());
        Assert.Equal(2, json.RootElement.GetProperty("revision").GetInt32());
    }

    [Fact]
    public async Task Releasing_too_often_is_found_out()
    {
        var batch = await batches.OneAsync();
        batch.Release();
        Assert.Throws<InvalidOperationException>(batch.Release);
    }

    [Fact]
    public async Task A_slice_kept_past_the_lease_reads_poison_in_debug_builds()
    {
        var batch = await batches.OneAsync("secret");
        var payload = batch.GetType().GetField("bytes", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!;
        var leaked = ((byte[])payload.GetValue(batch)!).AsMemory(0, 6);

        batch.Release();

#if DEBUG
        Assert.Equal("\xDD\xDD\xDD\xDD\xDD\xDD", Encoding.Latin1.GetString(leaked.Span));
#else
        Assert.Equal("secret", Encoding.Latin1.GetString(leaked.Span));
#endif
    }
}
