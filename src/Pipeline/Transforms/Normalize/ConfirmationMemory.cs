using System.Buffers.Binary;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Records;

namespace StreamEngine.Pipeline.Transforms.Normalize;

/// <summary>
/// Which keys the last payload of each request gave, so that "nothing has changed" can be said of each of them. Bounded by
/// requests and by bytes of keys; the requests answered longest ago are forgotten first.
/// </summary>
/// <param name="maxRequests">The most requests remembered.</param>
/// <param name="maxBytes">The most bytes of keys remembered.</param>
internal sealed class ConfirmationMemory(int maxRequests = 10_000, long maxBytes = ConfirmationMemory.MaxBytes)
{
    /// <summary>The most bytes of keys that are remembered unless stated.</summary>
    public const long MaxBytes = 16L << 20;

    private const int Header = 8;

    private readonly Dictionary<(short Source, int Request), LinkedListNode<Answer>> answers = [];
    private readonly LinkedList<Answer> byAge = new();
    private long used;

    public int Count => answers.Count;

    /// <summary>Remembers the live rows from <paramref name="firstRow"/> on as the answer to the document's request.</summary>
    public void Remember(Batch batch, in Document document, int firstRow)
    {
        var length = 0;
        for (var i = firstRow; i < batch.RowCount; i++)
        {
            length += batch.Head(i).State == RowState.Live ? Header + batch.Head(i).KeyLength : 0;
        }

        if (length == 0 || length > maxBytes)
        {
            Forget((document.Source, document.Request));
            return;
        }

        var answer = Touch((document.Source, document.Request));
        used += length - answer.Length;
        if (answer.Keys.Length < length || answer.Keys.Length > length * 4)
        {
            answer.Keys = new byte[length];
        }

        answer.Length = 0;
        for (var i = firstRow; i < batch.RowCount; i++)
        {
            ref readonly var head = ref batch.Head(i);
            if (head.State == RowState.Live)
            {
                var room = answer.Keys.AsSpan(answer.Length);
                BinaryPrimitives.WriteInt32LittleEndian(room, head.Type);
                BinaryPrimitives.WriteInt32LittleEndian(room[4..], head.KeyLength);
                batch[i].Key.CopyTo(room[Header..]);
                answer.Length += Header + head.KeyLength;
            }
        }

        while (byAge.First is { } oldest && (answers.Count > maxRequests || used > maxBytes))
        {
            Forget(oldest.Value.Id);
        }
    }

    /// <summary>The last answer to the document's request can't be confirmed any more.</summary>
    public void Forget(in Document document) => Forget((document.Source, document.Request));

    /// <summary>Adds a confirmation for each key of the last answer to the document's request.</summary>
    public void Confirm(Batch batch, int index, IReadOnlyList<RecordType> types)
    {
        ref readonly var document = ref batch.Document(index);
        var id = (document.Source, document.Request);
        if (!answers.ContainsKey(id))
        {
            return;
        }

        var answer = Touch(id);
        for (var at = 0; at < answer.Length;)
        {
            var item = answer.Keys.AsSpan(at);
            var length = BinaryPrimitives.ReadInt32LittleEndian(item[4..]);
            batch.AddRow(types[BinaryPrimitives.ReadInt32LittleEndian(item)], index).SetKey(item.Slice(Header, length));
            at += Header + length;
        }
    }

    private Answer Touch((short Source, int Request) id)
    {
        if (answers.TryGetValue(id, out var node))
        {
            byAge.Remove(node);
        }
        else
        {
            node = new LinkedListNode<Answer>(new Answer { Id = id });
            answers.Add(id, node);
        }

        byAge.AddLast(node);
        return node.Value;
    }

    private void Forget((short Source, int Request) id)
    {
        if (answers.Remove(id, out var node))
        {
            used -= node.Value.Length;
            byAge.Remove(node);
        }
    }

    private sealed class Answer
    {
        public required (short Source, int Request) Id { get; init; }

        public byte[] Keys { get; set; } = [];

        public int Length { get; set; }
    }
}
