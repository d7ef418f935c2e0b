namespace StreamEngine.Sources.Http;

/// <summary>What an answer to a patch's request means.</summary>
/// <param name="Body">The document that follows; null where there is none.</param>
/// <param name="IsWhole">Whether the answer is the document itself.</param>
/// <param name="Fault">Why it can't be used; null when it can.</param>
internal readonly record struct Patched(Body? Body, bool IsWhole, string? Fault)
{
    /// <summary>Nothing has changed.</summary>
    public static Patched Unchanged => default;

    /// <summary>The answer is the document.</summary>
    public static Patched Whole => new(null, true, null);

    /// <summary>The document that follows.</summary>
    public static Patched To(Body body) => new(body, false, null);

    /// <summary>It can't be used.</summary>
    public static Patched Unusable(string why) => new(null, false, why);
}
