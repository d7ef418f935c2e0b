namespace StreamEngine.Pipeline.Blocks;

/// <summary>A step that can tell why its records say what they say. It is asked between two batches, as if it were a batch: nothing else runs in it.</summary>
public interface IExplains
{
    /// <summary>Explains the record of a key; changes nothing.</summary>
    /// <param name="key">The key, UTF-8.</param>
    /// <param name="now">What time it is.</param>
    /// <returns>Null when the key is unknown.</returns>
    KeyExplanation? Explain(ReadOnlySpan<byte> key, StepTime now);

    /// <summary>Some of the keys that are held, for whoever has mistyped one.</summary>
    /// <param name="most">How many at most.</param>
    IReadOnlyList<string> SomeKeys(int most);
}
