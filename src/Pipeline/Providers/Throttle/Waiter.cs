namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>A request that waits for its permit; it gets none when it has to make room for another.</summary>
internal sealed class Waiter(GateCall call) : TaskCompletionSource<Permit?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public GateCall Call => call;

    /// <summary>Its place among the waiting requests of its source; null when it waits no longer.</summary>
    public LinkedListNode<Waiter>? Place { get; set; }
}
