using Microsoft.Extensions.Time.Testing;
using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Tests;

public sealed class ProgressLineTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ProgressLine line;

    public ProgressLineTests() => line = new ProgressLine(time);

    [Theory]
    [InlineData(58, 100, 1_204_000, 612_000, 3.0, 12, "[#######.....] 58%  1,204,000 records  612,000/s  3 s left  dead 12")]
    [InlineData(0, 100, 0, 0, null, 0, "[............] 0%  0 records  0/s")]
    [InlineData(999, 1000, 10, 5.4, 0.2, 0, "[############] 99%  10 records  5/s  <1 s left")]
    [InlineData(1, 2, 10, 5, 59.5, 0, "[######......] 50%  10 records  5/s  60 s left")]
    [InlineData(1, 2, 10, 5, 61.0, 0, "[######......] 50%  10 records  5/s  1 min 1 s left")]
    [InlineData(1, 2, 10, 5, 7321.0, 0, "[######......] 50%  10 records  5/s  2 h 2 min left")]
    [InlineData(1, 2, 10, 5, 1e6, 0, "[######......] 50%  10 records  5/s  days left")]
    [InlineData(7, 7, 10, 5, 0.0, 1, "[############] 100%  10 records  5/s  dead 1")]
    public void It_tells_share_records_rate_time_left_and_dead(long done, long total, long records, double rate, double? left, long dead, string expected) =>
        Assert.Equal(expected, ProgressLine.Describe(done, total, records, rate, left is { } s ? TimeSpan.FromSeconds(s) : null, dead, colour: false));

    [Fact]
    public void Only_the_dead_are_coloured()
    {
        Assert.EndsWith("  \e[31mdead 2\e[0m", ProgressLine.Describe(1, 2, 1, 1, null, 2, colour: true), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', ProgressLine.Describe(1, 2, 1, 1, null, 0, colour: true));
    }

    [Fact]
    public void The_sources_count_together_and_rates_are_smoothed()
    {
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("[###.........] 25%  100 records  100/s  3 s left", Next((100, 20, 80), (0, 5, 20)));

        // Twice as fast for one second: neither rate nor time left jump all the way.
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("[#########...] 75%  300 records  130/s  <1 s left", Next((300, 70, 80), (0, 5, 20)));
    }

    [Fact]
    public void A_source_that_cannot_tell_how_far_it_is_leaves_the_run_without_a_bar()
    {
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(line.Next(Status(Source(1, new SourceProgress(1, 2)), Source(1, null)), colour: false));
    }

    [Fact]
    public void An_empty_input_is_read_at_once() => Assert.StartsWith("[############] 100%  0 records", Next((0, 0, 0)), StringComparison.Ordinal);

    private string? Next(params (long Records, long Done, long Total)[] sources) =>
        line.Next(Status([.. sources.Select(s => Source(s.Records, new SourceProgress(s.Done, s.Total)))]), colour: false);

    private static PipelineStatus Status(params BlockStatus[] blocks) => new("p", "running", blocks, [], null);

    private static BlockStatus Source(long records, SourceProgress? progress) => new()
    {
        Name = "s",
        Kind = "source",
        Type = "file",
        Stage = "s",
        State = "running",
        Out = records,
        Filtered = new Dictionary<string, long>(),
        Absorbed = new Dictionary<string, long>(),
        Dropped = new Dictionary<string, long>(),
        DeadLettered = new Dictionary<string, long>(),
        Progress = progress,
    };
}
