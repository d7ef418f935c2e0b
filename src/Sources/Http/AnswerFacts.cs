namespace StreamEngine.Sources.Http;

/// <summary>What the source itself needs to know of an answer.</summary>
/// <param name="State">The value that decides about the next interval; null for one that has none of its own.</param>
/// <param name="Items">How many items its lists have; null when it has no list.</param>
/// <param name="Total">How many there are in all, as it says.</param>
/// <param name="Next">The cursor or the URL of what follows; null at the end.</param>
/// <param name="Since">Its version, of which a patch may be asked for; null when it says none.</param>
internal sealed record AnswerFacts(string? State = null, long? Items = null, long? Total = null, string? Next = null, string? Since = null);
