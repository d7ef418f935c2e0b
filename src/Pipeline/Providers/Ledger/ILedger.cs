namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>Remembers over restarts and crashes what a provider was asked. It never goes back, whatever a checkpoint does.</summary>
internal interface ILedger
{
    /// <summary>What was remembered at the start.</summary>
    LedgerContent Content { get; }

    /// <summary>Why what is spent now will not be remembered, or what could not be read at the start; null when all is well.</summary>
    string? Problem { get; }

    /// <summary>Returns when a permit will be remembered as spent, or when there is no use in waiting for that any longer. It throws nothing.</summary>
    /// <param name="id">The permit's number.</param>
    /// <param name="credits">What the request costs.</param>
    /// <param name="at">When it is about to be sent.</param>
    /// <param name="timeout">How long the provider may need to see a request that is not answered.</param>
    ValueTask SpendAsync(long id, int credits, DateTimeOffset at, TimeSpan timeout);

    /// <summary>A request is over.</summary>
    /// <param name="id">The permit's number.</param>
    /// <param name="until">When the provider can have seen it last.</param>
    void Over(long id, DateTimeOffset until);

    /// <summary>The provider asked to be left alone, or what is known of its own count has changed.</summary>
    /// <param name="line">Of kind <see cref="LedgerLine.Held"/>, <see cref="LedgerLine.Corrected"/> or <see cref="LedgerLine.Limited"/>.</param>
    void Note(LedgerLine line);

    /// <summary>The breaker has opened, or closed.</summary>
    /// <param name="open">How it is open; null when it is closed.</param>
    void Breaker(OpenBreaker? open);
}
