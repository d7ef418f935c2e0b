using System.IO.Hashing;
using System.Net.Http.Headers;
using System.Text;

namespace StreamEngine.Sources.Http;

/// <summary>One request that is made again and again. The schedule's part belongs to the loop, the rest to whoever asks.</summary>
internal sealed class TrackedRequest(RequestTemplate template, int number)
{
    public RequestTemplate Template { get; } = template;

    /// <summary>Hash of the request as it is written: what a checkpoint knows it by, without the secrets that may be in it.</summary>
    public UInt128 Id { get; } = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(template.ToString()));

    /// <summary>Counts from 1. Equal requests have equal numbers; a number is used again when its request has gone.</summary>
    public int Number { get; } = number;

    /// <summary>The value that decides how often it is made.</summary>
    public string? State { get; set; }

    /// <summary>When it is made next: ticks on the source's clock.</summary>
    public long Due { get; set; }

    /// <summary>The provider or the gate wants it no sooner: ticks on the source's clock.</summary>
    public long NotBefore { get; set; }

    /// <summary>When it was made last; null before the first time.</summary>
    public long? Asked { get; set; }

    /// <summary>When asking again makes sense, as the gate said the last time.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    public bool InFlight { get; set; }

    /// <summary>Whether the last answer was a failure, which is logged once.</summary>
    public bool Failing { get; set; }

    /// <summary>Nobody lists it any more; it leaves when its answer is in.</summary>
    public bool Gone { get; set; }

    private int generation;

    public Uri? Url { get; private set; }

    /// <summary>The URL without secrets.</summary>
    public string Origin { get; private set; } = "";

    public EntityTagHeaderValue? ETag { get; set; }

    public DateTimeOffset? LastModified { get; set; }

    /// <summary>Hash of the last payload that was handed on.</summary>
    public UInt128 Hash { get; set; }

    /// <summary>Whether a payload of this URL was handed on, so that an unchanged one confirms it.</summary>
    public bool Known { get; set; }

    /// <summary>
    /// Sets where it goes. Another URL (the day changed) makes it a new request, and so does another generation: the pipeline
    /// no longer knows what an unchanged payload would confirm.
    /// </summary>
    public void GoTo(Uri url, string shownAs, int generation)
    {
        if (url != Url || generation != this.generation)
        {
            Url = url;
            this.generation = generation;
            Origin = shownAs;
            ETag = null;
            LastModified = null;
            Known = false;
        }
    }
}
