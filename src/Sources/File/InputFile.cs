using System.Buffers;
using System.IO.Compression;

namespace StreamEngine.Sources.File;

/// <summary>An open file, decompressed, that keeps in mind what it begins with.</summary>
internal sealed class InputFile : IInput
{
    private readonly FileStream stored;
    private readonly Stream stream;
    private byte[] beginning = ArrayPool<byte>.Shared.Rent(KnownFile.MaxCovered);
    private int known;

    private InputFile(FileStream stored)
    {
        this.stored = stored;
        IsCompressed = IsCompressedName(stored.Name);
        stream = IsCompressed ? new GZipStream(stored, CompressionMode.Decompress) : stored;
    }

    public bool IsCompressed { get; }

    /// <summary>Whether it can be read again; false for a pipe.</summary>
    public bool CanSeek => stored.CanSeek;

    /// <summary>How many bytes were read of what is stored.</summary>
    public long StoredPosition => stored.Position;

    public static bool IsCompressedName(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static InputFile Open(string path) =>
        new(new FileStream(path, new FileStreamOptions { BufferSize = 0, Options = FileOptions.SequentialScan, Share = FileShare.ReadWrite | FileShare.Delete }));

    /// <summary>The first bytes of a file that was just opened; fewer when there are no more.</summary>
    /// <exception cref="InvalidDataException">It is not compressed as its name says, or not whole.</exception>
    public ReadOnlySpan<byte> ReadBeginning(int count = KnownFile.MaxCovered)
    {
        known = stream.ReadAtLeast(beginning.AsSpan(0, count), count, throwOnEndOfStream: false);
        return beginning.AsSpan(0, known);
    }

    /// <summary>Goes on where a file was left that begins as this one does.</summary>
    /// <returns>Null when the place was reached; else what is wrong.</returns>
    public Mismatch? Resume(KnownFile file)
    {
        if (file.Offset == 0)
        {
            // Perhaps a pipe, which knows neither length nor place.
            return null;
        }

        if (!file.BeginsLike(ReadBeginning(file.Covered)))
        {
            return Mismatch.OtherBeginning;
        }

        if (!IsCompressed)
        {
            if (stored.Length < file.Offset)
            {
                return Mismatch.TooShort;
            }

            stored.Seek(file.Offset, SeekOrigin.Begin);
            return null;
        }

        var skipped = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            long left = file.Offset - file.Covered;
            while (left > 0)
            {
                var read = stream.Read(skipped, 0, (int)Math.Min(left, skipped.Length));
                if (read == 0)
                {
                    return Mismatch.TooShort;
                }

                left -= read;
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(skipped);
        }
    }

    /// <inheritdoc/>
    public int Read(Span<byte> target)
    {
        var read = stream.Read(target);
        var more = Math.Min(read, KnownFile.MaxCovered - known);
        target[..more].CopyTo(beginning.AsSpan(known));
        known += more;
        return read;
    }

    /// <summary>Whether it begins as a known file does. What is read on for that is not given again.</summary>
    public bool BeginsLike(KnownFile file)
    {
        Span<byte> more = stackalloc byte[KnownFile.MaxCovered];
        while (known < file.Covered && Read(more) > 0)
        {
        }

        return file.BeginsLike(beginning.AsSpan(0, known));
    }

    /// <inheritdoc/>
    public KnownFile Reached(KnownFile file, long offset, bool inLongLine, bool isDone)
    {
        var next = file with { Offset = offset, InLongLine = inLongLine, IsDone = isDone };
        return next.Covered == file.Covered ? next : next with { Beginning = KnownFile.Hash(beginning.AsSpan(0, next.Covered)) };
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(beginning);
        beginning = [];
        stream.Dispose();
    }

    /// <summary>Why a file is not the one that was left.</summary>
    internal enum Mismatch
    {
        OtherBeginning,
        TooShort,
    }
}
