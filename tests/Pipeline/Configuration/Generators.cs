using CsCheck;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Tests.Configuration;

/// <summary>Options of every shape, for properties. They bind without faults; the graph need not make sense.</summary>
internal static class Generators
{
    private static readonly Gen<string> Name = Gen.Select(Gen.Char["abcXYZ"], Gen.String[Gen.Char["abz09_-"], 0, 6], (first, rest) => first + rest);

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char[' ', '~'], 1, 12],
        Gen.OneOf<string>("${NAME}", "$${", "$$${x}", "ünï 😀", "a\"b\\c\n\td", "\u0001", "{person.id}", "//", "null", "5", "$"));

    private static readonly Gen<Duration> Length = Gen.Int[1000, 3_600_000].Select(ms => new Duration(TimeSpan.FromMilliseconds(ms)));

    private static readonly Gen<FieldOptions> Field = Gen.Select(
        Gen.OneOf<string>("string", "int", "number", "bool", "time", "enum"), Gen.Bool, Gen.Double[-1e12, 1e12].Nullable(), Gen.Double.Where(double.IsFinite).Nullable(), Gen.Int[0, 18].Nullable(), Text.List[0, 3], Gen.Bool,
        (type, required, min, max, decimals, values, isVolatile) => new FieldOptions { Type = type, Required = required, Min = min, Max = max, Decimals = decimals, Values = values, Volatile = isVolatile });

    private static readonly Gen<RecordOptions> Record = Gen.Select(Map(Field, 1).Where(f => !f.ContainsKey("rules")), Text.List[0, 3],
        (fields, rules) => new RecordOptions { Fields = fields, Rules = rules });

    private static readonly Gen<ProviderOptions> Provider = Gen.Select(
        Text, Map(Text, 0), Gen.Select(Gen.Int[1, 100].Nullable(), Gen.Int[1, 100].Nullable(), Gen.Int[1, 100].Nullable(), Gen.Int[1, 100]), Length, Length, Gen.Long[1024, 1 << 30], Gen.Double[0, 1],
        (url, headers, throttle, a, b, bytes, reliability) => new ProviderOptions
        {
            BaseUrl = url,
            Headers = headers,
            Throttle = new ThrottleOptions { PerSecond = throttle.Item1, PerMinute = throttle.Item2, PerHour = throttle.Item3, Queue = throttle.Item4 },
            Retry = new RetryOptions { Backoff = a > b ? new DurationRange(b, a) : new DurationRange(a, b) },
            MaxBytes = new ByteSize(bytes),
            Reliability = reliability,
        });

    private static readonly Gen<SourceOptions> Source = Gen.OneOf(
        Gen.Select(Name, Text.List[1, 3], Gen.Select(Length.Nullable(), Text.Null(), Map(Length, 0)), Gen.Double[0, 1], Gen.Bool, (provider, request, every, jitter, isBare) => (SourceOptions)new FakeHttpOptions
        {
            Type = "http",
            Provider = provider,
            Request = request,
            Every = isBare ? null : new FakeEvery { Always = every.Item1, When = every.Item2, ByState = every.Item3.Where(e => e.Key is not ("always" or "when")).ToDictionary() },
            Jitter = jitter,
            For = isBare ? new FakeFor { From = provider } : null,
        }),
        Text.Select(path => (SourceOptions)new FakeFileSourceOptions { Type = "file", Path = path }));

    private static readonly Gen<object?> Mark = Gen.OneOf(Text.Select(t => (object?)t), Gen.Long.Select(l => (object?)l), Gen.Bool.Select(b => (object?)b), Gen.Const((object?)null), Gen.Const((object?)0.25));

    private static readonly Gen<TransformOptions> Transform = Gen.OneOf(
        Gen.Select(Name.List[1, 3], Text, Gen.Bool, (from, map, strict) => (TransformOptions)new FakeNormalizeOptions { Type = "normalize", From = from, Map = map, Strict = strict }),
        Gen.Select(Name.List[1, 3], Length, Gen.Long[1, 100_000_000], Gen.Enum<FakePolicy>(), Gen.OneOf<string>("key", "content", "sequence").List[0, 3], Mark,
            (from, window, keys, evict, by, mark) => (TransformOptions)new FakeDeduplicateOptions { Type = "deduplicate", From = from, Window = window, MaxKeys = keys, Evict = evict, By = by, Mark = mark }));

    private static readonly Gen<SinkOptions> Sink = Gen.OneOf(
        Gen.Select(Name.List[1, 3], Text, Gen.Bool, (from, path, gzip) => (SinkOptions)new FakeFileSinkOptions { Type = "file", From = from, Path = path, Gzip = gzip }),
        Gen.Select(Name.List[1, 3], Map(Length, 0), (from, ttl) => (SinkOptions)new FakeCacheOptions { Type = "cache", From = from, Ttl = ttl }));

    public static Gen<PipelineOptions> Options { get; } = Gen.Select(
        Gen.Select(Text.Null(), Text, Gen.Int[0, int.MaxValue], Text), Map(Record, 1), Map(Provider, 0), Map(Source, 1), Map(Transform, 0), Map(Sink, 1),
        (general, records, providers, sources, transforms, sinks) => new PipelineOptions
        {
            Schema = general.Item1,
            Name = general.Item2,
            Seed = general.Item3,
            Redis = new RedisOptions { Url = general.Item4 },
            Records = records,
            Providers = providers,
            Sources = sources,
            Transforms = transforms,
            Sinks = sinks,
        });

    private static Gen<IReadOnlyDictionary<string, T>> Map<T>(Gen<T> value, int least) =>
        Gen.Select(Name, value).List[least, 3].Select(pairs => (IReadOnlyDictionary<string, T>)pairs.DistinctBy(p => p.Item1).ToDictionary(p => p.Item1, p => p.Item2));
}
