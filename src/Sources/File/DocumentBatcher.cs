using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads a whole file as one payload.</summary>
/// <param name="input">The file, at its beginning.</param>
/// <param name="from">What is known of it.</param>
/// <param name="maxDocument">The longest document accepted, in bytes.</param>
internal sealed class DocumentBatcher(InputFile input, KnownFile from, long maxDocument) : IFileBatcher
{
    private const int ReadBytes = 64 * 1024;

    /// <inheritdoc/>
    public KnownFile Reached { get; private set; } = from;

    /// <inheritdoc/>
    public void Fill(Batch batch, short source, ref long line, long now)
    {
        var (taken, read) = (0L, 0);
        do
        {
            if (batch.Bytes.Length > maxDocument + IFileBatcher.ByteOrderMark.Length)
            {
                // What is not kept is read all the same, so that the file is known to its end.
                batch.Truncate(IFileBatcher.ByteOrderMark.Length + IFileBatcher.KeptOfLong);
            }

            read = input.Read(batch.GetSpan(ReadBytes)[..ReadBytes]);
            batch.Advance(read);
            taken += read;
        }
        while (read > 0);

        var begin = batch.Bytes.StartsWith(IFileBatcher.ByteOrderMark) ? IFileBatcher.ByteOrderMark.Length : 0;
        var text = batch.Bytes[begin..];
        if (text.IndexOfAnyExcept(" \t\r\n"u8) >= 0)
        {
            var isTooLong = taken - begin > maxDocument;
            batch.AddDocument(new Document
            {
                Source = source,
                Offset = begin,
                Length = isTooLong ? IFileBatcher.KeptOfLong : text.Length,
                ReceivedTime = now,
                Sequence = ++line,
                Origin = Reached.Name,
            });
            if (isTooLong)
            {
                batch.LeaveDocument(0, RowState.Dead, "document too long", $"'{Reached.Name}' has {taken} bytes, more than {maxDocument}; raise 'maxDocument' if that is right");
            }
        }

        Reached = input.Reached(Reached, taken, inLongLine: false, isDone: true);
    }

    public void Dispose() => input.Dispose();
}
