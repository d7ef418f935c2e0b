using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sources.RedisStream;

/// <summary>Where a source stands in its stream.</summary>
/// <param name="Id">The last entry of its own that was handed on; they come in order.</param>
/// <param name="Sequence">That one's sequence.</param>
/// <param name="Claimed">Entries of dead consumers that were handed on and not acknowledged yet; they come in any order.</param>
internal sealed record RedisStreamPosition(StreamId Id, long Sequence, ImmutableHashSet<StreamId> Claimed) : SourcePosition
{
    private const string Field = "stream";
    private const int Version = 1;

    /// <summary>Nothing was read.</summary>
    public static RedisStreamPosition Start { get; } = new(default, 0, []);

    /// <inheritdoc/>
    public override void Save(StateWriter state) =>
        state.Write(Field, Version, Encoding.UTF8.GetBytes(string.Join(' ', Claimed.Select(c => c.ToString()).Prepend(Sequence.ToString(CultureInfo.InvariantCulture)).Prepend(Id.ToString()))));

    /// <summary>Reads a position.</summary>
    /// <returns>Null when there is none, or none that can be used; that is reported.</returns>
    public static RedisStreamPosition? Restore(StateReader state)
    {
        if (state.Find(Field, Version) is not { } section)
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(section.Content.Span).Split(' ');
        var claimed = ImmutableHashSet.CreateBuilder<StreamId>();
        if (parts.Length >= 2
            && StreamId.TryParse(parts[0], out var id)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && parts.Skip(2).All(p => StreamId.TryParse(p, out var one) && (claimed.Add(one) || true)))
        {
            return new RedisStreamPosition(id, sequence, claimed.ToImmutable());
        }

        state.Unfit(Field, "it is not the place of an entry; all that was not acknowledged is read again");
        return null;
    }
}
