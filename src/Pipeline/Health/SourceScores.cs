using System.Collections.Concurrent;

namespace StreamEngine.Pipeline.Health;

/// <summary>What of a source's records is averaged.</summary>
public enum ScorePart
{
    /// <summary>The whole score.</summary>
    Quality,

    /// <summary>How far other fresh sources say the same.</summary>
    Agreement,

    /// <summary>Which share of its updates was neither refused nor took a count back.</summary>
    Consistency,
}

/// <summary>How good what each source says has been of late. Any thread may add and read.</summary>
public sealed class SourceScores
{
    private readonly ConcurrentDictionary<(string Source, ScorePart Part), ScoreAverage> averages = new();

    /// <summary>The average over about the last hundred records of a source; null before the first.</summary>
    public double? Of(string source, ScorePart part = ScorePart.Quality) => averages.TryGetValue((source, part), out var average) && average.IsKnown ? average.Value : null;

    internal ScoreAverage Average(string source, ScorePart part) => averages.GetOrAdd((source, part), static _ => new ScoreAverage());
}
