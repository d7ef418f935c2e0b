using System.Buffers;
using System.IO.Hashing;
using StreamEngine.Sources.File;

namespace StreamEngine.Sources.Http;

/// <summary>What has arrived of an answer and is not yet taken.</summary>
internal sealed class BodyInput(Stream stream) : IInput
{
    private const int ReadBytes = 32 * 1024;

    private readonly XxHash128 hash = new();
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(2 * ReadBytes);
    private int begin;
    private int end;

    /// <summary>How many bytes have arrived, decompressed.</summary>
    public long Length { get; private set; }

    /// <summary>Hash of them all.</summary>
    public UInt128 Hash => hash.GetCurrentHashAsUInt128();

    /// <summary>Whether nothing more arrives.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>What has not been taken.</summary>
    public ReadOnlySpan<byte> Rest => bytes.AsSpan(begin, end - begin);

    /// <summary>Whether more was asked for than had arrived.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Waits until so much is there, or the end.</summary>
    public async ValueTask WaitAsync(int wanted, CancellationToken cancellationToken)
    {
        IsShort = false;
        while (end - begin < wanted && !IsEnded)
        {
            MakeRoom();
            var read = await stream.ReadAsync(bytes.AsMemory(end), cancellationToken).ConfigureAwait(false);
            hash.Append(bytes.AsSpan(end, read));
            end += read;
            Length += read;
            IsEnded = read == 0;
        }
    }

    /// <inheritdoc/>
    public int Read(Span<byte> target)
    {
        var count = Math.Min(target.Length, end - begin);
        if (count == 0)
        {
            IsShort = !IsEnded;
            return IsEnded ? 0 : IInput.NothingYet;
        }

        bytes.AsSpan(begin, count).CopyTo(target);
        begin += count;
        return count;
    }

    /// <inheritdoc/>
    public KnownFile Reached(KnownFile file, long offset, bool inLongLine, bool isDone) => file with { Offset = offset, InLongLine = inLongLine, IsDone = isDone };

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
        begin = end = 0;
        stream.Dispose();
    }

    private void MakeRoom()
    {
        if (bytes.Length - end >= ReadBytes)
        {
            return;
        }

        var rest = Rest;
        var larger = bytes.Length - rest.Length < ReadBytes ? ArrayPool<byte>.Shared.Rent(bytes.Length * 2) : bytes;
        rest.CopyTo(larger);
        (begin, end) = (0, rest.Length);
        if (larger != bytes)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = larger;
        }
    }
}
