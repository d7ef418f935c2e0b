namespace StreamEngine.Pipeline.Configuration;

/// <summary>Everything an operator writes in <c>pipeline.json</c>.</summary>
public sealed record PipelineOptions
{
    /// <summary>Path or URL of the JSON schema, for editors; the engine ignores it.</summary>
    [SettingName("$schema")]
    public string? Schema { get; init; }

    /// <summary>Name of the pipeline, shown in health, metrics and logs.</summary>
    public string Name { get; init; } = "pipeline";

    /// <summary>The canonical shapes, by kind: what we believe a thing is.</summary>
    [RequiredSetting]
    [NamedMembers]
    public IReadOnlyDictionary<string, RecordOptions> Records { get; init; } = new Dictionary<string, RecordOptions>();

    /// <summary>Who is asked: one budget, one breaker and one connection pool each, shared by its sources.</summary>
    [NamedMembers]
    public IReadOnlyDictionary<string, ProviderOptions> Providers { get; init; } = new Dictionary<string, ProviderOptions>();

    /// <summary>What is asked, and when, by block name.</summary>
    [RequiredSetting]
    [NamedMembers]
    public IReadOnlyDictionary<string, SourceOptions> Sources { get; init; } = new Dictionary<string, SourceOptions>();

    /// <summary>How payloads become one trusted record, by block name.</summary>
    [NamedMembers]
    public IReadOnlyDictionary<string, TransformOptions> Transforms { get; init; } = new Dictionary<string, TransformOptions>();

    /// <summary>Who gets the records, by block name.</summary>
    [RequiredSetting]
    [NamedMembers]
    public IReadOnlyDictionary<string, SinkOptions> Sinks { get; init; } = new Dictionary<string, SinkOptions>();

    /// <summary>The Redis server that backs the record store.</summary>
    public RedisOptions Redis { get; init; } = new();

    /// <summary>Where records go that could not be understood.</summary>
    public DeadLetterOptions DeadLetter { get; init; } = new();

    /// <summary>How the run survives a crash.</summary>
    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>What the providers were asked, remembered over restarts.</summary>
    public LedgerOptions Ledger { get; init; } = new();

    /// <summary>Folder of the ledgers; empty when there are none.</summary>
    internal string LedgerPath => Providers.Count == 0 ? ""
        : Ledger.Path ?? (Checkpoint.Path.Length == 0 ? "" : Path.TrimEndingDirectorySeparator(Checkpoint.Path) + "-ledger");

    /// <summary>
    /// What time it is for the transforms: <c>wall</c> is the machine's, with <c>event</c> each record lives at its own event time. With
    /// <c>event</c> the same input gives the same output, byte for byte, whenever it is read; freshness then counts in full.
    /// </summary>
    [OneOf("wall", "event")]
    public string Clock { get; init; } = "wall";

    /// <summary>Where the REST API and the WebSocket listen.</summary>
    public ServerOptions Server { get; init; } = new();

    /// <summary>
    /// How many workers a stage of transforms may have; the number of cores when it is not given. Payloads are mapped by several workers, and
    /// what keeps state is split by keys between them; the order of records stays the same.
    /// </summary>
    [Between("1", "64")]
    public int? Parallelism { get; init; }

    /// <summary>Seed of everything random (jitter, back-off, demo providers), so that a run can be repeated.</summary>
    [Between("0", "2147483647")]
    public int Seed { get; init; } = 1;
}

/// <summary>The Redis server that backs the record store.</summary>
public sealed record RedisOptions
{
    /// <summary>Address such as <c>localhost:6379</c> or <c>redis://user:password@host:6379/0</c>; empty keeps records in memory only.</summary>
    [Secret]
    public string Url { get; init; } = "";

    /// <summary>Put before every key.</summary>
    public string Prefix { get; init; } = "";
}

/// <summary>Where records go that could not be understood.</summary>
public sealed record DeadLetterOptions
{
    internal const string Wait = "wait";
    internal const string Drop = "drop";

    /// <summary>File of JSON lines; empty counts dead records without keeping them.</summary>
    public string Path { get; init; } = "data/dead-letter.jsonl";

    /// <summary>The most that is kept of one payload. What is cut can't be fed back with <c>redrive</c>.</summary>
    [Between("1KB", "16MB")]
    public ByteSize MaxPayload { get; init; } = new(64L << 10);

    /// <summary>Size at which the file is renamed to <c>PATH.1</c> (replacing the one before) and begun anew.</summary>
    [Between("64KB", "1024GB")]
    public ByteSize MaxBytes { get; init; } = new(100L << 20);

    /// <summary>
    /// What happens when its disk is full, fails or does not answer, and 4 MB of dead records wait for it already. <c>wait</c>: the pipeline waits
    /// and nothing is lost; a checkpoint is complete only when the dead records before it are safe. <c>drop</c>: nothing waits, and what can't be
    /// kept is counted as lost.
    /// </summary>
    [OneOf(Wait, Drop)]
    public string OnFull { get; init; } = Wait;
}

/// <summary>How the run survives a crash.</summary>
public sealed record CheckpointOptions
{
    /// <summary>
    /// Folder of the checkpoints, relative to the config's; empty keeps none. The next start goes on from the last one: sources from where they
    /// stood, transforms with what they knew, files cut back to what it covers.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>How often one is made; one more is made at a shutdown.</summary>
    [Between("100ms", "1h")]
    public Duration Every { get; init; } = Duration.Seconds(10);

    /// <summary>How many are kept; should the last be damaged, the one before it is used.</summary>
    [Between("2", "100")]
    public int Keep { get; init; } = 3;
}

/// <summary>What the providers were asked, remembered over restarts.</summary>
public sealed record LedgerOptions
{
    /// <summary>
    /// Folder of the ledgers, one small file for each provider, relative to the config's. Absent: beside the checkpoints, the name of their folder with
    /// <c>-ledger</c> behind it. Empty, or without checkpoints: a restart knows nothing of what was spent before it.
    /// </summary>
    public string? Path { get; init; }
}

/// <summary>Where the REST API and the WebSocket listen.</summary>
public sealed record ServerOptions
{
    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8765";

    /// <summary>
    /// What calls that change something must bring, as <c>Authorization: Bearer KEY</c> or <c>X-API-Key: KEY</c>. Empty: only programs of this machine
    /// may make such calls, and none through a proxy.
    /// </summary>
    [Secret]
    public string ApiKey { get; init; } = "";

    /// <summary>Names under which the API is reached besides <c>localhost</c> and IP addresses, such as that of a reverse proxy. Calls that change something are refused under any other.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>A connection of the REST API with a request of the largest size, in bytes.</summary>
    internal const int ConnectionBytes = 160 << 10;

    /// <summary>
    /// Most connections to the REST API at once; more are closed at once. Requests past three quarters of them are refused with 503 (<c>server_busy</c>), except
    /// for health, metrics and WebSockets. WebSockets don't count, the sink has a bound of its own; streams of server-sent events do, up to half of them.
    /// </summary>
    [Between("1", "100000")]
    public int MaxConnections { get; init; } = 512;

    /// <summary>How long a shutdown may take to drain.</summary>
    [Between("1s", "10m")]
    public Duration DrainTimeout { get; init; } = Duration.Seconds(20);
}
