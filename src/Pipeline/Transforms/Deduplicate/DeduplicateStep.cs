using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>Turns repetitions into confirmations.</summary>
/// <remarks>
/// <para>
/// Contents are known by 64-bit hashes that are seeded with the key's: news is lost when two contents of one key collide, 1 in
/// 1.8e19 for each comparison. Several records of one key in one document share its sequence and are told apart by content alone.
/// </para>
/// <para>
/// Keys are known by some 50 bits (42 of the hash, and the place): among a million keys two are taken for one with a probability
/// of about 4e-4. Their contents still differ, so that repetitions of both pass as news while they take turns. News of them is lost
/// only where one's sequence is below the other's: when they come from different sources, or when one source's records of the two
/// come out of order.
/// </para>
/// </remarks>
internal sealed class DeduplicateStep(RecordSchema schema, TimeSpan window, int maxKeys) : IStep, ICheckpointed
{
    /// <summary>Rows whose places are on their way: enough to hide a wait for main memory, few enough for the first-level cache.</summary>
    private const int Ahead = 16;

    private const string Field = "keys";
    private const int Version = 1;

    private readonly byte[] names = SavedNames.BytesOf(schema);
    private readonly ulong[] keys = new ulong[Ahead];
    private readonly ContentHash contents = new(schema);
    private readonly SeenTable seen = new(maxKeys, window.Ticks);

    public static BlockType BlockType { get; } = BlockType.Transform<DeduplicateOptions>(
        "deduplicate",
        "A repetition within the window never passes as news; past the bound of keys, or after a restart without a checkpoint, one may pass once more.",
        (options, context) => new DeduplicateStep(context.Schema, options.Window.Value, context.Share(options.MaxKeys)),
        scaling: Scaling.PerKey);

    /// <summary>Keys remembered, among them such as have expired but not been swept.</summary>
    public int Count => seen.Count;

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted => seen.Evicted;

    public void Process(Part part, StepTime now)
    {
        if (!now.IsEvent)
        {
            seen.Advance(now.Of(default));
        }

        // A large table lies in main memory: places are on their way while the rows before are worked on.
        var ahead = part.Ahead();
        var end = 0;
        while (end < Ahead && Prefetch(ref ahead, end))
        {
            end++;
        }

        var at = 0;
        foreach (var row in part)
        {
            var key = keys[at % Ahead];
            at++;
            if (end >= Ahead && Prefetch(ref ahead, end))
            {
                end++;
            }

            if (now.IsEvent)
            {
                seen.Advance(row.Head.EventTime);
            }

            See(row, key);
        }
    }

    public void Save(StateWriter state)
    {
        var to = new StateBytesWriter(state.Begin(Field, Version));
        to.Write(names.Length);
        to.Write(names);
        seen.Save(ref to);
        to.Flush();
    }

    public void Restore(StateReader state)
    {
        if (state.Find(Field, Version) is not { } saved)
        {
            return;
        }

        var reader = new StateBytesReader(saved.Content.Span);
        var problem = SavedNames.Read(ref reader) is not { } before ? "its content is damaged"
            : before.FirstMoved(SavedNames.Of(schema)) is not { } moved ? seen.Restore(ref reader)
            : $"{moved} is gone or has another place in the config, by which keys and contents are known; put new ones behind those that were there";
        if (problem is not null)
        {
            state.Unfit(Field, $"{problem}; repetitions may pass once more");
        }
    }

    private bool Prefetch(ref Part.Enumerator ahead, int index)
    {
        if (!ahead.MoveNext())
        {
            return false;
        }

        var key = Key(ahead.Current.Head);
        keys[index % Ahead] = key;
        seen.Prefetch(key);
        return true;
    }

    private void See(Row row, ulong key)
    {
        ref readonly var head = ref row.Head;
        var position = seen.Find(key);
        if (head.Op == RowOp.Confirmed)
        {
            if (position >= 0)
            {
                seen.Touch(position);
            }
        }
        else if (position < 0)
        {
            seen.Add(key, contents.Of(row, key), head.Sequence);
        }
        else if (seen.IsBefore(head.Sequence, position))
        {
            row.Filter("replayed");
        }
        else if (seen.Replace(position, contents.Of(row, key), head.Sequence))
        {
            row.Confirm("duplicate");
        }
    }

    /// <summary>The hash of a key and of who says it. All bits depend on all: a shard's keys have some bits of the first in common.</summary>
    private static ulong Key(in RowHead head)
    {
        var origin = ((ulong)(ushort)head.Source << 16) | (ushort)head.Type;
        var key = (head.KeyHash ^ (origin * 0x9E37_79B9_7F4A_7C15)) * 0xD6E8_FEB8_6659_FD93;
        return key ^ (key >> 32);
    }
}
