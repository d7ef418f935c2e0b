using System.Net.Http.Headers;

namespace StreamEngine.Sources.Http;

/// <summary>One page of a request, and what its last answer was. A request that has no pages is one page.</summary>
/// <param name="number">Counts from 1; no two pages of a source have the same at the same time.</param>
internal sealed class TrackedPage(int number)
{
    /// <summary>About what a page takes: two URLs, a tag, and what the answer said.</summary>
    public const int MemoryBytes = 2048;

    private string? body;
    private int generation;

    /// <summary>By which the pipeline knows it: a number is used again when its page has gone.</summary>
    public int Number { get; } = number;

    public Uri? Url { get; private set; }

    /// <summary>The URL without secrets.</summary>
    public string Origin { get; private set; } = "";

    public EntityTagHeaderValue? ETag { get; set; }

    public DateTimeOffset? LastModified { get; set; }

    /// <summary>Hash of the last payload that was handed on.</summary>
    public UInt128 Hash { get; set; }

    /// <summary>Whether a payload of this URL was handed on, so that an unchanged one confirms it.</summary>
    public bool Known { get; set; }

    /// <summary>What the last payload said that was handed on: an unchanged one says it still.</summary>
    public AnswerFacts Facts { get; set; } = new();

    /// <summary>The last whole document, to which patches are applied; null when there is none.</summary>
    public KeptDocument? Kept { get; set; }

    /// <summary>Patches in a row that could not be used.</summary>
    public int UnusablePatches { get; set; }

    /// <summary>Before this timestamp of the clock no patch is asked for; null for no such time.</summary>
    public long? PatchesFrom { get; set; }

    /// <summary>
    /// Sets where it goes. Another URL or body (the day changed) makes it a new request, and so does another generation: the pipeline
    /// no longer knows what an unchanged payload would confirm.
    /// </summary>
    public void GoTo(Uri url, string? body, string shownAs, int generation)
    {
        if (url != Url || body != this.body || generation != this.generation)
        {
            Url = url;
            this.body = body;
            this.generation = generation;
            Origin = shownAs;
            ETag = null;
            LastModified = null;
            Known = false;
        }
    }
}
