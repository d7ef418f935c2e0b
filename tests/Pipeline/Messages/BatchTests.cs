using System.Text;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Tests.Messages;

public sealed class BatchTests : IDisposable
{
    private readonly Batches batches = new(2);

    public void Dispose() => batches.Dispose();

    [Fact]
    public async Task The_books_follow_what_happens_to_documents_and_rows()
    {
        var batch = await batches.OneAsync("1", "2", "3");
        batch.BeginStep();
        batch.AddRow(Batches.Thing, 0);
        batch.AddRow(Batches.Thing, 0);
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.LeaveDocument(1, RowState.Dead, "bad");
        batch[1].Confirm("duplicate");

        Assert.Equal(2, batch.Live);
        Assert.Equal(1, batch.Controls);
        Assert.Equal((2, 1, 2), (batch.Added, batch.Mapped, batch.Departures.Length));
        batch[0].Filter("f");
        batch[0].Drop("again: it has left already");
        batch.LeaveDocument(2, RowState.Filtered, "f");
        Assert.Equal(0, batch.Live);
        Assert.False(batch.IsSpent);
        batch[1].Filter("f");
        Assert.True(batch.IsSpent);
        Assert.Equal(3 + batch.Added - batch.Mapped, batch.Live + batch.Departures.Length);
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
    public async Task A_copy_can_be_edited_without_touching_the_original()
    {
        var batch = await batches.OneAsync("1");
        var row = batch.AddRow(Batches.Thing, 0);
        row.SetKey("k"u8);
        row.Set(1, "before"u8);
        batch.SetOrigin(0, 1, 1);
        batch.LeaveDocument(0, RowState.Mapped, "");
        batch.AddRow(Batches.Thing, 0).Filter("left behind");
        var copy = batches.Pool.RentCopy();

        batch.CopyTo(copy);
        copy[0].Set(1, "after"u8);
        copy[0].SetKey("other"u8);

        Assert.Equal("before", Encoding.UTF8.GetString(batch[0].Text(1)));
        Assert.Equal("k", Encoding.UTF8.GetString(batch[0].Key));
        Assert.Equal("after", Encoding.UTF8.GetString(copy[0].Text(1)));
        Assert.Equal((1, 1), (copy.RowCount, copy.Live));
        Assert.Equal(1, copy.Origin(0, 1));
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
