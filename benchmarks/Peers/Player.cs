namespace StreamEngine.Benchmarks;

/// <summary>What is known of one player.</summary>
internal struct Player
{
    // Name, team and position, one behind the other.
    private byte[]? texts;
    private int teamAt;
    private int positionAt;
    private int game;
    private int atBats;
    private int hits;
    private int homeRuns;
    private int rbi;
    private int walks;
    private double average;
    private double ops;

    public ulong Content { get; set; }

    public long Seen { get; set; }

    public long At { get; private set; }

    public int Revision { get; set; }

    /// <summary>Takes over what a line says.</summary>
    /// <returns>One bit for each field that changed; all of them the first time.</returns>
    public int Take(in PlayerRecord record)
    {
        var changed = Texts(record)
            | Number(record.Game, ref game, 1 << 3)
            | Number(record.AtBats, ref atBats, 1 << 4)
            | Number(record.Hits, ref hits, 1 << 5)
            | Number(record.HomeRuns, ref homeRuns, 1 << 6)
            | Number(record.Rbi, ref rbi, 1 << 7)
            | Number(record.Walks, ref walks, 1 << 8)
            | Number(record.Average, ref average, 1 << 9)
            | Number(record.Ops, ref ops, 1 << 10);
        At = record.At;
        return Revision == 0 ? (1 << 11) - 1 : changed;
    }

    private int Texts(in PlayerRecord record)
    {
        var held = texts.AsSpan();
        var changed = (record.Name.SequenceEqual(held[..teamAt]) ? 0 : 1)
            | (record.Team.SequenceEqual(held[teamAt..positionAt]) ? 0 : 1 << 1)
            | (record.Position.SequenceEqual(held[positionAt..]) ? 0 : 1 << 2);
        if (changed != 0)
        {
            texts = [.. record.Name, .. record.Team, .. record.Position];
            teamAt = record.Name.Length;
            positionAt = teamAt + record.Team.Length;
        }

        return changed;
    }

    private static int Number<T>(T value, ref T held, int bit)
        where T : struct, IEquatable<T>
    {
        var same = value.Equals(held);
        held = value;
        return same ? 0 : bit;
    }
}
