using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace StreamEngine.Sources.Demo;

/// <summary>What becomes of one request.</summary>
internal enum Fate
{
    Answered,
    TooManyRequests,
    ServerError,
    Hang,
    BrokenJson,
    Outage,
}

/// <summary>
/// One pretended provider: its log of arrivals, the faults it makes on purpose, and its view of the season. A request's
/// fate depends on the seed and on the request's number, an outage on the time since the start; nothing else.
/// </summary>
/// <param name="name">Its name, which is its base path too.</param>
/// <param name="seed">Seed of the run.</param>
/// <param name="season">What it reports on.</param>
/// <param name="start">When the season began.</param>
/// <param name="time">The clock.</param>
internal abstract class DemoProvider(string name, int seed, Season season, DateTimeOffset start, TimeProvider time)
{
    // A client without a time limit of its own must not keep a connection for ever.
    private static readonly TimeSpan LongestHang = TimeSpan.FromSeconds(60);

    // Names with accents travel as they are: payloads in raw UTF-8 are part of what a client must read.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock gate = new();
    private readonly ArrivalLog arrivals = new();
    private readonly long began = time.GetTimestamp();
    private readonly long[] fates = new long[Enum.GetValues<Fate>().Length];
    private long refused;
    private long unchanged;

    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The season's seconds between two views; a provider that posts rarely is behind by up to this.</summary>
    protected abstract int Rhythm { get; }

    /// <summary>Whether a full window is answered with 429.</summary>
    protected virtual bool Insists => false;

    /// <summary>The fault made on purpose for a request.</summary>
    /// <param name="chance">0..1, from the number of the request.</param>
    /// <param name="at">Time since the start.</param>
    protected virtual Fate FateOf(double chance, TimeSpan at) => Fate.Answered;

    /// <summary>How long the answer takes.</summary>
    /// <param name="chance">0..1, from the number of the request.</param>
    protected virtual TimeSpan Latency(double chance) => TimeSpan.Zero;

    /// <summary>Outages that have begun.</summary>
    /// <param name="at">Time since the start.</param>
    protected virtual int OutagesBy(TimeSpan at) => 0;

    /// <summary>Second of the last change of what a path answers; null when every answer is new.</summary>
    protected virtual int? ChangedAt(string path, Snapshot seen) => null;

    /// <summary>Writes the payload of a path.</summary>
    /// <returns>False when there is no such path.</returns>
    protected abstract bool Write(string path, Snapshot seen, Utf8JsonWriter json);

    /// <summary>When a second of the season was.</summary>
    protected DateTimeOffset TimeOf(int second) => start.AddSeconds(second);

    /// <summary>What it saw so far.</summary>
    public DemoReport Report()
    {
        lock (gate)
        {
            return new DemoReport
            {
                Provider = name,
                Requests = arrivals.Count,
                LimitsExceeded = arrivals.Exceeded,
                TooManyRequests = refused,
                Injected = new Dictionary<string, long>
                {
                    ["status_429"] = fates[(int)Fate.TooManyRequests],
                    ["status_500"] = fates[(int)Fate.ServerError],
                    ["hang"] = fates[(int)Fate.Hang],
                    ["broken_json"] = fates[(int)Fate.BrokenJson],
                    ["outage"] = fates[(int)Fate.Outage],
                },
                NotModified = unchanged,
                BusiestSecond = arrivals.BusiestSecond,
                BusiestMinute = arrivals.BusiestMinute,
                Outages = OutagesBy(time.GetElapsedTime(began)),
            };
        }
    }

    /// <summary>Answers one request, well or badly.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Path below the base address, with its slash.</param>
    /// <param name="stopping">Ends a wait when the providers stop.</param>
    public async Task Answer(HttpContext context, string path, CancellationToken stopping)
    {
        long number;
        TimeSpan at;
        TimeSpan retryAfter;
        Fate fate;
        lock (gate)
        {
            at = time.GetElapsedTime(began);
            number = arrivals.Add(at, out retryAfter);
            fate = FateOf(Chance.Of(seed, Stream("fate"), number), at);
            if (Insists && retryAfter > TimeSpan.Zero)
            {
                refused++;
            }
            else
            {
                retryAfter = TimeSpan.Zero;
                fates[(int)fate]++;
            }
        }

        if (retryAfter > TimeSpan.Zero)
        {
            Refuse(context.Response, retryAfter);
            return;
        }

        var second = (int)at.TotalSeconds;
        var seen = season.At(second - (second % Rhythm));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, context.RequestAborted);
        switch (fate)
        {
            case Fate.TooManyRequests:
                Refuse(context.Response, TimeSpan.FromSeconds(2));
                break;
            case Fate.ServerError:
                await Fail(context.Response, 500, "internal error", either.Token).ConfigureAwait(false);
                break;
            case Fate.Outage:
                await Fail(context.Response, 503, "down for maintenance", either.Token).ConfigureAwait(false);
                break;
            case Fate.Hang:
                await Task.Delay(LongestHang, time, either.Token).ConfigureAwait(false);
                context.Abort();
                break;
            default:
                await Send(context, path, seen, fate == Fate.BrokenJson, number, either.Token).ConfigureAwait(false);
                break;
        }
    }

    private async Task Send(HttpContext context, string path, Snapshot seen, bool broken, long number, CancellationToken token)
    {
        var latency = Latency(Chance.Of(seed, Stream("latency"), number));
        if (latency > TimeSpan.Zero)
        {
            await Task.Delay(latency, time, token).ConfigureAwait(false);
        }

        var response = context.Response;
        if (ChangedAt(path, seen) is { } changed)
        {
            var tag = string.Create(CultureInfo.InvariantCulture, $"\"{path.Trim('/').Replace('/', '-')}-{TimeOf(changed).ToUnixTimeMilliseconds():x}\"");
            response.Headers.ETag = tag;
            if (context.Request.Headers.IfNoneMatch.Contains(tag))
            {
                lock (gate)
                {
                    unchanged++;
                }

                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        var body = new ArrayBufferWriter<byte>(8192);
        using (var json = new Utf8JsonWriter(body, Json))
        {
            if (!Write(path, seen, json))
            {
                await Fail(response, 404, "no such resource", token).ConfigureAwait(false);
                return;
            }
        }

        response.ContentType = "application/json; charset=utf-8";
        var whole = body.WrittenMemory;
        var sent = broken ? whole[..(whole.Length * 2 / 3)] : whole;
        response.ContentLength = sent.Length;
        await response.Body.WriteAsync(sent, token).ConfigureAwait(false);
    }

    private static void Refuse(HttpResponse response, TimeSpan retryAfter)
    {
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }

    private static async Task Fail(HttpResponse response, int status, string message, CancellationToken token)
    {
        response.StatusCode = status;
        response.ContentType = "application/json; charset=utf-8";
        await response.WriteAsync($$"""{"error":"{{message}}"}""", token).ConfigureAwait(false);
    }

    // Providers and decisions draw from streams of their own; string.GetHashCode differs from run to run.
    private int Stream(string decision)
    {
        var hash = 17;
        foreach (var letter in name + decision)
        {
            hash = unchecked((hash * 31) + letter);
        }

        return hash;
    }
}
