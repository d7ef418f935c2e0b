using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.Http;

/// <summary>
/// How an answer goes on. Each page takes its own permit and enters the pipeline as a payload of its own, in order; a page that fails for good, or
/// fewer items than <c>total</c> says, make the request a failed one.
/// </summary>
public sealed record PagesOptions
{
    /// <summary>A parameter counts pages.</summary>
    public const string ByPage = "page";

    /// <summary>A parameter counts items.</summary>
    public const string ByOffset = "offset";

    /// <summary>A parameter takes what the page before says.</summary>
    public const string ByCursor = "cursor";

    /// <summary>The page before has the URL.</summary>
    public const string ByNext = "next";

    /// <summary>A header has the URL.</summary>
    public const string ByLink = "link";

    /// <summary>
    /// How the next page is asked for: by a number of the <c>page</c>, by the <c>offset</c> of its first item, by a <c>cursor</c> that the page
    /// before gives, by the URL that stands there (<c>next</c>), or by the URL in the header <c>Link</c> with <c>rel="next"</c> (<c>link</c>). Absent:
    /// there are no more pages, and <c>total</c> says whether that is so.
    /// </summary>
    [OneOf(ByPage, ByOffset, ByCursor, ByNext, ByLink)]
    public string? By { get; init; }

    /// <summary>The query parameter for the page, offset or cursor; the word in <c>by</c> unless stated.</summary>
    public string? Parameter { get; init; }

    /// <summary>The number of the first page (1 unless stated) or the first offset (0).</summary>
    [Between("0", "1000000000")]
    public int? First { get; init; }

    /// <summary>Path of the cursor or the URL in a page, such as <c>$.meta.next</c>, or <c>@header('X-Next')</c>; null, empty or absent on the last page.</summary>
    public string? Path { get; init; }

    /// <summary>Path of the list whose items count, such as <c>$.data</c>; several lists count together. A page without items is the last.</summary>
    public string? Items { get; init; }

    /// <summary>How many items a full page has: one with fewer is then the last. Not needed where <c>total</c> is given.</summary>
    [Between("1", "1000000")]
    public int? Size { get; init; }

    /// <summary>Path of the number of items that there are in all, such as <c>$.meta.total</c>, or <c>@header('X-Total-Count')</c>.</summary>
    public string? Total { get; init; }

    /// <summary>Most pages of one request. When there are more, it counts as failed.</summary>
    [Between("1", "10000")]
    public int Max { get; init; } = 100;

    /// <summary>The query parameter that asks for a page; null when the page before has the whole URL.</summary>
    internal string? Asks => By is ByPage or ByOffset or ByCursor ? Parameter ?? By : null;
}
