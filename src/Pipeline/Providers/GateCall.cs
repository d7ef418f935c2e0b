namespace StreamEngine.Pipeline.Providers;

/// <summary>What the gate wants to know of a request.</summary>
/// <param name="Source">Who makes it: sources of one provider take turns.</param>
public sealed record GateCall(string Source)
{
    /// <summary>What each attempt costs.</summary>
    public int Credits { get; init; } = 1;

    /// <summary>How soon it is wanted.</summary>
    public RequestClass Class { get; init; } = RequestClass.Live;
}
