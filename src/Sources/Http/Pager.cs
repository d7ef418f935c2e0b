using System.Globalization;

namespace StreamEngine.Sources.Http;

/// <summary>Finds the page that follows one, and sees when some are missing.</summary>
/// <param name="options">The source's options.</param>
/// <param name="key">The query parameter with the provider's key, which the provider may repeat in its URLs; null for none.</param>
/// <param name="redact">Masks secrets.</param>
internal sealed class Pager(HttpSourceOptions options, string? key, Func<string, string> redact)
{
    /// <summary>Counts a page that has come and says what follows.</summary>
    public PageTurn After(TrackedRequest request, Fetched fetched)
    {
        var (poll, facts) = (request.Poll, fetched.Facts);
        var every = options.Every;
        if (every.IsOfAnswer && (poll.Page == 0 || every.For(facts.State) < every.For(request.State)))
        {
            request.State = facts.State;
        }

        return options.Pages is { } pages ? After(pages, request, facts, fetched.Hash) : default;
    }

    private PageTurn After(PagesOptions pages, TrackedRequest request, AnswerFacts facts, UInt128 hash)
    {
        var (poll, url) = (request.Poll, request.Page.Url!);
        if (pages.Items is not null && facts.Items is null && poll.Page == 0)
        {
            return new(null, $"there is no list at '{pages.Items}', so it is not known how many items came");
        }

        if (pages.Asks is { } parameter && poll.Before == hash && facts.Items is not 0)
        {
            return new(null, $"it is the same as the page before; perhaps the provider does not know the parameter '{parameter}'");
        }

        poll.Before = hash;
        poll.Items += facts.Items ?? 0;
        poll.Total = facts.Total ?? poll.Total;
        if (poll.Page == 0 && facts.Items > facts.Total)
        {
            return new(null, string.Create(CultureInfo.InvariantCulture, $"{facts.Items} items came at once, but '{pages.Total}' says {facts.Total}: it counts something else"));
        }

        if (Next(pages, poll, url, facts) is not { } next)
        {
            return new(null, Missing(pages, poll));
        }

        poll.Read.Add(url);
        if (!Uri.TryCreate(url, next, out var target))
        {
            return new(null, $"what should be the next page is no URL: {ErrorText.Of(next, redact)}");
        }

        target = key is null ? target : ProviderUrl.Remove(target, key);
        return target switch
        {
            _ when !ProviderUrl.IsSamePlace(url, target) => new(null, $"the next page is at another host, {target.Host}, which gets none of the provider's keys"),
            _ when poll.Read.Contains(target) => new(null, "the next page is one that was read already"),
            _ when poll.Page + 1 == pages.Max => new(null, string.Create(CultureInfo.InvariantCulture, $"there are more than {pages.Max} pages; raise pages.max if that is right")),
            _ => new(target, null),
        };
    }

    /// <summary>What is missing at the end; null when nothing is known to be.</summary>
    private static string? Missing(PagesOptions pages, Poll poll)
    {
        if (pages.Total is not null && poll.Total is null)
        {
            return $"there is no number at '{pages.Total}', so it is not known whether all items came";
        }

        return poll.Items < poll.Total
            ? string.Create(CultureInfo.InvariantCulture, $"{poll.Items} of {poll.Total} items came: the provider cut the rest off, or '{pages.Items}' is another list than '{pages.Total}' counts")
            : null;
    }

    /// <summary>The URL of the next page; null at the end.</summary>
    private static string? Next(PagesOptions pages, Poll poll, Uri url, AnswerFacts facts)
    {
        string? value;
        switch (pages.By)
        {
            case null:
                return null;
            case PagesOptions.ByPage or PagesOptions.ByOffset:
                var isLast = facts.Items is null or 0 || (poll.Total is { } total ? poll.Items >= total : facts.Items < pages.Size);
                if (isLast)
                {
                    return null;
                }

                var at = pages.By == PagesOptions.ByPage ? (pages.First ?? 1) + poll.Page + 1 : (pages.First ?? 0) + poll.Items;
                value = at.ToString(CultureInfo.InvariantCulture);
                break;
            default:
                value = facts.Next;
                break;
        }

        return string.IsNullOrEmpty(value) ? null : pages.Asks is { } parameter ? ProviderUrl.Set(url, parameter, value).AbsoluteUri : value;
    }
}
