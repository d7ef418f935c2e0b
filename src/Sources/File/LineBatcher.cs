using System.Buffers;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>
/// Reads a stream straight into batches, one document per line. What follows the last whole line of a batch is carried into
/// the next one.
/// </summary>
/// <param name="input">The file, at the place where it was left, or an answer.</param>
/// <param name="from">How far it was handed on.</param>
/// <param name="maxLine">The longest line accepted, in bytes.</param>
/// <param name="wholeLines">Whether a last line without a newline is left for later.</param>
internal sealed class LineBatcher(IInput input, KnownFile from, int maxLine, bool wholeLines) : IFileBatcher
{
    private const int ReadBytes = 32 * 1024;
    private const int KeptOfLongLine = IFileBatcher.KeptOfLong;

    private byte[] carried = ArrayPool<byte>.Shared.Rent(Batch.FullBytes);
    private int carriedLength;
    private KnownFile reached = from;
    private long taken = from.Offset;
    private bool started = from.Offset > 0;
    private bool skipping = from.InLongLine;
    private bool ended;

    /// <inheritdoc/>
    public KnownFile Reached => reached;

    /// <inheritdoc/>
    public void Fill(Batch batch, short source, ref long line, long now)
    {
        var document = new Document { Source = source, ReceivedTime = now, Origin = reached.Name };
        batch.Append(carried.AsSpan(0, carriedLength));
        var (begin, scanned) = (0, 0);
        while (batch.DocumentCount < Batch.FullDocuments)
        {
            if (!started && (begin > 0 || batch.Bytes.Length >= IFileBatcher.ByteOrderMark.Length))
            {
                started = true;
                if (begin == 0 && batch.Bytes.StartsWith(IFileBatcher.ByteOrderMark))
                {
                    begin = scanned = IFileBatcher.ByteOrderMark.Length;
                }
            }

            begin = EndLines(batch, ref document, begin, scanned, ref line);
            if (batch.DocumentCount == Batch.FullDocuments)
            {
                break;
            }

            scanned = batch.Bytes.Length;
            if (ended)
            {
                // The last line, without a newline.
                if (begin < scanned && wholeLines)
                {
                    batch.Truncate(begin);
                    taken -= scanned - begin;
                }
                else if (begin < scanned)
                {
                    EndLine(batch, batch.Bytes, ref document, begin, scanned, ref line);
                    begin = scanned;
                }

                break;
            }

            if (!skipping && scanned - begin > maxLine)
            {
                EndLine(batch, batch.Bytes, ref document, begin, scanned, ref line);
                skipping = true;
                begin += KeptOfLongLine;
            }

            if (skipping)
            {
                batch.Truncate(begin);
                scanned = begin;
            }

            if (scanned >= Batch.FullBytes && begin > 0)
            {
                break;
            }

            var read = input.Read(batch.GetSpan(ReadBytes)[..ReadBytes]);
            if (read == IInput.NothingYet)
            {
                break;
            }

            batch.Advance(read);
            taken += read;
            ended = read == 0;
        }

        Carry(batch, begin);
        reached = input.Reached(reached, taken - carriedLength, skipping, ended && carriedLength == 0);
    }

    /// <summary>Ends the lines whose newlines are there, as long as the batch takes them.</summary>
    /// <returns>Where the next line begins.</returns>
    private int EndLines(Batch batch, ref Document document, int begin, int scanned, ref long line)
    {
        // Nothing is appended in here, so the bytes stay where they are.
        var bytes = batch.Bytes;
        int newline;
        while (batch.DocumentCount < Batch.FullDocuments && (newline = bytes[scanned..].IndexOf((byte)'\n')) >= 0)
        {
            EndLine(batch, bytes, ref document, begin, scanned + newline, ref line);
            begin = scanned += newline + 1;
        }

        return begin;
    }

    private void EndLine(Batch batch, ReadOnlySpan<byte> bytes, ref Document document, int begin, int end, ref long line)
    {
        if (skipping)
        {
            skipping = false;
            return;
        }

        line++;
        var text = bytes[begin..end];
        if (IsBlank(text))
        {
            return;
        }

        var tooLong = text.Length > maxLine;
        document.Offset = begin;
        document.Length = tooLong ? Math.Min(KeptOfLongLine, text.Length) : text[^1] == '\r' ? text.Length - 1 : text.Length;
        document.Sequence = line;
        batch.AddDocument(document);
        if (tooLong)
        {
            batch.LeaveDocument(batch.DocumentCount - 1, RowState.Dead, "line too long", $"line {line} is longer than {maxLine} bytes");
        }
    }

    /// <summary>Nearly all lines say by their first byte that they aren't.</summary>
    private static bool IsBlank(ReadOnlySpan<byte> text) => text.IsEmpty || (text[0] <= ' ' && text.IndexOfAnyExcept(" \t\r"u8) < 0);

    private void Carry(Batch batch, int begin)
    {
        var rest = batch.Bytes[begin..];
        if (rest.Length > carried.Length)
        {
            ArrayPool<byte>.Shared.Return(carried);
            carried = ArrayPool<byte>.Shared.Rent(rest.Length);
        }

        rest.CopyTo(carried);
        carriedLength = rest.Length;
        batch.Truncate(begin);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(carried);
        carried = [];
        input.Dispose();
    }
}
