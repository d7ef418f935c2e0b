using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Tests;

/// <summary>What can be asked of a disk and fail.</summary>
internal enum DiskCall
{
    Open,
    Write,
    Cut,
    Sync,
    Rename,
    SyncFolder,
    Delete,
}

/// <summary>
/// A disk that gets full, tears writes, fails, or does not answer until it is told to. It knows what would survive a power cut: a sync that
/// fails takes the bytes for clean although they are nowhere, as Linux does, and the next sync of them succeeds.
/// </summary>
internal sealed class FaultyDisk : Disk
{
    private const int NoSpace = 28;

    private readonly ConcurrentDictionary<SafeFileHandle, string> paths = new();
    private readonly Dictionary<string, Stored> files = new(StringComparer.Ordinal);
    private readonly Dictionary<DiskCall, (Func<Exception> Failure, int Times)> failing = [];
    private readonly Channel<DiskCall> reached = Channel.CreateUnbounded<DiskCall>();
    private readonly object gate = new();
    private DiskCall? hanging;
    private int answers;
    private long room = long.MaxValue;

    /// <summary>Number of the call that fails, from 0.</summary>
    public int FailAt { get; set; } = int.MaxValue;

    public Func<Exception> Failure { get; init; } = () => Io();

    /// <summary>The calls so far: <c>write</c>, <c>sync</c>, <c>rename</c>, and <c>sync FOLDER</c>.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Only what lies below is faulty.</summary>
    public string Below { get; init; } = "/";

    public static Exception Io() => new IOException("Input/output error", 5);

    public static Exception Full() => new IOException("No space left on device", NoSpace);

    /// <summary>From now on it takes so many bytes.</summary>
    public void Fill(long left = 0)
    {
        lock (gate)
        {
            room = left;
        }
    }

    /// <summary>Fails so many times.</summary>
    public void Fail(DiskCall call, Func<Exception>? failure = null, int times = int.MaxValue)
    {
        lock (gate)
        {
            failing[call] = (failure ?? Io, times);
        }
    }

    /// <summary>From now on such calls don't come back.</summary>
    public void Hang(DiskCall call)
    {
        lock (gate)
        {
            hanging = call;
        }
    }

    /// <summary>Waits until a call hangs.</summary>
    public Task HangingAsync(CancellationToken cancellationToken) => reached.Reader.ReadAsync(cancellationToken).AsTask();

    /// <summary>Lets one call that hangs go on; those that follow hang too. A slow disk.</summary>
    public void AnswerOnce()
    {
        lock (gate)
        {
            answers++;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>All is well again, and what hangs goes on.</summary>
    public void Heal()
    {
        lock (gate)
        {
            failing.Clear();
            hanging = null;
            room = long.MaxValue;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>How often that was asked.</summary>
    public int Count(string call)
    {
        lock (gate)
        {
            return Calls.Count(c => c == call);
        }
    }

    /// <summary>What a power cut would leave of a file.</summary>
    public byte[] Durable(string path)
    {
        lock (gate)
        {
            return files.TryGetValue(path, out var file) ? [.. file.Durable] : [];
        }
    }

    /// <summary>Pages that a failed sync took for clean leave the memory: from now on the file reads as it is on the disk.</summary>
    public void Evict(string path)
    {
        lock (gate)
        {
            var file = files[path];
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            foreach (var (from, to) in file.Lost)
            {
                var there = new byte[to - from];
                file.Durable.Skip((int)from).Take(there.Length).ToArray().CopyTo(there, 0);
                RandomAccess.Write(handle, there, from);
            }
        }
    }

    public override SafeFileHandle Open(string path, FileMode mode, FileShare share = FileShare.Read | FileShare.Delete)
    {
        Enter(DiskCall.Open, null, path);
        var handle = base.Open(path, mode, share);
        paths[handle] = path;
        lock (gate)
        {
            if (!files.ContainsKey(path) || mode is FileMode.Create or FileMode.CreateNew)
            {
                // What was there before is taken to be safe.
                files[path] = new Stored { Durable = [.. ReadAll(handle)] };
            }
        }

        return handle;
    }

    public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        var path = paths[file];
        try
        {
            Enter(DiskCall.Write, "write", path);
            if (Take(path, bytes.Length) is var taken && taken < bytes.Length)
            {
                Put(file, bytes[..(int)taken], offset);
                throw Full();
            }
        }
        catch (IOException e) when (e.HResult != NoSpace)
        {
            Put(file, bytes[..(bytes.Length / 2)], offset);
            throw;
        }

        Put(file, bytes, offset);
    }

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset) =>
        Write(file, pieces.SelectMany(p => p.ToArray()).ToArray(), offset);

    public override void Cut(SafeFileHandle file, long length)
    {
        Enter(DiskCall.Cut, null, paths[file]);
        var freed = RandomAccess.GetLength(file) - length;
        base.Cut(file, length);
        lock (gate)
        {
            room += room == long.MaxValue ? 0 : freed;
        }
    }

    public override void Sync(SafeFileHandle file)
    {
        var stored = files[paths[file]];
        try
        {
            Enter(DiskCall.Sync, "sync", paths[file]);
        }
        catch
        {
            lock (gate)
            {
                stored.Lost.AddRange(stored.Dirty);
                stored.Dirty.Clear();
            }

            throw;
        }

        base.Sync(file);
        lock (gate)
        {
            var now = ReadAll(file);
            stored.Save(now);
        }
    }

    public override void Rename(string from, string to, bool overwrite)
    {
        Enter(DiskCall.Rename, "rename", from);
        base.Rename(from, to, overwrite);
        lock (gate)
        {
            if (files.Remove(from, out var file))
            {
                files[to] = file;
            }

            foreach (var (handle, _) in paths.Where(p => p.Value == from))
            {
                paths[handle] = to;
            }
        }
    }

    public override void Delete(string path)
    {
        Enter(DiskCall.Delete, null, path);
        base.Delete(path);
    }

    public override void SyncFolder(string folder)
    {
        Enter(DiskCall.SyncFolder, $"sync {Path.GetFileName(folder)}", folder);
        base.SyncFolder(folder);
    }

    private static byte[] ReadAll(SafeFileHandle file)
    {
        var bytes = new byte[RandomAccess.GetLength(file)];
        return bytes[..RandomAccess.Read(file, bytes, 0)];
    }

    private void Put(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        base.Write(file, bytes, offset);
        lock (gate)
        {
            files[paths[file]].Dirty.Add((offset, offset + bytes.Length));
        }
    }

    private long Take(string path, int wanted)
    {
        lock (gate)
        {
            if (!path.StartsWith(Below, StringComparison.Ordinal))
            {
                return wanted;
            }

            var taken = Math.Min(wanted, room);
            room -= room == long.MaxValue ? 0 : taken;
            return taken;
        }
    }

    private void Enter(DiskCall call, string? name, string path)
    {
        if (!path.StartsWith(Below, StringComparison.Ordinal))
        {
            return;
        }

        lock (gate)
        {
            if (name is not null)
            {
                Calls.Add(name);
            }

            if (hanging == call)
            {
                reached.Writer.TryWrite(call);
                while (hanging == call && answers == 0)
                {
                    Monitor.Wait(gate);
                }

                answers = Math.Max(0, answers - 1);
            }

            if (name is not null && Calls.Count - 1 == FailAt)
            {
                throw Failure();
            }

            if (failing.TryGetValue(call, out var fault))
            {
                failing[call] = fault with { Times = fault.Times - 1 };
                if (fault.Times <= 1)
                {
                    failing.Remove(call);
                }

                throw fault.Failure();
            }
        }
    }

    /// <summary>A file on the platter, and what of it is only in memory.</summary>
    private sealed class Stored
    {
        public List<byte> Durable { get; init; } = [];

        public List<(long From, long To)> Dirty { get; } = [];

        public List<(long From, long To)> Lost { get; } = [];

        public void Save(byte[] now)
        {
            while (Durable.Count < now.Length)
            {
                Durable.Add(0);
            }

            Durable.RemoveRange(now.Length, Durable.Count - now.Length);
            foreach (var (from, to) in Dirty)
            {
                for (var at = from; at < Math.Min(to, now.Length); at++)
                {
                    Durable[(int)at] = now[at];
                }

                Lost.RemoveAll(l => l.From >= from && l.To <= to);
            }

            Dirty.Clear();
        }
    }
}
