using System.Globalization;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Planning;
using StreamEngine.Pipeline.Transforms.Merge;

namespace StreamEngine.Sources.Http;

/// <summary>What the options of an http source alone can't say.</summary>
internal static class HttpSourceCheck
{
    public static void Run(HttpSourceOptions options, BlockCheck check)
    {
        CheckRequests(options, check);
        BodyCheck.Run(options, check);
        PullCheck.Run(options, check);
        CheckAnswer(options, check);
        TakenApartCheck.Run(options, check);
        CheckFor(options, check);
        CheckEvery(options, check);
        CheckCost(options, check);
        if (options.Assume is { } assume)
        {
            AssumeCheck.Run(assume, options, check);
        }

        CheckBudget(options, check);
        CheckFrozen(options, check);
    }

    private static void CheckRequests(HttpSourceOptions options, BlockCheck check)
    {
        for (var i = 0; i < options.Request.Count; i++)
        {
            var (text, path) = (options.Request[i], options.Request.Count == 1 ? "request" : $"request[{i}]");
            if (text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(text, UriKind.Absolute, out _))
            {
                check.Error(path, "expected a path that is put after the provider's baseUrl, such as '/v1/games', found a whole URL; put its first part into the provider");
                continue;
            }

            try
            {
                BodyCheck.Names(new RequestTemplate(text).Names, options, path, check);
            }
            catch (FormatException e)
            {
                check.Error(path, e.Message);
            }
        }
    }

    private static void CheckFrozen(HttpSourceOptions options, BlockCheck check)
    {
        if (options.FrozenAfter is null)
        {
            return;
        }

        if (check.Pipeline.Clock == "event")
        {
            check.Error("frozenAfter", "with \"clock\": \"event\" nobody can say how long something stands still; remove it, or set \"clock\": \"wall\"");
        }
        else if (!MergedSources.Compare(check.Pipeline, check.Name))
        {
            check.Error("frozenAfter", "nothing moves beside it that it could be compared with; let a merge read it together with another source, or remove this");
        }
    }

    private static void CheckAnswer(HttpSourceOptions options, BlockCheck check)
    {
        DocumentCheck.Condition(options.FailsWhen, "failsWhen", check);
        DocumentCheck.Condition(options.Expects, "expects", check);
        DocumentCheck.Condition(options.ThrottledWhen, "throttledWhen", check);
        DocumentCheck.Path(options.RetryAfter, "retryAfter", "the answer", check, mayBeHeader: true);
        if (options.RetryAfter is not null && options.ThrottledWhen is null)
        {
            check.Error("retryAfter", "is read when 'throttledWhen' says that an answer asks for fewer requests; give that, or remove this");
        }

        if (options.ErrorText is { } text)
        {
            CheckPath(text, "errorText", check);
            if (options.FailsWhen is null && options.Expects is null && options.ThrottledWhen is null)
            {
                check.Error("errorText", "is read when 'failsWhen', 'expects' or 'throttledWhen' says that an answer is an error; give one of them");
            }
        }

        if (options.Pages is { } pages)
        {
            PagesCheck.Run(pages, check);
        }

        if (options.Patch is { } patch)
        {
            PatchCheck.Run(patch, options, check);
        }
    }

    private static void CheckFor(HttpSourceOptions options, BlockCheck check)
    {
        if (options.For is not { } from)
        {
            return;
        }

        var known = check.Pipeline.Sources.Where(s => s.Value is HttpSourceOptions { IsTakenApart: false } && s.Key != check.Name).Select(s => $"'{s.Key}'").ToList();
        var remedy = known.Count > 0 ? $"name one of {string.Join(", ", known)}" : "add one that lists the items";
        if (from.From.Length == 0)
        {
            // Reported already, as a required setting.
        }
        else if (!check.Pipeline.Sources.TryGetValue(from.From, out var source))
        {
            check.Error("for.from", $"there is no source '{from.From}'; {remedy}");
        }
        else if (source is not HttpSourceOptions)
        {
            check.Error("for.from", $"source '{from.From}' is not of type http, and only http sources list requests; {remedy}");
        }
        else if (source is HttpSourceOptions { IsTakenApart: true })
        {
            check.Error("for.from", $"source '{from.From}' hands its answers on while they arrive, and the items are found in whole ones only; {remedy}");
        }
        else if (IsCircle(check.Name, from.From, check))
        {
            check.Error("for.from", $"'{check.Name}' waits for itself: its requests come, in the end, from its own payloads; {remedy}");
        }

        for (var i = 0; i < from.Each.Count; i++)
        {
            CheckPath(from.Each[i], from.Each.Count == 1 ? "for.each" : $"for.each[{i}]", check);
        }

        foreach (var (name, path) in from.Names)
        {
            CheckPath(path, $"for.{name}", check);
        }
    }

    private static bool IsCircle(string name, string? from, BlockCheck check)
    {
        for (var steps = 0; from is not null && steps <= check.Pipeline.Sources.Count; steps++)
        {
            if (from == name)
            {
                return true;
            }

            from = (check.Pipeline.Sources.GetValueOrDefault(from) as HttpSourceOptions)?.For?.From;
        }

        return false;
    }

    private static void CheckPath(string text, string setting, BlockCheck check) =>
        DocumentCheck.Path(text, setting, "the item; here paths start from the payload or the item", check);

    private static void CheckEvery(HttpSourceOptions options, BlockCheck check)
    {
        var every = options.Every;
        if (every is { When: null, Values.Count: 0, Otherwise: null } && options.IsPolled())
        {
            check.Error("every", "required, but missing; add \"every\": a duration such as \"1m\"");
        }
        else if (every.When is null && every.Values.Count > 0)
        {
            check.Error("every", $"intervals by value ({string.Join(", ", every.Values.Keys)}) need 'when': the name, bound by 'for', whose value decides, or a path into the answer, such as '$.state'");
        }
        else if (every.IsOfAnswer)
        {
            CheckPath(every.When!, "every.when", check);
        }
        else if (every.When is { } when && options.For?.Names.ContainsKey(when) != true)
        {
            var known = options.For is { Names.Count: > 0 } from ? $"known: {string.Join(", ", from.Names.Keys)}" : "bind it under 'for', or write a path into the answer, such as '$.state'";
            check.Error("every.when", $"'{when}' is not bound; {known}");
        }
    }

    private static void CheckCost(HttpSourceOptions options, BlockCheck check)
    {
        foreach (var name in options.Cost.Times.Where(n => !options.Request.Any(r => ProviderUrl.ValuesOf(ProviderUrl.QueryOf(r), n) > 0)))
        {
            check.Error("cost.times", $"no request has the query parameter '{name}'; correct the name, or remove it");
        }

        var credits = ProviderBudget.Credits(options);
        if (check.Pipeline.Providers.TryGetValue(options.Provider, out var provider) && provider.Throttle.Limits().FirstOrDefault(l => l.Units(credits) > l.Limit) is { } small)
        {
            check.Error("cost", $"a request costs {credits}, and provider '{options.Provider}' allows {small.Limit} in its window '{small.Name}', so it could never be sent; raise that limit, or state the window under 'windows' with \"counts\": \"requests\"");
        }
    }

    private static void CheckBudget(HttpSourceOptions options, BlockCheck check)
    {
        if (!check.Pipeline.Providers.TryGetValue(options.Provider, out var provider))
        {
            return;
        }

        var allowed = ProviderBudget.PerMinute(provider.Throttle, ProviderBudget.Credits(options));
        var own = ProviderBudget.PerMinute(options);
        var sharing = check.Pipeline.Sources.Where(s => s.Value is HttpSourceOptions http && http.Provider == options.Provider).ToList();
        var sources = sharing.ConvertAll(s => (HttpSourceOptions)s.Value);
        if (own > allowed)
        {
            var plan = SourcePlan.Of(check.Name, options);
            var then = plan.Demands is [var only] ? $"each would be asked every {Number(only.Requests * 60 / allowed)}s" : "they would be asked less often";
            check.Warning("every", $"source '{check.Name}' can ask {plan} = {Number(own)}/min; provider '{options.Provider}' allows {Number(allowed)}/min; {then}");
        }
        else if (ProviderBudget.Load(provider.Throttle, sources) is > 1 and var load && sources.TrueForAll(s => ProviderBudget.Load(provider.Throttle, [s]) <= 1) && sharing[0].Key == check.Name)
        {
            var all = sources.Sum(ProviderBudget.PerMinute);
            check.Warning("every", $"sources {string.Join(", ", sharing.Select(s => $"'{s.Key}'"))} can ask {Number(all)}/min together; provider '{options.Provider}' allows {Number(all / load)}/min; they would be asked less often");
        }
    }

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
