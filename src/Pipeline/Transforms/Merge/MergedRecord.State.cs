using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <content>How records of several sources are saved and found again.</content>
internal sealed partial class MergedRecord
{
    private MergedRecord(Head head, byte[] key, short[] winners, Contribution[] contributions)
    {
        (Type, Key, version, this.winners, this.contributions, Count) = (head.Type, key, head.Version, winners, contributions, contributions.Length);
        Reweigh();
    }

    /// <summary>What the sources say.</summary>
    public ReadOnlySpan<Contribution> Contributions => contributions.AsSpan(0, Count);

    /// <summary>Writes the record.</summary>
    public void Save(ref StateBytesWriter to)
    {
        to.Write(new Head { Version = version, Type = Type, KeyLength = Key.Length, Count = Count });
        to.Write(Key);
        to.Write(MemoryMarshal.AsBytes<short>(winners));
        foreach (ref readonly var contribution in Contributions)
        {
            to.Write(contribution.Memory.Length);
            to.Write(contribution.Memory);
        }
    }

    /// <summary>Reads a record; null when it is none.</summary>
    /// <param name="from">Where it stands.</param>
    /// <param name="declared">By record type, the slots that there are.</param>
    /// <param name="sources">How many sources there are.</param>
    public static MergedRecord? Read(ref StateBytesReader from, ReadOnlySpan<FieldSet> declared, int sources)
    {
        if (!from.TryRead(out Head head)
            || (uint)head.Type >= (uint)declared.Length
            || head.Count < 2
            || head.Count > sources
            || !head.Version.IsSound(declared[head.Type])
            || !from.TryTake(head.KeyLength, out var key)
            || !from.TryTake(declared[head.Type].Count * sizeof(short), out var winners))
        {
            return null;
        }

        var contributions = new Contribution[head.Count];
        foreach (ref var contribution in contributions.AsSpan())
        {
            if (!from.TryRead(out int length) || !from.TryTake(length, out var memory))
            {
                return null;
            }

            var copy = memory.ToArray();
            if (!Contribution.IsSound(copy, Contribution.HeadSize, declared[head.Type], sources))
            {
                return null;
            }

            contribution = new Contribution(copy);
        }

        var record = new MergedRecord(head, key.ToArray(), MemoryMarshal.Cast<byte, short>(winners).ToArray(), contributions);
        return record.HaveWinnersWon() ? record : null;
    }

    /// <summary>The record after an edit of the config; an array of a <see cref="SoleRecord"/> when one source is left, null for none.</summary>
    public object? Moved(SchemaMove move)
    {
        var slots = move.Slots(Type);
        var left = new List<Contribution>();
        foreach (ref readonly var contribution in Contributions)
        {
            if (move.Source(contribution.Source) is >= 0 and var source)
            {
                var moved = new Contribution(source);
                moved.CopyMoved(contribution, source, slots);
                left.Add(moved);
            }
        }

        if (left.Count == 0)
        {
            return null;
        }

        var head = new Head { Type = move.Type(Type), Version = version.Moved(slots) };
        var now = new short[slots.Length];
        for (var slot = 0; slot < now.Length; slot++)
        {
            var winner = slots[slot] < 0 ? (short)-1 : winners[slots[slot]];
            now[slot] = winner < 0 ? winner : move.Source(winner);
            if (winner >= 0 && now[slot] < 0)
            {
                // What was told of it was the source's that is gone, so the next version tells it anew.
                head.Version.Tell(slot);
            }
        }

        var record = new MergedRecord(head, Key, now, [.. left]);
        return left.Count > 1 ? record : SoleRecord.Make(record).Memory;
    }

    private bool HaveWinnersWon()
    {
        for (var slot = 0; slot < winners.Length; slot++)
        {
            if (winners[slot] != -1 && (IndexOf(winners[slot]) is var index && (index < 0 || !contributions[index].Present.Has(slot))))
            {
                return false;
            }
        }

        return true;
    }

    [StructLayout(LayoutKind.Sequential, Pack = sizeof(int))]
    private struct Head
    {
        public RecordVersion Version;
        public int Type;
        public int KeyLength;
        public int Count;
    }
}
