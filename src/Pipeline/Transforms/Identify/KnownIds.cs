using System.Text;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>
/// The ids that records have come under, and whose they are. That depends on the tables and on all ids known, not on the order in which they
/// came: whenever something is learnt of one, all that share a name with it are looked at again.
/// </summary>
/// <param name="maxIds">The most ids; none is ever forgotten, because a name would seem to be one entity's only.</param>
/// <param name="accept">The least confidence.</param>
internal sealed partial class KnownIds(int maxIds, Confidence accept)
{
    private const int MostExamples = 3;

    private readonly Dictionary<byte[], KnownId> ids = new(KeyComparer.Instance);
    private readonly Dictionary<string, NameGroup> groups = new(StringComparer.Ordinal);
    private readonly Queue<KnownId> queue = new();
    private readonly int[] standings = new int[4];
    private readonly int[] doubts = new int[Doubts.Count];
    private readonly Queue<string> examples = new();

    /// <summary>The tables; those of the first batch are set before it.</summary>
    public Crosswalk Tables { get; private set; } = new();

    /// <summary>All ids, in the order in which they came.</summary>
    public IEnumerable<KnownId> All => ids.Values;

    public int Total => ids.Count;

    /// <summary>Letters of names that too many have, or an id that could not be remembered.</summary>
    public IEnumerable<string> Crowded => groups.Where(g => g.Value.IsCrowded).Select(g => g.Key);

    /// <summary>Whether some id could not be remembered.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Grows when a standing changes.</summary>
    public long Changes { get; private set; }

    /// <summary>What is known in numbers.</summary>
    public IdentityReport Report(int parked) => new()
    {
        Certain = standings[(int)Confidence.Certain],
        Sure = standings[(int)Confidence.Sure],
        Probable = standings[(int)Confidence.Probable],
        Unresolved = new IdentityReport.ValueList([.. doubts]),
        Parked = parked,
        Examples = string.Join(", ", examples),
    };

    /// <summary>The id of a key; null when it isn't known.</summary>
    public KnownId? Find(ReadOnlySpan<byte> key) => ids.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var id) ? id : null;

    /// <summary>Remembers an id.</summary>
    /// <returns>Null when there is no room.</returns>
    public KnownId? Add(ReadOnlySpan<byte> key)
    {
        if (ids.Count >= maxIds || key.Length > KnownId.MaxKeyBytes)
        {
            IsFull = true;
            return null;
        }

        var id = new KnownId(key.ToArray()) { IsOurs = Tables.IsCanonical(key) };
        ids.Add(id.Key, id);
        Count(id.Standing, id, 1);
        Set(id, Resolve(id));

        // Now our source has shown who stood in a table only.
        ReconsiderNamesakes(id);
        return id;
    }

    /// <summary>Takes over what a record tells.</summary>
    public void Learn(KnownId id, Row row, MatchFields fields)
    {
        var last = id.LastName;
        var name = fields.ReadName(row, id.Kind, ref last);
        id.LastName = last;
        if (Join(id, name) | fields.ReadFacts(row, id))
        {
            Reconsider(id);
        }
    }

    /// <summary>Gives an id a name.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Join(KnownId id, NameKey name)
    {
        if (name.IsEmpty || id.Names.Contains(name))
        {
            return false;
        }

        if (id.Names.Count >= KnownId.MaxNames)
        {
            Crowd(name.Letters);
            return false;
        }

        id.Names.Add(name);
        var group = Group(name.Letters);
        if (group.Members.Count < NameGroup.MostMembers)
        {
            group.Members.Add(id);
        }
        else
        {
            Crowd(name.Letters);
        }

        return true;
    }

    /// <summary>Somebody who can't be remembered has this name, so it is nobody's any more.</summary>
    public void Crowd(string letters)
    {
        if (groups.TryGetValue(letters, out var group) && !group.IsCrowded)
        {
            group.IsCrowded = true;
            Reconsider(group);
        }
    }

    /// <summary>Looks at all ids anew, after they were taken over from a checkpoint.</summary>
    public void Begin(Crosswalk tables)
    {
        foreach (var id in ids.Values)
        {
            id.Standing = default;
        }

        Use(tables);
    }

    /// <summary>Looks at all ids again, with other tables.</summary>
    public void Use(Crosswalk tables)
    {
        Tables = tables;
        foreach (var id in ids.Values)
        {
            id.IsOurs = tables.IsCanonical(id.Key);
        }

        Array.Clear(standings);
        Array.Clear(doubts);
        foreach (var id in ids.Values)
        {
            Count(id.Standing, id, 1);
            Set(id, Resolve(id));
        }
    }

    /// <summary>Takes the next id whose standing has changed.</summary>
    public bool TryNext(out KnownId id)
    {
        var isOne = queue.TryDequeue(out id!);
        if (isOne)
        {
            id.IsQueued = false;
        }

        return isOne;
    }

    private void Reconsider(KnownId id)
    {
        Set(id, Resolve(id));
        foreach (var name in id.Names)
        {
            Reconsider(Group(name.Letters));
        }

        ReconsiderNamesakes(id);
    }

    private void ReconsiderNamesakes(KnownId id)
    {
        if (id.IsOurs && Tables.Entity(id.Key) is { } entity && groups.TryGetValue(entity.Name.Letters, out var group))
        {
            Reconsider(group);
        }
    }

    private void Reconsider(NameGroup group)
    {
        foreach (var member in group.Members)
        {
            if (!member.IsOurs)
            {
                Set(member, Resolve(member));
            }
        }
    }

    private NameGroup Group(string letters)
    {
        if (!groups.TryGetValue(letters, out var group))
        {
            groups.Add(letters, group = new NameGroup());
        }

        return group;
    }

    private void Set(KnownId id, Standing standing)
    {
        if (standing.Equals(id.Standing))
        {
            return;
        }

        Count(id.Standing, id, -1);
        Count(standing, id, 1);
        id.Standing = standing;
        Changes++;
        if (standing.Doubt > Doubt.Unknown)
        {
            examples.Enqueue($"{Encoding.UTF8.GetString(id.Key)}: {Doubts.Reason(standing.Doubt)}");
            if (examples.Count > MostExamples)
            {
                examples.Dequeue();
            }
        }

        if (!id.IsQueued && id.Said.Count > 0)
        {
            id.IsQueued = true;
            queue.Enqueue(id);
        }
    }

    private void Count(Standing standing, KnownId id, int change)
    {
        // Ours are not counted: nobody asks whose they are.
        if (id.IsOurs)
        {
            return;
        }

        standings[(int)standing.Confidence] += change;
        doubts[(int)standing.Doubt] += standing.Doubt == Doubt.None ? 0 : change;
    }

    /// <summary>Those who share a name.</summary>
    private sealed class NameGroup
    {
        /// <summary>What more than these are called is no name.</summary>
        public const int MostMembers = 64;

        public List<KnownId> Members { get; } = new(2);

        public bool IsCrowded { get; set; }
    }
}
