using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <content>Records that wait, and what puts right records that went on.</content>
internal sealed partial class MatchStep
{
    private const string NoRoomToWait = "no room to wait";

    private readonly List<Correction> corrections = [];

    /// <summary>Records that wait.</summary>
    public int Parked { get; private set; }

    /// <summary>Memory that they take.</summary>
    public long ParkedBytes { get; private set; }

    private void Park(Row row, Doubt doubt, Said said)
    {
        if (said.Parked is { } before && before.Content.IsAfter(row))
        {
            row.Absorb(Doubts.Parked(doubt));
            return;
        }

        var parked = ParkedRecord.Of(row);
        var bytes = ParkedBytes + parked.Bytes - (said.Parked?.Bytes ?? 0);
        if ((said.Parked is null && Parked >= options.MaxParked) || bytes > options.MaxParkedBytes.Bytes)
        {
            row.Dead(NoRoomToWait, $"{Parked} records wait until it is known whose they are; raise 'maxParked' or 'maxParkedBytes'");
            return;
        }

        Unpark(said);
        Take(said, parked);
        row.Absorb(Doubts.Parked(doubt));
    }

    /// <summary>Takes back what went on under a wrong key, and lets go of what need not wait any longer.</summary>
    private void PutRight(KnownId id)
    {
        var key = id.Standing.Key;
        foreach (var said in id.Said)
        {
            if (said.Under is { } under && !Same(under, key) && !Same(under, id.Key))
            {
                Retract(said, null);
            }

            if (key is not null && said.Parked is { } parked)
            {
                Unpark(said);
                said.Pass(parked.Content, key);
                corrections.Add(new Correction(said, key, null, parked, id.Matched));
            }
        }
    }

    private void Retract(Said said, byte[]? now)
    {
        // What the source has said of its own under the key is what stands there then.
        var owner = ids.Find(said.Under!);
        if (owner is null || !owner.Said.Exists(s => s != said && s.Source == said.Source && s.Type == said.Type && s.Under is not null))
        {
            corrections.Add(new Correction(said, said.Under!, now, null));
        }

        said.Under = null;
    }

    /// <summary>Gives up corrections that would stand behind a record which replaces what they correct.</summary>
    private void Supersede(Said said, byte[] key) => corrections.RemoveAll(c => c.IsOf(said, key));

    private void Take(Said said, ParkedRecord parked)
    {
        said.Parked = parked;
        Parked++;
        ParkedBytes += parked.Bytes;
    }

    private void Unpark(Said said)
    {
        if (said.Parked is { } parked)
        {
            said.Parked = null;
            Parked--;
            ParkedBytes -= parked.Bytes;
        }
    }
}
