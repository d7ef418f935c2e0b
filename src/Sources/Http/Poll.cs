namespace StreamEngine.Sources.Http;

/// <summary>One go at a request, from its first page to its last.</summary>
internal sealed class Poll
{
    /// <summary>The page that is asked for, from 0.</summary>
    public int Page { get; private set; }

    /// <summary>Where it is; null for the first page, whose URL the template says.</summary>
    public Uri? Url { get; private set; }

    /// <summary>What is sent with every page, as it was put together for the first.</summary>
    public RequestBody? Body { get; set; }

    /// <summary>Items of all pages so far, and of an answer each time it was begun.</summary>
    public long Items { get; set; }

    /// <summary>How many there are, as a page said last.</summary>
    public long? Total { get; set; }

    /// <summary>Hash of the page before.</summary>
    public UInt128? Before { get; set; }

    /// <summary>How often an answer broke off after its beginning was handed on.</summary>
    public int BrokenOff { get; set; }

    /// <summary>Why what came is not all; null when it is, as far as is known.</summary>
    public string? Fault { get; set; }

    /// <summary>Whether somebody waits for it, so that it is asked before what is only due.</summary>
    public bool IsOnDemand { get; init; }

    /// <summary>URLs that were read.</summary>
    public HashSet<Uri> Read { get; } = [];

    /// <summary>Goes on with another page.</summary>
    public void GoOn(Uri url) => (Page, Url) = (Page + 1, url);
}
