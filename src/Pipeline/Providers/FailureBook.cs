using System.Text.Json;

namespace StreamEngine.Pipeline.Providers;

/// <summary>Counts a provider's failed attempts by class, and remembers the last. Thread safe.</summary>
internal sealed class FailureBook(TimeProvider time)
{
    private static readonly string[] Names = [.. Enum.GetNames<FailureClass>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private readonly long[] counts = new long[Names.Length];
    private volatile Failure? last;

    /// <summary>The last one; null before the first.</summary>
    public Failure? Last => last;

    /// <summary>How many there were, by class; of each class, also when there were none.</summary>
    public IReadOnlyDictionary<string, long> Counts => Names.Index().ToDictionary(n => n.Item, n => Interlocked.Read(ref counts[n.Index]), StringComparer.Ordinal);

    /// <param name="failure">Why.</param>
    /// <param name="words">The same for an operator, without secrets.</param>
    public void Add(FailureClass failure, string words)
    {
        Interlocked.Increment(ref counts[(int)failure]);
        last = new Failure(Names[(int)failure], words, time.GetUtcNow());
    }

    /// <summary>A failed attempt.</summary>
    public sealed record Failure(string Class, string Words, DateTimeOffset At);
}
