namespace StreamEngine.Pipeline.Health;

/// <summary>An average in which what came last counts most. Any thread may add and read.</summary>
/// <param name="decay">How much an older one counts against one that came after it: with 0.99 it is one of about the last hundred.</param>
/// <param name="start">What it is before the first; not a number where that is not known.</param>
internal sealed class ScoreAverage(double decay = 0.99, double start = double.NaN)
{
    private double value = start;

    public bool IsKnown => !double.IsNaN(Value);

    public double Value => Volatile.Read(ref value);

    /// <summary>Adds some records.</summary>
    /// <param name="records">How many.</param>
    /// <param name="sum">Their scores together.</param>
    public void Add(int records, double sum)
    {
        var mean = sum / records;
        var share = 1 - Math.Pow(decay, records);
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
