using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads a document into batches, one payload per item, and holds no more of it than that.</summary>
/// <param name="input">The file, at its beginning, or an answer.</param>
/// <param name="from">How far it was handed on: those items are passed over.</param>
/// <param name="splitter">Cuts it into its items.</param>
/// <param name="isAnswer">Whether what is wrong further on is the answer's fault, and not that of a payload that goes to the dead letter.</param>
internal sealed class ItemBatcher(IInput input, KnownFile from, ItemSplitter splitter, bool isAnswer = false) : IFileBatcher
{
    private readonly byte[] chunk = new byte[32 * 1024];
    private readonly long handedOn = from.Offset;
    private long taken;
    private bool ended;

    /// <inheritdoc/>
    public KnownFile Reached { get; private set; } = from;

    /// <inheritdoc/>
    public string? Fault => !isAnswer ? null
        : splitter.Fault is not null ? $"the body is no complete JSON: {Told}"
        : Reached.IsDone && !splitter.HasList ? "the answer has no list where 'items' says" : null;

    private string Told => $"behind byte {splitter.Consumed}: {splitter.Fault}";

    /// <inheritdoc/>
    public void Fill(Batch batch, short source, ref long line, long now)
    {
        var document = new Document { Source = source, ReceivedTime = now, Origin = Reached.Name };
        var isDone = false;
        while (!isDone && batch.DocumentCount < Batch.FullDocuments && batch.Bytes.Length < Batch.FullBytes)
        {
            if (splitter.TryTake(out var item))
            {
                if (splitter.Consumed > handedOn)
                {
                    (document.Offset, document.Length, document.Sequence) = (batch.Append(item), item.Length, ++line);
                    batch.AddDocument(document);
                }
            }
            else if (splitter.Fault is not null)
            {
                isDone = true;
                if (!isAnswer)
                {
                    (document.Offset, document.Length, document.Sequence) = (batch.Bytes.Length, 0, ++line);
                    batch.AddDocument(document);
                    batch.LeaveDocument(batch.DocumentCount - 1, RowState.Dead, "malformed json", $"'{Reached.Name}', {Told}");
                    ReadToEnd();
                }
            }
            else if (ended)
            {
                isDone = true;
            }
            else if (!Read())
            {
                break;
            }
        }

        Reached = input.Reached(Reached, isDone ? taken : Math.Max(handedOn, splitter.Consumed), inLongLine: false, isDone);
    }

    public void Dispose() => input.Dispose();

    /// <returns>False when there is nothing yet.</returns>
    private bool Read()
    {
        var read = input.Read(chunk);
        if (read == IInput.NothingYet)
        {
            return false;
        }

        taken += read;
        splitter.Append(chunk.AsSpan(0, read));
        if (read == 0)
        {
            ended = true;
            splitter.Complete();
        }

        return true;
    }

    /// <summary>What nobody reads any more is counted all the same, so that the file is known to its end.</summary>
    private void ReadToEnd()
    {
        for (var read = 1; read > 0; taken += read)
        {
            read = input.Read(chunk);
        }
    }
}
