using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Benchmarks;

/// <summary>Gets the lines of a file; a struct, so that the loop is compiled for it.</summary>
internal interface ILineHandler
{
    /// <summary>One line without its newline.</summary>
    void Line(ReadOnlySpan<byte> line, long number);
}

/// <summary>Reads lines in blocks into one buffer.</summary>
internal static class LineLoop
{
    private const int BlockSize = 128 * 1024;

    /// <summary>Calls the handler with each line of the job's part of the input.</summary>
    /// <returns>How many lines there were.</returns>
    public static long Run<T>(Job job, ref T handler)
        where T : struct, ILineHandler
    {
        using var file = File.OpenHandle(job.Input, options: FileOptions.SequentialScan);
        var buffer = GC.AllocateUninitializedArray<byte>(BlockSize * 2);
        var (position, held, number) = (job.From, 0, 0L);
        while (Read(file, buffer, held, ref position, job.To) is > 0 and var read)
        {
            var have = held + read;
            var start = 0;
            int length;
            while ((length = buffer.AsSpan(start, have - start).IndexOf((byte)'\n')) >= 0)
            {
                handler.Line(buffer.AsSpan(start, length), ++number);
                start += length + 1;
            }

            held = have - start;
            if (held > BlockSize)
            {
                throw new InvalidDataException($"A line of {job.Input} is longer than {BlockSize} bytes.");
            }

            buffer.AsSpan(start, held).CopyTo(buffer);
        }

        return number;
    }

    private static int Read(SafeFileHandle file, byte[] buffer, int held, ref long position, long end)
    {
        var read = RandomAccess.Read(file, buffer.AsSpan(held, (int)Math.Min(BlockSize, end - position)), position);
        position += read;
        return read;
    }
}
