namespace StreamEngine.Pipeline.Blocks;

/// <summary>What the instances of each block of a graph have in common, such as what watches its files. It goes with the graph.</summary>
internal sealed class CommonParts : IDisposable
{
    private readonly Dictionary<string, IDisposable> parts = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>A block's part, made when there is none yet.</summary>
    public T Of<T>(string block, Func<T> make)
        where T : class, IDisposable
    {
        lock (gate)
        {
            if (!parts.TryGetValue(block, out var part))
            {
                parts.Add(block, part = make());
            }

            return (T)part;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            foreach (var part in parts.Values)
            {
                part.Dispose();
            }

            parts.Clear();
        }
    }
}
