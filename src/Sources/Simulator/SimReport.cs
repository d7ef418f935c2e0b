namespace StreamEngine.Sources.Simulator;

/// <summary>What a pretended provider saw, by its own log.</summary>
public sealed record SimReport
{
    /// <summary>The provider's name.</summary>
    public required string Name { get; init; }

    /// <summary>When it began to count.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>How long that is ago.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that arrived, whatever became of them.</summary>
    public required long Requests { get; init; }

    /// <summary>What they cost.</summary>
    public required long Credits { get; init; }

    /// <summary>Requests by path, without their queries; past a thousand paths under <c>(others)</c>.</summary>
    public required IReadOnlyDictionary<string, long> Paths { get; init; }

    /// <summary>Faults that were made, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Faults { get; init; }

    /// <summary>Requests that were refused because a window was full.</summary>
    public required long Refused { get; init; }

    /// <summary>Answers that said that nothing had changed (304).</summary>
    public required long NotModified { get; init; }

    /// <summary>Requests for paths it doesn't have.</summary>
    public required long NotFound { get; init; }

    /// <summary>Requests that came although a window was full, once for each such window. Any number but 0 is the client's fault.</summary>
    public required long Violations { get; init; }

    /// <summary>The first of them, a hundred at most.</summary>
    public required IReadOnlyList<SimViolation> FirstViolations { get; init; }

    /// <summary>Its windows.</summary>
    public required IReadOnlyList<SimWindowReport> Windows { get; init; }

    /// <summary>Arrivals that were forgotten before their sliding windows had passed, because too many would have had to be kept: those windows were counted too low.</summary>
    public required long Forgotten { get; init; }

    /// <summary>The name of a kind of fault as it is written.</summary>
    public static string NameOf(SimFaultKind kind)
    {
        var name = kind.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
