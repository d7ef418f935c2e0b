using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Whose an id is.</summary>
/// <param name="Key">Our key; null when it is nobody's.</param>
/// <param name="Confidence">How sure that is.</param>
/// <param name="Doubt">Why it is nobody's.</param>
internal readonly record struct Standing(byte[]? Key, Confidence Confidence, Doubt Doubt)
{
    public static Standing Nobody(Doubt doubt) => new(null, Confidence.None, doubt);

    public bool Equals(Standing other) => Confidence == other.Confidence && Doubt == other.Doubt && Key.AsSpan().SequenceEqual(other.Key) && Key is null == other.Key is null;

    public override int GetHashCode() => HashCode.Combine(Confidence, Doubt, Key?.Length);
}
