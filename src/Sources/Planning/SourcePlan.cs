using System.Globalization;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Planning;

/// <summary>What a source will ask of its provider.</summary>
/// <param name="Name">The source.</param>
/// <param name="Demands">Its requests.</param>
/// <param name="Guesses">What was taken because the config doesn't say it, each with the remedy.</param>
public sealed record SourcePlan(string Name, IReadOnlyList<Demand> Demands, IReadOnlyList<string> Guesses)
{
    /// <summary>Requests a second.</summary>
    public double PerSecond => Demands.Sum(d => d.Requests / d.Every.TotalSeconds);

    /// <summary>Plans a source.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options.</param>
    public static SourcePlan Of(string name, HttpSourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var guesses = new List<string>();
        var (assume, every, polled) = (options.Assume ?? new(), options.Every, Wanted.Polled(options));
        if (polled.Count == 0)
        {
            return new SourcePlan(name, [], ["it asks only when somebody waits for a record, which is not planned"]);
        }

        var items = 1;
        if (options.For is not null)
        {
            items = assume.Items ?? Math.Max(1, (options.MaxRequests ?? 1) / polled.Count);
            Guess(assume.Items is null, $"how many items 'for' finds is known when it runs; {items} taken, say it with \"assume\": {{ \"items\": N }}");
        }

        var pages = assume.Pages ?? 1;
        Guess(options.Pages?.By is not null && assume.Pages is null, "how many pages an answer has is known when it runs; 1 taken, say it with \"assume\": { \"pages\": N }");

        var shortest = every.Values.Where(v => v.Value.Value == every.Shortest).Select(v => v.Key).FirstOrDefault();
        Guess(every.Values.Count > 0 && assume.Values.Count == 0, $"how many are asked at which interval is known when it runs; the shortest taken for all, say it with \"assume\": {{ \"{shortest ?? every.Values.Keys.FirstOrDefault()}\": N }}");

        // Each item has all requests. Without items the values are those of answers, and the dearest requests are taken to be asked most often.
        var costs = polled.Select(r => options.Cost.Of(ProviderUrl.QueryOf(r))).OrderDescending().ToList();
        var all = options.For is null ? costs.Count : items;
        var demands = new List<Demand>();
        var at = 0;
        foreach (var (count, interval) in assume.Values.Count == 0 ? [(all, every.Shortest)] : Intervals(assume, every, all))
        {
            var (asked, each) = options.For is null ? (costs.Skip(at).Take(count), 1) : (costs, count);
            demands.AddRange(asked.GroupBy(c => c).Select(c => new Demand(c.Count() * each * pages, interval, c.Key)));
            at += count;
        }

        return new SourcePlan(name, demands, guesses);

        void Guess(bool isOne, string what)
        {
            if (isOne)
            {
                guesses.Add(what);
            }
        }
    }

    /// <summary>What it takes of a window.</summary>
    public double Needs(RateLimit window)
    {
        ArgumentNullException.ThrowIfNull(window);
        return Demands.Sum(d => d.Requests * (double)window.Units(d.Credits) * window.Length.TotalSeconds / d.Every.TotalSeconds);
    }

    /// <summary>Such as <c>6 requests of 3 credits every 5s, 9 of 3 credits every 10m</c>.</summary>
    public override string ToString()
    {
        var isDear = Demands.Any(d => d.Credits > 1);
        return string.Join(", ", Demands.Select((d, i) => string.Create(
            CultureInfo.InvariantCulture,
            $"{d.Requests}{(i > 0 ? "" : d.Requests == 1 ? " request" : " requests")}{(isDear ? $" of {d.Credits} {(d.Credits == 1 ? "credit" : "credits")}" : "")} every {new Duration(d.Every)}")));
    }

    private static List<(int Count, TimeSpan Every)> Intervals(AssumeOptions assume, EveryOptions every, int all)
    {
        var intervals = new List<(int Count, TimeSpan Every)>();
        foreach (var (value, count) in assume.Values.OrderBy(v => every.For(v.Key)))
        {
            intervals.Add((Math.Min(count, all - intervals.Sum(i => i.Count)), every.For(value)));
        }

        intervals.Add((all - intervals.Sum(i => i.Count), every.For(null)));
        return [.. intervals.Where(i => i.Count > 0)];
    }
}
