using System.IO.Hashing;
using System.Text;

namespace StreamEngine.Sources.Http;

/// <summary>One request that is made again and again. The schedule's part belongs to the loop, the rest to whoever asks.</summary>
internal sealed class TrackedRequest(RequestTemplate template, int number)
{
    public RequestTemplate Template { get; } = template;

    /// <summary>Hash of the request as it is written: what a checkpoint knows it by, without the secrets that may be in it.</summary>
    public UInt128 Id { get; } = IdOf(template);

    /// <summary>The value that decides how often it is made.</summary>
    public string? State { get; set; }

    /// <summary>When it is made next: ticks on the source's clock.</summary>
    public long Due { get; set; }

    /// <summary>The provider or the gate wants it no sooner: ticks on the source's clock.</summary>
    public long NotBefore { get; set; }

    /// <summary>When it was last made sooner than its interval says: ticks on the source's clock; null for never.</summary>
    public long? Hurried { get; set; }

    /// <summary>It is made again when its answer is in, which may not have the news yet.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>When it was made last, or was due when it was made a little late; null before the first time.</summary>
    public long? Asked { get; set; }

    /// <summary>When the last answer, or its last page, was asked for.</summary>
    public DateTimeOffset SentAt { get; set; }

    /// <summary>When asking again makes sense, as the gate said the last time.</summary>
    public DateTimeOffset? RetryAt { get; set; }

    /// <summary>Whether the gate refused it the last time, so that nothing was asked.</summary>
    public bool IsRefused { get; set; }

    /// <summary>How long the last answer, or its last page, stays the same, as the provider said.</summary>
    public TimeSpan? FreshFor { get; set; }

    public bool InFlight { get; set; }

    /// <summary>Whether the last answer was a failure, which is logged once.</summary>
    public bool Failing { get; set; }

    /// <summary>Nobody lists it any more; it leaves when its answer is in.</summary>
    public bool Gone { get; set; }

    /// <summary>Its pages as they were found the last time; never none.</summary>
    public List<TrackedPage> Pages { get; } = [new TrackedPage(number)];

    /// <summary>How far it is.</summary>
    public Poll Poll { get; private set; } = new();

    /// <summary>The page that is asked for now.</summary>
    public TrackedPage Page => Pages[Poll.Page];

    /// <summary>The <see cref="Id"/> of a request.</summary>
    public static UInt128 IdOf(RequestTemplate template) => XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(template.ToString()));

    /// <summary>The next time it begins with the first page again.</summary>
    /// <param name="isOnDemand">Whether somebody waits for it.</param>
    public void StartOver(bool isOnDemand = false) => Poll = new Poll { IsOnDemand = isOnDemand };
}
