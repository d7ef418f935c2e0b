namespace StreamEngine.Pipeline.Providers;

/// <summary>How soon an answer is wanted. A class before another one gets more of the permits, but never all of them.</summary>
public enum RequestClass
{
    /// <summary>Somebody waits for it.</summary>
    OnDemand,

    /// <summary>What changes while one looks at it.</summary>
    Live,

    /// <summary>What changes seldom, such as schedules and rosters.</summary>
    Reference,
}
