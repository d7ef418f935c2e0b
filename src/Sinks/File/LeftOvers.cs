using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.Files;

/// <summary>Gives unfinished files their final names.</summary>
internal static class LeftOvers
{
    /// <summary>
    /// Completes what an earlier run left: a torn last line is cut off, an empty file is deleted. Files that another process
    /// is writing are left alone.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="parts">The unfinished files.</param>
    /// <returns>The final names, and how many bytes of a torn line were cut off.</returns>
    public static IEnumerable<(string Path, long Cut)> Complete(Disk disk, IReadOnlyList<string> parts)
    {
        foreach (var part in parts)
        {
            long length;
            var cut = 0L;
            try
            {
                using var stream = new FileStream(part, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                if (!part.EndsWith(".gz" + PathTemplate.Part, StringComparison.OrdinalIgnoreCase))
                {
                    var whole = WholeLines(stream);
                    cut = stream.Length - whole;
                    stream.SetLength(whole);
                }

                length = stream.Length;
                disk.Sync(stream.SafeFileHandle);
            }
            catch (IOException e) when (e is not FileNotFoundException && IsLocked(e))
            {
                continue;
            }

            if (length == 0)
            {
                disk.Delete(part);
                continue;
            }

            yield return (Rename(disk, part, part[..^PathTemplate.Part.Length]), cut);
        }
    }

    /// <summary>Renames without ever overwriting.</summary>
    /// <returns>The name it got.</returns>
    public static string Rename(Disk disk, string part, string path)
    {
        for (var number = 0; ; number++)
        {
            var final = PathTemplate.Alternative(path, number);
            if (File.Exists(final) || Directory.Exists(final))
            {
                continue;
            }

            try
            {
                disk.Rename(part, final, overwrite: false);
                return final;
            }
            catch (IOException) when (File.Exists(final) && File.Exists(part))
            {
                // Somebody else took the name in between.
            }
        }
    }

    public static bool IsLocked(IOException e) => e.HResult is 11 or 13 or unchecked((int)0x80070020);

    private static long WholeLines(FileStream stream)
    {
        var buffer = new byte[64 * 1024];
        for (var end = stream.Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            stream.Position = start;
            var piece = buffer.AsSpan(0, (int)(end - start));
            stream.ReadExactly(piece);
            if (piece.LastIndexOf((byte)'\n') is >= 0 and var newline)
            {
                return start + newline + 1;
            }

            end = start;
        }

        return 0;
    }
}
