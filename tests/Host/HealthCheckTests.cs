using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;
using Microsoft.Extensions.Time.Testing;

namespace StreamEngine.Host.Tests;

public sealed class HealthCheckTests
{
    private static readonly BreakerStatus Closed = new("closed", 0, 0, null, null, null);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 4, 1, 18, 0, 0, TimeSpan.Zero));
    private readonly PipelineDefinition definition;
    private readonly SourceHealth health;
    private readonly Dictionary<string, BreakerStatus> breakers = new() { ["mlb"] = Closed };
    private readonly Dictionary<string, string> ledgers = [];
    private RedisData redis = new("off", 0, 0, 0, 0, null);
    private string state = "running";
    private CheckpointStatus? checkpoint;
    private DeadLetterStatus? letters;
    private Func<BlockStatus, BlockStatus> change = b => b;

    public HealthCheckTests()
    {
        health = new SourceHealth(time);
        using var folder = new Folder();
        folder.Write("pipeline.json", """
            {
              "records": { "player": { "name": { "type": "string" } } },
              "providers": { "mlb": { "baseUrl": "http://127.0.0.1:1" } },
              "sources": {
                "fast": { "type": "http", "provider": "mlb", "request": "/a", "every": "5s" },
                "slow": { "type": "http", "provider": "mlb", "request": "/b", "every": "5m" },
                "asked": { "type": "http", "provider": "mlb", "request": "/c/{id}", "pull": "player:mlb:{id}" }
              },
              "transforms": { "normalized": { "type": "normalize", "from": ["fast", "slow", "asked"], "map": "map.json" } },
              "sinks": { "archive": { "type": "file", "from": ["normalized"], "path": "out.jsonl" } }
            }
            """);
        folder.Write("map.json", """[{ "record": "player", "key": "player:mlb:{id}", "fields": { "name": "name" } }]""");
        var loaded = ConfigLoader.Load(folder.File("pipeline.json"), Catalog.All, [], _ => null);
        definition = loaded.Definition ?? throw new InvalidOperationException(string.Join('\n', loaded.Faults));
    }

    [Fact]
    public void All_well_is_healthy_though_one_that_only_answers_was_never_asked()
    {
        Delivered("fast", "slow");
        Is("healthy");
    }

    [Fact]
    public void What_a_provider_was_asked_and_would_not_be_known_after_a_restart_is_told()
    {
        Delivered("fast", "slow");
        ledgers["mlb"] = "spent permits are not remembered over a restart: no space left";
        Is("degraded", "provider 'mlb': spent permits are not remembered over a restart: no space left");
    }

    [Fact]
    public void Occasional_failures_are_no_news()
    {
        Delivered("fast", "slow");
        health.Failed("fast", "HTTP 500");
        health.Failed("fast", "HTTP 500");
        Is("healthy");
    }

    [Fact]
    public void Checkpoints_that_are_overdue_or_can_not_be_kept_are_named()
    {
        Delivered("fast", "slow");
        checkpoint = new CheckpointStatus { Id = 7, EverySeconds = 10, AgeSeconds = 29 };
        Is("healthy");
        checkpoint = checkpoint with { AgeSeconds = 31 };
        Is("degraded", "the last complete checkpoint is 31 s old (one is due every 10 s): a crash now would repeat what came since");
        checkpoint = checkpoint with { AgeSeconds = 3, Problem = "the disk is full" };
        Is("degraded", "checkpoints can't be kept: the disk is full");
    }

    [Fact]
    public void A_failing_source_is_named_with_its_error()
    {
        Delivered("fast", "slow");
        Enumerable.Range(0, 3).ToList().ForEach(_ => health.Failed("fast", "HTTP 500"));
        Is("degraded", "source 'fast' has failed 3 times in a row: HTTP 500");
    }

    [Fact]
    public void Only_a_source_that_missed_its_own_rhythm_is_silent()
    {
        Delivered("fast", "slow");
        time.Advance(TimeSpan.FromSeconds(40));
        Is("degraded", "source 'fast' has delivered nothing for 40 s");
    }

    [Fact]
    public void An_open_breaker_is_named_with_its_wait()
    {
        Delivered("fast", "slow");
        breakers["other"] = new BreakerStatus("open", 5, 1, time.GetUtcNow(), time.GetUtcNow().AddSeconds(42), "timeout") { Reason = "5 failures in a row" };
        Is("degraded", "provider 'other' is left alone for another 42 s after 5 failures in a row: timeout");
        breakers["other"] = breakers["other"] with { State = "half_open" };
        Is("degraded", "provider 'other' is tried again after 5 failures in a row");
    }

    [Fact]
    public void A_waiting_sink_is_named_as_the_blocker()
    {
        Delivered("fast", "slow");
        change = b => b.Name == "archive" ? b with { State = "waiting", Queued = 120, Problem = "sink 'archive': no space left on device" } : b;
        Is("degraded", "sink 'archive' waits and 120 records with it: no space left on device");
    }

    [Fact]
    public void A_restarting_stage_is_named()
    {
        Delivered("fast", "slow");
        change = b => b.Name == "normalized" ? b with { State = "restarting", Problem = "block 'normalized' failed: boom" } : b;
        Is("degraded", "transform 'normalized' is being restarted: block 'normalized' failed: boom");
    }

    [Fact]
    public void Redis_down_is_degraded_and_told_once()
    {
        Delivered("fast", "slow");
        redis = redis with { State = "down", Problem = "no answer from localhost:6379" };
        Is("degraded", "Redis is down (no answer from localhost:6379); records are served from memory");
    }

    [Theory]
    [InlineData("created", "the pipeline is starting")]
    [InlineData("draining", "the pipeline is draining")]
    [InlineData("failed", "the pipeline is failed")]
    public void A_pipeline_that_does_not_run_is_unhealthy(string now, string problem)
    {
        Delivered("fast", "slow");
        state = now;
        Is("unhealthy", problem);
    }

    [Fact]
    public void A_dead_letter_that_can_not_be_written_is_told()
    {
        Delivered("fast", "slow");
        letters = new DeadLetterStatus { Path = "data/dead.jsonl", Written = 3, Lost = 2 };
        Is("healthy");
        letters = letters with { Problem = "No space left on device" };
        Is("degraded", "dead letter 'data/dead.jsonl' can't be written: No space left on device; 2 dead records were counted but not kept");
    }

    [Fact]
    public void Without_any_delivery_it_is_unhealthy() => Is("unhealthy", "no source has delivered yet");

    [Fact]
    public void With_all_sources_failing_or_behind_open_breakers_it_is_unhealthy()
    {
        Delivered("fast", "slow");
        breakers["mlb"] = Closed with { State = "isolated" };
        Is("unhealthy", "no source delivers", "provider 'mlb' was switched off by hand");
    }

    private void Delivered(params string[] sources) => Array.ForEach(sources, s => health.Succeeded(s, changed: true, 100));

    private void Is(string status, params string[] problems)
    {
        var none = new Dictionary<string, long>();
        var blocks = definition.Blocks.Select(b => change(new BlockStatus
        {
            Name = b.Name,
            Kind = b.Type.Kind.ToString().ToLowerInvariant(),
            Type = b.Type.Name,
            Stage = b.Name,
            State = "running",
            Filtered = none,
            Absorbed = none,
            Dropped = none,
            DeadLettered = none,
        })).ToList();
        var cache = new CacheData(0, 0, 0, 0, 0, 0, 0, 0, 0, new Dictionary<string, int>(), redis);
        var report = HealthCheck.Check(
            definition, new PipelineStatus("p", state, blocks, [], checkpoint) { DeadLetter = letters }, health, breakers, ledgers, cache, new ListenerData(0, 0, 0, 0, 0, 0, 0, 0, 0, null), memory: null, time.GetUtcNow());

        Assert.Equal(problems, report.Problems);
        Assert.Equal(status, report.Status);
    }
}
