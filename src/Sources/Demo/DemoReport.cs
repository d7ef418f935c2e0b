namespace StreamEngine.Sources.Demo;

/// <summary>What a demo provider saw, by its own log.</summary>
public sealed record DemoReport
{
    /// <summary>The provider's name.</summary>
    public required string Provider { get; init; }

    /// <summary>Requests that arrived for data, whatever became of them.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that arrived although a window was full. Any number but 0 is the client's fault.</summary>
    public required long LimitsExceeded { get; init; }

    /// <summary>429 answers given because a window was full; only statline insists.</summary>
    public required long TooManyRequests { get; init; }

    /// <summary>Failures made on purpose, by kind: <c>status_429</c>, <c>status_500</c>, <c>hang</c>, <c>broken_json</c>, <c>outage</c>.</summary>
    public required IReadOnlyDictionary<string, long> Injected { get; init; }

    /// <summary>Answers that said that nothing had changed (304).</summary>
    public required long NotModified { get; init; }

    /// <summary>Most requests in any second, sliding; 2 are allowed.</summary>
    public required int BusiestSecond { get; init; }

    /// <summary>Most requests in any 60 seconds, sliding; 60 are allowed.</summary>
    public required int BusiestMinute { get; init; }

    /// <summary>Outages that have begun.</summary>
    public required int Outages { get; init; }
}
