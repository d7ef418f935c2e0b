namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>Requests of one source in one class, in their order.</summary>
internal sealed class WaitingFlow
{
    public LinkedList<Waiter> Waiters { get; } = [];

    /// <summary>The start tag of its next request.</summary>
    public long Tag { get; set; }

    /// <summary>Which of two with the same tag was there first.</summary>
    public long Order { get; set; }
}
