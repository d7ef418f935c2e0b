using System.Text.Json;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Simulator;

/// <summary>One fault of a pretended provider, and when it is made.</summary>
public sealed record SimFaultOptions
{
    internal const string InSeconds = "seconds";
    internal const string AsDate = "date";

    /// <summary>What goes wrong.</summary>
    [RequiredSetting]
    public SimFaultKind Kind { get; init; }

    /// <summary>When it begins, from the start or from when the script was replaced; absent: at once.</summary>
    [Between("0s", "30d")]
    public Duration? From { get; init; }

    /// <summary>For how long; absent: for ever.</summary>
    [Between("1ms", "30d")]
    public Duration? For { get; init; }

    /// <summary>Paths that begin so; <c>*</c> is all of them.</summary>
    public string Path { get; init; } = "*";

    /// <summary>Which part of the requests it hits, from 0 to 1.</summary>
    [Between("0", "1")]
    public double Share { get; init; } = 1;

    /// <summary>What <c>tooManyRequests</c> says in Retry-After (absent: no such header) and <c>throttled</c> in <c>retry_after</c> (3 s unless stated), in whole seconds.</summary>
    [Between("0s", "1d")]
    public Duration? RetryAfter { get; init; }

    /// <summary>How Retry-After is written: as <c>seconds</c> or as an HTTP <c>date</c>.</summary>
    [OneOf(InSeconds, AsDate)]
    public string RetryAfterAs { get; init; } = InSeconds;

    /// <summary>The status of the kind <c>status</c>; 500 unless stated.</summary>
    [Between("400", "599")]
    public int? Status { get; init; }

    /// <summary>What <c>status</c>, <c>error</c> and <c>throttled</c> answer instead of their own words.</summary>
    public JsonElement Json { get; init; }

    /// <summary>How large a <c>gzipBomb</c> becomes; 1GB unless stated.</summary>
    [Between("1KB", "1000GB")]
    public ByteSize? Size { get; init; }

    /// <summary>How far <c>backwards</c> goes; an hour unless stated.</summary>
    [Between("1s", "30d")]
    public Duration? By { get; init; }

    /// <summary>The time between two bytes of a <c>slowBody</c>; a second unless stated.</summary>
    [Between("1ms", "1h")]
    public Duration? Pause { get; init; }
}
