using System.Buffers.Text;
using System.Text;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Takes out of a dead-letter file, and of its predecessor, the lines of records that come again after a restart from a checkpoint. Whenever
/// the process dies meanwhile, the next restart does the rest.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="run">Which row of checkpoints is counted.</param>
/// <param name="checkpoint">The one that is gone on from.</param>
/// <param name="sources">The sources whose records come again.</param>
/// <param name="maxBytes">Most bytes of a file.</param>
internal sealed class DeadLetterRewind(string path, ReadOnlySpan<byte> run, long checkpoint, IReadOnlyList<string> sources, long maxBytes)
{
    private const string Unfinished = ".tmp";

    private const int Block = 64 * 1024;

    /// <summary>Most bytes of a mark: what a block's edge may cut.</summary>
    private const int MarkBound = 128;

    private readonly string predecessor = path + ".1";
    private readonly byte[] mark = [.. ",\"after\":\""u8, .. run, (byte)'/'];
    private readonly byte[][] comesAgain = [.. sources.Select(s => Encoding.UTF8.GetBytes($",\"source\":\"{s}\""))];

    /// <summary>Takes the lines out.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="IOException">The files can't be read or written.</exception>
    public long Run()
    {
        DeadLetterTail.Repair(path);
        if (IsJoined())
        {
            File.Delete(predecessor);
        }

        var (earlier, later) = (TakeOut(predecessor), TakeOut(path));
        if (earlier + later > 0 && File.Exists(predecessor))
        {
            Join(isCut: earlier > 0);
        }

        return earlier + later;
    }

    /// <summary>The rotation comes again too: from a predecessor that isn't full it would drop what an undisturbed run still has.</summary>
    private void Join(bool isCut)
    {
        var length = File.Exists(path) ? new FileInfo(path).Length : 0;
        if (length == 0)
        {
            File.Move(predecessor, path, overwrite: true);
        }
        else if (isCut && new FileInfo(predecessor).Length + length <= maxBytes)
        {
            // Lines that stay stand in both: it was rotated while a barrier was on its way.
            using (var whole = new FileStream(path + Unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                foreach (var name in (string[])[predecessor, path])
                {
                    using var part = File.OpenRead(name);
                    part.CopyTo(whole);
                }

                whole.Flush(flushToDisk: true);
            }

            File.Move(path + Unfinished, path, overwrite: true);
            FolderSync.Flush(Path.GetDirectoryName(path)!);
            File.Delete(predecessor);
        }

        FolderSync.Flush(Path.GetDirectoryName(path)!);
    }

    /// <summary>Whether a restart died after it had joined the files and before the predecessor was gone: its lines would be there twice.</summary>
    private bool IsJoined()
    {
        if (new FileInfo(predecessor) is not { Exists: true, Length: > 0 } before || new FileInfo(path) is not { Exists: true } now || now.Length < before.Length)
        {
            return false;
        }

        using var earlier = before.OpenRead();
        using var later = now.OpenRead();
        var (left, right) = (new byte[Block], new byte[Block]);
        for (int read; (read = earlier.Read(left)) > 0;)
        {
            later.ReadExactly(right, 0, read);
            if (!left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)))
            {
                return false;
            }
        }

        return true;
    }

    private long TakeOut(string name)
    {
        if (!File.Exists(name))
        {
            return 0;
        }

        using var file = new FileStream(name, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var (first, taken, between) = (0L, 0L, false);
        ForEachLine(file, Start(file), (line, at) =>
        {
            if (!IsRepeated(line))
            {
                between |= taken > 0;
            }
            else if (taken++ == 0)
            {
                first = at;
            }
        });
        if (between)
        {
            Rewrite(file, name, first);
        }
        else if (taken > 0)
        {
            file.SetLength(first);
            file.Flush(flushToDisk: true);
        }

        return taken;
    }

    /// <summary>Makes the file anew without the lines: stages pass a barrier at different moments, so lines that stay stand between them.</summary>
    private void Rewrite(FileStream file, string name, long first)
    {
        using (var whole = new FileStream(name + Unfinished, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Position = 0;
            Copy(file, whole, first);
            ForEachLine(file, first, (line, _) =>
            {
                if (!IsRepeated(line))
                {
                    whole.Write(line);
                }
            });
            whole.Flush(flushToDisk: true);
        }

        File.Move(name + Unfinished, name, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(name)!);
    }

    /// <summary>
    /// Where to begin, so that a large file is not read as a whole. There is never more than one barrier under way, so a line written after
    /// checkpoint n stands before all those written after n + 2.
    /// </summary>
    private long Start(FileStream file)
    {
        var block = new byte[Block + MarkBound];
        for (var end = file.Length; end > 0; end -= Block)
        {
            var begin = Math.Max(0, end - Block);
            var read = RandomAccess.Read(file.SafeFileHandle, block.AsSpan(0, (int)(end - begin) + MarkBound), begin);
            var rest = block.AsSpan(0, read);
            for (int at; (at = rest.IndexOf(mark)) >= 0; rest = rest[(at + 1)..])
            {
                // A mark that begins behind the block may be cut within its number; it was seen with the block before.
                var found = begin + (read - rest.Length) + at;
                if (found < end && Epoch(rest) is >= 0 and var epoch && epoch < checkpoint - 1)
                {
                    return found;
                }
            }
        }

        return 0;
    }

    private bool IsRepeated(ReadOnlySpan<byte> line)
    {
        if (Epoch(line) < checkpoint)
        {
            return false;
        }

        foreach (var source in comesAgain)
        {
            if (line.IndexOf(source) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The number in the first mark; -1 when there is none. Quotes inside of texts are escaped, so no payload looks like a mark.</summary>
    private long Epoch(ReadOnlySpan<byte> line) =>
        line.IndexOf(mark) is >= 0 and var at && Utf8Parser.TryParse(line[(at + mark.Length)..], out long epoch, out _) ? epoch : -1;

    private static void Copy(FileStream from, FileStream to, long count)
    {
        var block = new byte[Block];
        while (count > 0)
        {
            var read = from.Read(block.AsSpan(0, (int)Math.Min(Block, count)));
            to.Write(block.AsSpan(0, read));
            count -= read > 0 ? read : throw new EndOfStreamException($"'{from.Name}' became shorter while it was read; does another program write to it?");
        }
    }

    private static void ForEachLine(FileStream file, long start, LineAct act)
    {
        file.Position = start;
        var (block, length) = (new byte[Block], 0);
        for (int read; (read = file.Read(block.AsSpan(length))) > 0;)
        {
            length += read;
            var rest = block.AsSpan(0, length);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                act(rest[..(end + 1)], start);
                start += end + 1;
            }

            rest.CopyTo(block);
            length = rest.Length;
            if (length == block.Length)
            {
                Array.Resize(ref block, length * 2);
            }
        }

        if (length > 0)
        {
            act(block.AsSpan(0, length), start);
        }
    }

    private delegate void LineAct(ReadOnlySpan<byte> line, long at);
}
