namespace StreamEngine.Sources.OnDemand;

/// <summary>How a pull ended.</summary>
public enum PullOutcome
{
    /// <summary>The answer came, and is on its way through the pipeline.</summary>
    Answered,

    /// <summary>No good answer came.</summary>
    Failed,

    /// <summary>Nothing was asked: the provider is left alone, or too many wait already.</summary>
    Refused,

    /// <summary>No source that is running asks for such a key.</summary>
    NoSource,
}
