using System.Collections.Concurrent;

namespace StreamEngine.Pipeline.Health;

/// <summary>How good what each source says has been of late. Any thread may add and read.</summary>
public sealed class SourceScores
{
    private readonly ConcurrentDictionary<string, ScoreAverage> sources = new(StringComparer.Ordinal);

    /// <summary>The average of a source whose records were scored; null before the first.</summary>
    public double? Of(string source) => sources.TryGetValue(source, out var average) && average.IsKnown ? average.Value : null;

    internal ScoreAverage Average(string source) => sources.GetOrAdd(source, static _ => new ScoreAverage());
}

/// <summary>The average score of about the last hundred records.</summary>
internal sealed class ScoreAverage
{
    /// <summary>How much an older record counts against one that came after it.</summary>
    private const double Decay = 0.99;

    private double value = double.NaN;

    public bool IsKnown => !double.IsNaN(Value);

    public double Value => Volatile.Read(ref value);

    /// <summary>Adds some records.</summary>
    /// <param name="records">How many.</param>
    /// <param name="sum">Their scores together.</param>
    public void Add(int records, double sum)
    {
        var mean = sum / records;
        var share = 1 - Math.Pow(Decay, records);
        double before;
        double after;
        do
        {
            before = Value;
            after = double.IsNaN(before) ? mean : before + ((mean - before) * share);
        }
        while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref value, after, before)) != BitConverter.DoubleToInt64Bits(before));
    }
}
