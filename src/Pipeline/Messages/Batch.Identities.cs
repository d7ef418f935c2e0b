namespace StreamEngine.Pipeline.Messages;

/// <content>How sure it is that the sources of some merged rows mean the same entity.</content>
public sealed partial class Batch
{
    private Confidence[] identities = [];

    /// <summary>By source, how surely its id was matched to the entity: of a row that is merged of several sources and has a <see cref="RowHead.Confidence"/>.</summary>
    internal ReadOnlySpan<Confidence> Identities(int row) => identities.AsSpan(row * Schema.SourceNames.Length, Schema.SourceNames.Length);

    /// <summary>Room for a row's identities, empty.</summary>
    internal Span<Confidence> ReserveIdentities(int row)
    {
        var sources = Schema.SourceNames.Length;
        if (identities.Length < heads.Length * sources)
        {
            Array.Resize(ref identities, heads.Length * sources);
        }

        var room = identities.AsSpan(row * sources, sources);
        room.Clear();
        return room;
    }
}
