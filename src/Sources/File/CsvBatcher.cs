using System.Buffers;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sources.Csv;

namespace StreamEngine.Sources.File;

/// <summary>Reads CSV into batches, one document per row: an object of texts, by the names in the header row.</summary>
/// <param name="input">The file, at the place where it was left, or an answer.</param>
/// <param name="from">How far it was handed on.</param>
/// <param name="header">Its header row; null when that is still to be read.</param>
/// <param name="delimiter">Between two fields.</param>
/// <param name="maxRow">The longest row accepted, in bytes, as it stands and as an object.</param>
/// <param name="wholeRows">Whether a last row without a newline is left for later.</param>
internal sealed class CsvBatcher(IInput input, KnownFile from, CsvHeader? header, byte delimiter, int maxRow, bool wholeRows) : IFileBatcher
{
    private const int ReadBytes = 32 * 1024;
    private const string TooLong = "row too long";
    private const string Unclosed = "unclosed quote";

    /// <summary>Bytes after which a batch is handed on although nothing is in it, so that the place in the file is known.</summary>
    private const int MostSkipped = 16 * ReadBytes;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(2 * ReadBytes);
    private CsvHeader? header = header;
    private CsvScanner scanner = new(delimiter);
    private int begin;
    private int scanned;
    private int end;
    private long taken = from.Offset;
    private bool skipping = from.InLongLine;
    private bool ended;

    /// <inheritdoc/>
    public KnownFile Reached { get; private set; } = from;

    /// <summary>Reads the header row of a file that was left behind it.</summary>
    /// <param name="input">The file, just opened.</param>
    /// <param name="file">How far it was handed on.</param>
    /// <param name="delimiter">Between two fields.</param>
    /// <param name="maxRow">The longest row accepted.</param>
    /// <returns>Null when nothing but blank lines was handed on.</returns>
    /// <exception cref="FileNotFoundException">It is another file.</exception>
    public static CsvHeader? ReadHeader(InputFile input, KnownFile file, byte delimiter, int maxRow)
    {
        using var rows = new CsvBatcher(input, KnownFile.New(file.Name), null, delimiter, maxRow, wholeRows: false);
        while (rows.header is null && rows.Next() is { } row && rows.taken - rows.end + row.Start < file.Offset)
        {
            rows.IsHeader(row);
        }

        return input.BeginsLike(file) ? rows.header : throw new FileNotFoundException("another file has taken its name.");
    }

    /// <inheritdoc/>
    public void Fill(Batch batch, short source, ref long line, long now)
    {
        var document = new Document { Source = source, ReceivedTime = now, Origin = Reached.Name };
        var stopAt = taken + MostSkipped;
        while (batch.DocumentCount < Batch.FullDocuments && batch.Bytes.Length < Batch.FullBytes && taken < stopAt && Next() is { } row)
        {
            line++;
            document.Sequence = line;
            if (!IsHeader(row))
            {
                Add(batch, ref document, row);
            }
        }

        Reached = input.Reached(Reached, taken - (end - begin), skipping, ended && begin == end);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        input.Dispose();
    }

    /// <summary>The next row, or what is left of one that can't be read; null when there is none yet.</summary>
    private CsvRow? Next()
    {
        while (true)
        {
            if (skipping)
            {
                Skip();
            }

            var newline = scanner.FindEnd(bytes.AsSpan(scanned, end - scanned));
            scanned = newline < 0 ? end : scanned + newline;
            if (scanned - begin > maxRow)
            {
                // The rest of the file must not be taken for one row because a quote is missing.
                return FirstLine(maxRow) ?? Cut();
            }

            if (newline >= 0)
            {
                return Take(scanned, null);
            }

            if (ended)
            {
                return Last();
            }

            if (!Read())
            {
                return null;
            }
        }
    }

    /// <summary>What stands behind the last newline.</summary>
    private CsvRow? Last()
    {
        if (wholeRows)
        {
            // It is read again when the newline is there.
            taken -= end - begin;
            end = scanned = begin;
            return null;
        }

        return begin == end ? null
            : scanner.IsQuoted ? FirstLine(end - begin) ?? Take(end, Unclosed)
            : Take(end, null);
    }

    /// <summary>The first line of a row whose quote is not closed; what follows is tried again as rows. Null when there is but one.</summary>
    private CsvRow? FirstLine(int within)
    {
        var newline = bytes.AsSpan(begin, within).IndexOf((byte)'\n');
        return newline < 0 ? null : Take(begin + newline, Unclosed);
    }

    /// <summary>The beginning of a line that is too long; the rest of it is skipped.</summary>
    private CsvRow Cut()
    {
        var row = new CsvRow(begin, begin + maxRow, TooLong);
        begin = scanned = row.End;
        (scanner, skipping) = (new CsvScanner(delimiter), true);
        return row;
    }

    private CsvRow Take(int newline, string? fault)
    {
        var row = new CsvRow(begin, newline, fault);
        begin = scanned = Math.Min(newline + 1, end);
        scanner = new CsvScanner(delimiter);
        return row;
    }

    private void Skip()
    {
        var newline = bytes.AsSpan(begin, end - begin).IndexOf((byte)'\n');
        skipping = newline < 0;
        begin = scanned = skipping ? end : begin + newline + 1;
    }

    /// <returns>False when there is nothing yet.</returns>
    private bool Read()
    {
        if (bytes.Length - end < ReadBytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length, end - begin + ReadBytes));
            bytes.AsSpan(begin, end - begin).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(bytes);
            (bytes, begin, scanned, end) = (larger, 0, scanned - begin, end - begin);
        }

        var isFirst = taken == 0;
        do
        {
            var read = input.Read(bytes.AsSpan(end, ReadBytes - (isFirst ? end : 0)));
            if (read == IInput.NothingYet)
            {
                return false;
            }

            end += read;
            taken += read;
            ended = read == 0;
        }
        while (!ended && taken < IFileBatcher.ByteOrderMark.Length);
        if (isFirst && bytes.AsSpan(0, end).StartsWith(IFileBatcher.ByteOrderMark))
        {
            begin = scanned = IFileBatcher.ByteOrderMark.Length;
        }

        return true;
    }

    /// <summary>Whether there is no payload in a row: it is blank, or the first that is not, which is the header.</summary>
    private bool IsHeader(CsvRow row)
    {
        var text = bytes.AsSpan(row.Start, row.End - row.Start);
        if (text.IsEmpty || text is [(byte)'\r'])
        {
            return true;
        }

        if (header is not null)
        {
            return false;
        }

        header = row.Fault is null ? new CsvHeader(text, delimiter) : throw new InvalidDataException($"its header: {row.Fault}");
        return true;
    }

    private void Add(Batch batch, ref Document document, CsvRow row)
    {
        var text = bytes.AsSpan(row.Start, row.End - row.Start);
        document.Offset = batch.Bytes.Length;
        var (reason, detail) = (row.Fault, row.Fault == TooLong ? $"it is longer than {maxRow} bytes" : "a quote is not closed; what follows the line is read as rows");
        if (reason is null && header!.Write(text, batch) is { } fault)
        {
            (reason, detail) = ("malformed row", fault);
        }
        else if (batch.Bytes.Length - document.Offset > maxRow)
        {
            (reason, detail) = (TooLong, $"as an object it is longer than {maxRow} bytes");
        }

        if (reason is not null)
        {
            batch.Truncate(document.Offset);
            batch.Append(text[..Math.Min(text.Length, IFileBatcher.KeptOfLong)]);
        }

        document.Length = batch.Bytes.Length - document.Offset;
        batch.AddDocument(document);
        if (reason is not null)
        {
            batch.LeaveDocument(batch.DocumentCount - 1, RowState.Dead, reason, $"row {document.Sequence}: {detail}");
        }
    }

    /// <summary>A row in the buffer.</summary>
    private readonly record struct CsvRow(int Start, int End, string? Fault);
}
