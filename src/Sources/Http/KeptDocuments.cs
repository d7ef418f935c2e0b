using System.Diagnostics.CodeAnalysis;

namespace StreamEngine.Sources.Http;

/// <summary>The documents of a source that patches are applied to, and when a patch may be asked for.</summary>
/// <param name="options">How long they are trusted, and how much memory they may take.</param>
/// <param name="time">The clock.</param>
/// <remarks>The loop keeps and forgets, between two answers of a page; whoever asks for it uses that page's part.</remarks>
internal sealed class KeptDocuments(PatchOptions options, TimeProvider time)
{
    /// <summary>After so many patches in a row that could not be used, whole documents are asked for as long as patches would have been trusted.</summary>
    private const int MostUnusable = 3;

    private long used;

    /// <summary>The document of which a patch may be asked for now.</summary>
    public bool TryGet(TrackedPage page, [NotNullWhen(true)] out KeptDocument? document)
    {
        document = page.Kept;
        var now = time.GetTimestamp();
        return document is not null && page is { Known: true, Facts.Since: not null }
            && time.GetElapsedTime(document.ReadAt, now) < options.WholeEvery.Value
            && (page.PatchesFrom is not { } from || from <= now);
    }

    /// <summary>Keeps the document that a page has now.</summary>
    /// <param name="page">The page.</param>
    /// <param name="fetched">Its last answer.</param>
    /// <param name="confirmed">Whether nothing had changed.</param>
    /// <returns>False when there is no room for it.</returns>
    public bool Keep(TrackedPage page, Fetched fetched, bool confirmed)
    {
        page.UnusablePatches = fetched.IsPatched ? 0 : page.UnusablePatches;
        var readAt = fetched.IsPatched && page.Kept is { } before ? before.ReadAt : time.GetTimestamp();
        if (confirmed || fetched is not { Body: not null, Facts.Since: not null })
        {
            page.Kept = page.Kept is { } same && fetched.Facts.Since is not null ? same with { ReadAt = readAt } : null;
            return true;
        }

        Forget(page);
        var body = fetched.Body.Span;
        if (used + body.Length > options.MaxBytes.Bytes)
        {
            return false;
        }

        used += body.Length;
        page.Kept = new KeptDocument(body.ToArray(), readAt);
        return true;
    }

    /// <summary>A patch could not be used.</summary>
    /// <returns>Whether it is the first in a row.</returns>
    public bool Unusable(TrackedPage page)
    {
        if (++page.UnusablePatches % MostUnusable == 0)
        {
            page.PatchesFrom = time.GetTimestamp() + (long)(options.WholeEvery.Value.TotalSeconds * time.TimestampFrequency);
        }

        return page.UnusablePatches == 1;
    }

    /// <summary>The page has gone.</summary>
    public void Forget(TrackedPage page)
    {
        used -= page.Kept?.Bytes.Length ?? 0;
        page.Kept = null;
    }
}
