using System.Globalization;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>What is known of the providers' ids, in numbers of ids.</summary>
internal sealed record IdentityReport
{
    /// <summary>By table or override.</summary>
    public int Certain { get; init; }

    /// <summary>By name and birth date.</summary>
    public int Sure { get; init; }

    /// <summary>By a name that one entity has.</summary>
    public int Probable { get; init; }

    /// <summary>Those that are nobody's, by <see cref="Doubt"/>.</summary>
    public ValueList Unresolved { get; init; } = new([]);

    /// <summary>Records that wait.</summary>
    public int Parked { get; init; }

    /// <summary>The last few ids that became nobody's, with the reasons.</summary>
    public string Examples { get; init; } = "";

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Certain} ids of others are known by tables, {Sure} by name and birth date, {Probable} by name; {Unresolved}; {Parked} records wait{(Examples.Length > 0 ? $" (such as {Examples})" : "")}");

    /// <summary>Numbers by <see cref="Doubt"/>, compared by value.</summary>
    /// <param name="counts">The numbers.</param>
    internal sealed class ValueList(int[] counts) : IEquatable<ValueList>
    {
        public int Of(Doubt doubt) => (int)doubt < counts.Length ? counts[(int)doubt] : 0;

        public bool Equals(ValueList? other) => other is not null && other.ToString() == ToString();

        public override bool Equals(object? obj) => Equals(obj as ValueList);

        public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

        public override string ToString() => counts.Any(c => c > 0)
            ? string.Join(", ", counts.Select((count, doubt) => (count, doubt)).Where(c => c.count > 0).Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.count} {Doubts.Reason((Doubt)c.doubt)}")))
            : "none is nobody's";
    }
}
