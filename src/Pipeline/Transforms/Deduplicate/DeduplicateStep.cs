using System.IO.Hashing;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Deduplicate;

/// <summary>Turns repetitions into confirmations.</summary>
/// <remarks>
/// Keys and contents are known by 64-bit hashes. News is lost only when two contents of one key collide (1 in 1.8e19 for
/// each comparison), or when two of the keys remembered collide: among a million keys that happens with a probability of 3e-8.
/// Several records of one key in one document share its sequence and are told apart by content alone.
/// </remarks>
internal sealed class DeduplicateStep(RecordSchema schema, TimeSpan window, int maxKeys) : IStep
{
    private readonly ContentHash contents = new(schema);
    private readonly SeenTable seen = new(maxKeys);

    public static BlockType BlockType { get; } = BlockType.Transform<DeduplicateOptions>(
        "deduplicate",
        "A repetition within the window never passes as news; after a restart, or past the bound of keys, one may pass once more.",
        (options, context) => new DeduplicateStep(context.Schema, options.Window.Value, context.Share(options.MaxKeys)),
        scaling: Scaling.PerKey);

    /// <summary>Keys remembered now.</summary>
    public int Count => seen.Count;

    /// <summary>Keys forgotten because of the bound.</summary>
    public long Evicted => seen.Evicted;

    public void Process(Part part, long now)
    {
        seen.Expire(now - window.Ticks);
        foreach (var row in part)
        {
            ref readonly var head = ref row.Head;
            var key = XxHash3.HashToUInt64(row.Key, ((long)head.Source << 16) | (ushort)head.Type);
            var index = seen.Find(key);
            if (head.Op == RowOp.Confirmed)
            {
                if (index >= 0)
                {
                    seen.Touch(index, now);
                }

                continue;
            }

            var content = contents.Of(row);
            if (index < 0)
            {
                seen.Add(key, content, head.Sequence, now);
                continue;
            }

            ref var entry = ref seen[index];
            if (head.Sequence < entry.Sequence)
            {
                row.Filter("replayed");
                continue;
            }

            var repeated = entry.Content == content;
            entry.Content = content;
            entry.Sequence = head.Sequence;
            seen.Touch(index, now);
            if (repeated)
            {
                row.Confirm("duplicate");
            }
        }
    }
}
