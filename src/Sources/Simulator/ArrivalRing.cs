namespace StreamEngine.Sources.Simulator;

/// <summary>The latest arrivals, numbered from 0. It grows up to a bound, and then forgets the oldest.</summary>
/// <param name="most">The bound.</param>
internal sealed class ArrivalRing(int most)
{
    private (long Ticks, int Credits)[] items = new (long, int)[Math.Min(most, 1024)];

    /// <summary>Number of the oldest one it has.</summary>
    public long First { get; private set; }

    /// <summary>Number of the next one.</summary>
    public long Next { get; private set; }

    public bool IsFull => Next - First == most;

    public (long Ticks, int Credits) this[long number] => items[number % items.Length];

    /// <summary>Adds one; there must be room.</summary>
    public void Add(DateTimeOffset at, int credits)
    {
        if (Next - First == items.Length)
        {
            var larger = new (long, int)[(int)Math.Min(most, items.Length * 2L)];
            for (var i = First; i < Next; i++)
            {
                larger[i % larger.Length] = this[i];
            }

            items = larger;
        }

        items[Next++ % items.Length] = (at.UtcTicks, credits);
    }

    /// <summary>Forgets those before a number.</summary>
    public void DropBefore(long number) => First = Math.Max(First, number);
}
