using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads a document into batches, one payload per item, and holds no more of it than that.</summary>
/// <param name="input">The file, at its beginning.</param>
/// <param name="from">How far it was handed on: those items are passed over.</param>
/// <param name="splitter">Cuts it into its items.</param>
internal sealed class ItemBatcher(InputFile input, KnownFile from, ItemSplitter splitter) : IFileBatcher
{
    private readonly byte[] chunk = new byte[32 * 1024];
    private readonly long handedOn = from.Offset;
    private long taken;
    private bool ended;

    /// <inheritdoc/>
    public KnownFile Reached { get; private set; } = from;

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
            else if (splitter.Fault is { } fault)
            {
                (document.Offset, document.Length, document.Sequence) = (batch.Bytes.Length, 0, ++line);
                batch.AddDocument(document);
                batch.LeaveDocument(batch.DocumentCount - 1, RowState.Dead, "malformed json", $"'{Reached.Name}', behind byte {splitter.Consumed}: {fault}");
                ReadToEnd();
                isDone = true;
            }
            else
            {
                isDone = ended;
                Read();
            }
        }

        Reached = input.Reached(Reached, isDone ? taken : Math.Max(handedOn, splitter.Consumed), inLongLine: false, isDone);
    }

    public void Dispose() => input.Dispose();

    private void Read()
    {
        if (ended)
        {
            return;
        }

        var read = input.Read(chunk);
        taken += read;
        splitter.Append(chunk.AsSpan(0, read));
        if (read == 0)
        {
            ended = true;
            splitter.Complete();
        }
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
