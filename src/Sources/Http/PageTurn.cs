namespace StreamEngine.Sources.Http;

/// <summary>What follows a page.</summary>
/// <param name="Next">The next page; null when this is the last that is read.</param>
/// <param name="Fault">Why what came is not whole; null while all is well.</param>
internal readonly record struct PageTurn(Uri? Next, string? Fault)
{
    public bool IsWhole => Next is null && Fault is null;
}
