using System.Net.Http.Headers;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.Http;

/// <summary>What a good answer was, or one that the requester can do something about.</summary>
/// <param name="Body">The payload; null when nothing changed, and for a redirect, a refused token, a patch that can't be used, and an answer that is taken apart.</param>
internal sealed record Fetched(Body? Body)
{
    /// <summary>An answer that is taken apart.</summary>
    public ArrivingBody? Arriving { get; init; }

    /// <summary>Hash of the payload; where nothing changed, of the one that is confirmed.</summary>
    public UInt128 Hash { get; init; }

    /// <summary>Where the provider sent us instead, on the same host.</summary>
    public Uri? Redirect { get; init; }

    /// <summary>Whether the token is not good any more.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Why a patch can't be used, so that the whole document must be asked for; null when it can.</summary>
    public string? PatchFault { get; init; }

    /// <summary>Whether a patch was asked for, and used.</summary>
    public bool IsPatched { get; init; }

    /// <summary>To ask conditionally the next time.</summary>
    public EntityTagHeaderValue? ETag { get; init; }

    /// <summary>To ask conditionally the next time.</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>What the answer tells the source.</summary>
    public AnswerFacts Facts { get; init; } = new();

    /// <summary>How long the same answer would come; null when that isn't known or doesn't count.</summary>
    public TimeSpan? FreshFor { get; init; }

    /// <summary>Headers that a mapping may read.</summary>
    public DocumentHeaders? Headers { get; init; }
}
