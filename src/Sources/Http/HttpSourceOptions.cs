using System.Text.Json;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Memory;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Asks an HTTP provider again and again; each JSON answer enters the pipeline as one payload, or item by item, or each row or line of it.</summary>
public sealed record HttpSourceOptions : PayloadSourceOptions, IUsesProvider, IReadsSources, IMayFreeze
{
    internal const string Json = "json";
    internal const string LiveClass = "live";
    internal const string ReferenceClass = "reference";

    /// <summary>The provider that is asked, by its name under <c>providers</c>.</summary>
    [RequiredSetting]
    public string Provider { get; init; } = "";

    /// <summary>
    /// What is put after the provider's <c>baseUrl</c>: one path with its query, or a list of them. <c>{today}</c> is today's
    /// date in UTC (yyyy-MM-dd), <c>{today:America/New_York}</c> the date there, <c>{name}</c> a name that <c>for</c> binds.
    /// </summary>
    [RequiredSetting]
    public IReadOnlyList<string> Request { get; init; } = [];

    /// <summary>How it is asked. A POST changes nothing at the provider and is repeated like a GET.</summary>
    [OneOf("GET", "POST")]
    public string Method { get; init; } = "GET";

    /// <summary>What a POST sends: an object or a list. The names that <c>request</c> may have are replaced in its texts, such as <c>"{today}"</c>.</summary>
    public JsonElement Body { get; init; }

    /// <summary>How the body is sent: as JSON, or an object as a form, <c>application/x-www-form-urlencoded</c>.</summary>
    [OneOf(BodyTemplate.Json, BodyTemplate.Form)]
    public string ContentType { get; init; } = BodyTemplate.Json;

    /// <summary>
    /// How payloads stand in an answer. <c>json</c>: it is one JSON text, and one payload unless <c>items</c> takes it apart. <c>csv</c>: the first row names the
    /// columns, and each row after it is a payload, an object of texts. <c>lines</c>: one JSON text per line. Items, rows and lines are handed on while the
    /// answer arrives, so its size has no bound.
    /// </summary>
    [OneOf(Json, Csv, Lines)]
    public string Format { get; init; } = Json;

    /// <summary>How an answer goes on, when it comes in pages.</summary>
    public PagesOptions? Pages { get; init; }

    /// <summary>Asks for what changed since the last answer instead of the whole document.</summary>
    public PatchOptions? Patch { get; init; }

    /// <summary>
    /// Condition over paths into an answer under which it is an error though its status says otherwise, such as <c>exists($.error)</c>: it
    /// counts as a failure of the provider, and is tried again like one.
    /// </summary>
    public string? FailsWhen { get; init; }

    /// <summary>Condition that every good answer satisfies, such as <c>exists($.dates[0])</c>; one that doesn't counts as a failure of the provider.</summary>
    public string? Expects { get; init; }

    /// <summary>
    /// Condition over paths into an answer under which it asks for fewer requests though its status says otherwise, such as
    /// <c>$.error.code == 'rate_limited'</c>: it doesn't count for the breaker, and the provider's requests wait.
    /// </summary>
    public string? ThrottledWhen { get; init; }

    /// <summary>Path at which such an answer says how long to wait: seconds, a time in seconds or milliseconds since 1970, or a date. A Retry-After header where it isn't there.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>Path of the provider's words in an answer that is an error, such as <c>$.error.message</c>; the beginning of the answer unless stated.</summary>
    public string? ErrorText { get; init; }

    /// <summary>Makes one request for each item that another http source's payload lists; absent: the requests stand as they are.</summary>
    public ForOptions? For { get; init; }

    /// <summary>
    /// The key of the record that a request is for, such as <c>player:mlb:{id}</c>: then it can be asked for one record at once, when somebody waits
    /// for it. Its names stand in <c>request</c>; a request with names that only this binds is made for nothing else.
    /// </summary>
    public string? Pull { get; init; }

    /// <summary>How often each request is made: a duration, or one by the value of a name that <c>for</c> binds or of a path in the answer. Needed unless all requests are made for <c>pull</c> only.</summary>
    public EveryOptions Every { get; init; } = new();

    /// <summary>By how much of itself each interval varies, so that requests don't march in step: 0.1 is 10% up or down.</summary>
    [Between("0", "1")]
    public double Jitter { get; init; } = 0.1;

    /// <summary>
    /// How far an answer's <c>Cache-Control: max-age</c>, less its <c>Age</c>, may put off the next request: until then the same answer would come.
    /// Absent: not at all. It never makes an interval shorter.
    /// </summary>
    [Between("1s", "7d")]
    public Duration? MaxAge { get; init; }

    /// <summary>
    /// How long the source may go on answering without saying anything new after others have changed what it says too, five times at least, and
    /// while they go on: then it is frozen, and left alone for its provider's <c>recovery</c> again and again until it moves. Needs a <c>merge</c>
    /// that reads it together with another source. Absent: it is not watched.
    /// </summary>
    [Between("1s", "30d")]
    public Duration? FrozenAfter { get; init; }

    /// <summary>What a request costs where the provider counts credits; 1 unless stated.</summary>
    public CostOptions Cost { get; init; } = new();

    /// <summary>
    /// Who comes first when the provider's limits make requests wait: <c>live</c> for what changes while one looks at it, <c>reference</c> for what
    /// changes seldom, such as schedules and rosters. Live requests get three times the permits of reference ones then, not all.
    /// </summary>
    [OneOf(LiveClass, ReferenceClass)]
    public string Importance { get; init; } = LiveClass;

    /// <summary>What a plan takes for granted where only answers tell how much is asked; changes nothing else.</summary>
    public AssumeOptions? Assume { get; init; }

    /// <summary>Headers sent with these requests, besides the provider's. Values are treated as secrets.</summary>
    [Secret]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Most requests that <c>for</c> may make, 1000 unless stated; items past it are left out, with a warning in the log.</summary>
    [Between("1", "100000")]
    public int? MaxRequests { get; init; }

    IReadOnlyList<string> IReadsSources.SourcesRead => For is null ? [] : [For.From];

    /// <inheritdoc/>
    public override long LargestPayload(PipelineOptions pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        if (IsTakenApart)
        {
            return Items is null ? MaxLine.Bytes : MaxDocument.Bytes + ItemSplitter.MaxContext;
        }

        return pipeline.Providers.TryGetValue(Provider, out var provider) ? provider.MaxBytes.Bytes : 0;
    }

    /// <summary>Whether it asks for anything by itself.</summary>
    public bool IsPolled() => Wanted.Polled(this).Count > 0;

    /// <summary>How soon its answers are wanted.</summary>
    internal RequestClass Class => Importance == ReferenceClass ? RequestClass.Reference : RequestClass.Live;

    /// <summary>Whether something in an answer tells the source itself what to do.</summary>
    internal bool ReadsAnswers => Pages is not null || Patch is not null || FailsWhen is not null || Expects is not null || ThrottledWhen is not null || Every.IsOfAnswer;

    private int MostInFlight => HttpSource.MaxInFlight + (Pull is null ? 0 : HttpSource.MaxPullsInFlight);

    /// <summary>Whether an answer becomes several payloads, which are handed on while it arrives.</summary>
    internal bool IsTakenApart => Items is not null || Format != Json;

    /// <inheritdoc/>
    public override IEnumerable<MemoryNeed> Memory(MemoryTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        if (IsTakenApart)
        {
            yield return new MemoryNeed(Items is null ? "a line of an answer" : "an item of an answer", ArrivingBody.Copies * MemoryTerms.Growth * LargestPayload(terms.Pipeline), Items is null ? "maxLine" : "maxDocument");
            yield break;
        }

        yield return new MemoryNeed("answers that are read", MostInFlight * MemoryTerms.Growth * LargestPayload(terms.Pipeline), $"providers.{Provider}.maxBytes");
        if (ReadsAnswers || (terms.Pipeline.Providers.TryGetValue(Provider, out var provider) && BudgetReader.MayReadBodies(provider.Throttle)))
        {
            yield return new MemoryNeed("tokens of an answer", terms.Tokens, $"providers.{Provider}.maxBytes");
        }

        if (Patch is not null)
        {
            yield return new MemoryNeed("documents kept for patches", Patch.MaxBytes.Bytes, "patch.maxBytes");
            yield return new MemoryNeed("documents that patches make", MostInFlight * MemoryTerms.Growth * LargestPayload(terms.Pipeline), $"providers.{Provider}.maxBytes");
            yield return new MemoryNeed("a document taken apart", DocumentPatcher.MemoryFor(LargestPayload(terms.Pipeline)), $"providers.{Provider}.maxBytes");
        }

        if (Pages is not null)
        {
            yield return new MemoryNeed("what is known of pages", (Wanted.Most(this) + HttpSource.MaxPullsInFlight) * (long)Pages.Max * TrackedPage.MemoryBytes, "pages.max");
        }
    }
}
