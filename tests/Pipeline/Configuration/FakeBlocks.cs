using System.Text.Json;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

/// <summary>Block types with the names and settings of the real ones, which this project doesn't know.</summary>
internal static class FakeBlocks
{
    public static BlockCatalog Catalog { get; } = new(
    [
        BlockType.Source<FakeHttpOptions>("http", "At least once.", (_, _) => throw new NotSupportedException()),
        BlockType.Source<FakeFileSourceOptions>("file", "Exactly once.", (_, _) => throw new NotSupportedException()),
        BlockType.Transform<FakeNormalizeOptions>("normalize", "Keeps order.", (_, _) => throw new NotSupportedException(), CheckMap),
        BlockType.Transform<FakeDeduplicateOptions>("deduplicate", "Once per key and content.", (_, _) => throw new NotSupportedException()),
        BlockType.Sink<FakeFileSinkOptions>("file", "Exactly once.", (_, _) => throw new NotSupportedException()),
        BlockType.Sink<FakeCacheOptions>("cache", "Newest wins.", (_, _) => throw new NotSupportedException()),
    ]);

    private static void CheckMap(FakeNormalizeOptions options, BlockCheck check)
    {
        foreach (var (rule, i) in (check.Load<IReadOnlyList<FakeRule>>(options.Map, "map", out var inside) ?? []).Select((r, i) => (r, i)))
        {
            foreach (var field in rule.Fields.Keys.Where(f => check.Schema.Type(rule.Record)?.Field(f) is null))
            {
                inside($"[{i}].fields.{field}", $"field '{field}' is not in record '{rule.Record}'");
            }
        }

        if (options.Strict)
        {
            check.Warning("strict", $"{check.Name} drops what it doesn't know");
        }
    }
}

/// <summary>Asks.</summary>
internal sealed record FakeHttpOptions : SourceOptions, IUsesProvider, IReadsSources
{
    [RequiredSetting]
    public string Provider { get; init; } = "";

    [RequiredSetting]
    public IReadOnlyList<string> Request { get; init; } = [];

    public FakeEvery? Every { get; init; }

    [Between("0", "1")]
    public double Jitter { get; init; } = 0.1;

    public FakeFor? For { get; init; }

    public IReadOnlyList<string> SourcesRead => For is null ? [] : [For.From];
}

internal sealed record FakeFor
{
    [RequiredSetting]
    public string From { get; init; } = "";

    [OtherMembers]
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();
}

[ShortForm(nameof(Always))]
internal sealed record FakeEvery
{
    [Between("100ms", "1d")]
    public Duration? Always { get; init; }

    public string? When { get; init; }

    [OtherMembers]
    [Between("100ms", "1d")]
    public IReadOnlyDictionary<string, Duration> ByState { get; init; } = new Dictionary<string, Duration>();
}

internal sealed record FakeFileSourceOptions : SourceOptions
{
    [RequiredSetting]
    public string Path { get; init; } = "";
}

internal sealed record FakeNormalizeOptions : TransformOptions
{
    [RequiredSetting]
    public string Map { get; init; } = "";

    public bool Strict { get; init; }
}

internal enum FakePolicy
{
    OldestFirst,
    NewestFirst,
}

internal sealed record FakeDeduplicateOptions : TransformOptions
{
    [Between("1s", "7d")]
    public Duration Window { get; init; } = Duration.Seconds(600);

    [Between("1", "100000000")]
    public long MaxKeys { get; init; } = 1_000_000;

    public FakePolicy Evict { get; init; }

    [OneOf("key", "content", "sequence")]
    public IReadOnlyList<string> By { get; init; } = ["key", "content"];

    public object? Mark { get; init; }

    public JsonElement Extra { get; init; }
}

internal sealed record FakeFileSinkOptions : SinkOptions
{
    [RequiredSetting]
    public string Path { get; init; } = "";

    public bool Gzip { get; init; }
}

internal sealed record FakeCacheOptions : SinkOptions
{
    [Between("1s", "1d")]
    public IReadOnlyDictionary<string, Duration> Ttl { get; init; } = new Dictionary<string, Duration>();

    [Between("1MB", "64GB")]
    public ByteSize MaxBytes { get; init; } = new(100 << 20);
}

internal sealed record FakeRule
{
    public IReadOnlyList<string> Each { get; init; } = [];

    [RequiredSetting]
    public string Record { get; init; } = "";

    [RequiredSetting]
    public string Key { get; init; } = "";

    [RequiredSetting]
    public IReadOnlyDictionary<string, FakeField> Fields { get; init; } = new Dictionary<string, FakeField>();
}

[ShortForm(nameof(Path))]
internal sealed record FakeField
{
    public string? Path { get; init; }

    public object? Const { get; init; }
}
