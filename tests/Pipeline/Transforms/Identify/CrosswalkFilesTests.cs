using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Transforms.Identify;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

public sealed class CrosswalkFilesTests : IDisposable
{
    private const string Old = "kind,mlb,espn\nplayer,1,e1\n";
    private const string New = "kind,mlb,espn\nplayer,22,e1\nplayer,3,e3\n";

    private readonly TempFolder folder = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly List<string> lines = [];
    private readonly SourceHealth health;

    public CrosswalkFilesTests()
    {
        health = new SourceHealth(time);
        Write("ids.csv", Old);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_changed_table_is_taken_once_it_stands_still_and_sources_are_asked_in_full()
    {
        using var files = Make();
        var before = files.Current;
        Assert.Equal("player:mlb:1", Ours(files));

        Write("ids.csv", New);
        Look();
        Assert.Same(before, files.Current);
        Look();
        Assert.Equal("player:mlb:22", Ours(files));
        Assert.Equal(1, health.Generation);
        Assert.Contains("its tables were read again; they name 2 ids", Assert.Single(lines), StringComparison.Ordinal);

        var after = files.Current;
        Look();
        Look();
        Assert.Same(after, files.Current);
        Assert.Single(lines);
    }

    [Theory]
    [InlineData("kind,mlb,espn\nplayer,1,e1\nplayer,2,e1\n", "ids.csv(3): 'player:espn:e1' is 'player:mlb:2' here and 'player:mlb:1' before")]
    [InlineData("kind,mlb,espn\nplayer,1,\"e1\"x\n", "ids.csv(2): a quote is out of place")]
    [InlineData(null, "there is no file 'ids.csv'")]
    public void A_changed_table_with_faults_is_not_taken_and_says_so_until_it_is_mended(string? text, string expected)
    {
        using var files = Make();
        Write("ids.csv", text);
        for (var i = 0; i < 5; i++)
        {
            Look();
        }

        Assert.Equal("player:mlb:1", Ours(files));
        Assert.StartsWith($"changed tables were not taken, the ones before stay: {expected}", files.Problem, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Single(lines), StringComparison.Ordinal);
        Assert.Equal(0, health.Generation);

        Write("ids.csv", New);
        Look();
        Look();
        Assert.Equal("player:mlb:22", Ours(files));
        Assert.Null(files.Problem);
    }

    [Fact]
    public void Overrides_are_looked_at_too()
    {
        Write("by-hand.csv", "id,is,isNot\n");
        using var files = Make(new IdentifyOptions { Tables = [new() { Path = "ids.csv" }], Overrides = ["by-hand.csv"] });
        Write("by-hand.csv", "id,is,isNot\nplayer:espn:e1,player:mlb:9,\n");
        Look();
        Look();
        Assert.Equal("player:mlb:9", Ours(files));
    }

    [Fact]
    public void With_event_time_tables_stay_as_they_were_at_the_start()
    {
        using var files = Make(clock: "event");
        Write("ids.csv", New);
        Look();
        Look();
        Assert.Equal("player:mlb:1", Ours(files));
    }

    [Fact]
    public void What_is_known_of_ids_is_logged_when_it_has_changed_at_most_once_a_minute()
    {
        using var files = Make();
        for (var i = 0; i < 40; i++)
        {
            files.Report = new IdentityReport { Certain = Math.Min(i, 30), Unresolved = new([0, 2, 1]), Parked = 3, Examples = "player:espn:33303: ambiguous name" };
            Look();
        }

        Assert.Equal(3, lines.Count);
        Assert.EndsWith("29 ids of others are known by tables, 0 by name and birth date, 0 by name; 2 unknown id, 1 ambiguous name; 3 records wait (such as player:espn:33303: ambiguous name)", lines[^1].Replace("30 ids", "29 ids", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_past_their_bound_are_refused()
    {
        var fault = Assert.Throws<InvalidOperationException>(() => Make(new IdentifyOptions { Tables = [new() { Path = "ids.csv" }], MaxTableBytes = new(10) }));
        Assert.Contains("raise 'maxTableBytes'", fault.Message, StringComparison.Ordinal);
    }

    private static string Ours(CrosswalkFiles files) => files.Current.TryTranslate("player:espn:e1"u8, out var ours) ? Encoding.UTF8.GetString(ours) : "";

    private void Look() => time.Advance(TimeSpan.FromSeconds(5));

    private void Write(string name, string? text)
    {
        if (text is null)
        {
            File.Delete(folder.File(name));
        }
        else
        {
            File.WriteAllText(folder.File(name), text);
        }
    }

    private CrosswalkFiles Make(IdentifyOptions? options = null, string clock = "wall") => new(
        options ?? new IdentifyOptions { Tables = [new() { Path = "ids.csv" }] },
        new BlockContext
        {
            Name = "known",
            Pipeline = new PipelineOptions { Clock = clock },
            Schema = TestBatch.DefaultSchema(),
            BaseDirectory = folder.FullName,
            Time = time,
            Random = new Random(1),
            Logging = new Lines(lines),
            Gates = new Dictionary<string, ProviderGate>(),
            Health = health,
            Services = new NoServices(),
        });

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    private sealed class Lines(List<string> lines) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
