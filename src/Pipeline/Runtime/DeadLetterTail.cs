using System.Text.Json;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>What a dead-letter file is found to hold: its lines, and after a crash a torn one.</summary>
internal static class DeadLetterTail
{
    private const int Block = 64 * 1024;

    /// <summary>Leaves only whole lines: the next one must not continue a torn one. A whole record that only lacks its newline gets one.</summary>
    /// <returns>How many bytes of a torn line were cut off.</returns>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    public static long Repair(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: > 0 })
        {
            return 0;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var begin = LastLine(file);
        if (begin == file.Length)
        {
            return 0;
        }

        if (IsRecord(file, begin))
        {
            file.Seek(0, SeekOrigin.End);
            file.WriteByte((byte)'\n');
            return 0;
        }

        var torn = file.Length - begin;
        file.SetLength(begin);
        return torn;
    }

    /// <summary>How many lines a file has; 0 when it is not there.</summary>
    public static long CountLines(string path)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = File.OpenRead(path);
        var block = new byte[Block];
        var lines = 0L;
        for (int read; (read = file.Read(block)) > 0;)
        {
            lines += block.AsSpan(0, read).Count((byte)'\n');
        }

        return lines;
    }

    /// <summary>Where the last line begins: the end of the file when that is whole.</summary>
    private static long LastLine(FileStream file)
    {
        var block = new byte[Block];
        for (var end = file.Length; end > 0; end -= Block)
        {
            var begin = Math.Max(0, end - Block);
            var read = RandomAccess.Read(file.SafeFileHandle, block.AsSpan(0, (int)(end - begin)), begin);
            if (block.AsSpan(0, read).LastIndexOf((byte)'\n') is >= 0 and var at)
            {
                return begin + at + 1;
            }
        }

        return 0;
    }

    private static bool IsRecord(FileStream file, long begin)
    {
        file.Position = begin;
        try
        {
            using var record = JsonDocument.Parse(file);
            return record.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
