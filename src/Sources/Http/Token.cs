namespace StreamEngine.Sources.Http;

/// <summary>A token.</summary>
/// <param name="Value">What is sent.</param>
/// <param name="Asked">When it was asked for: a timestamp of the clock.</param>
/// <param name="Lifetime">How long it is good from then on.</param>
internal sealed record Token(string Value, long Asked, TimeSpan Lifetime)
{
    /// <summary>Whether it is good for longer than <paramref name="ahead"/>, or for longer than half of its lifetime.</summary>
    public bool IsGood(TimeProvider time, TimeSpan ahead) => time.GetElapsedTime(Asked) < (ahead < Lifetime / 2 ? Lifetime - ahead : Lifetime / 2);

    /// <summary>It holds a secret.</summary>
    public override string ToString() => nameof(Token);
}
