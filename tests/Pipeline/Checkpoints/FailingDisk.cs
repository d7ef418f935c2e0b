using Microsoft.Win32.SafeHandles;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>A disk that fails at one of the things asked of it, and notes all of them.</summary>
internal sealed class FailingDisk : CheckpointDisk
{
    /// <summary>Number of the call that fails, from 0.</summary>
    public int FailAt { get; set; } = int.MaxValue;

    public Func<Exception> Failure { get; init; } = () => new IOException("No space left on device");

    /// <summary>Runs before each call.</summary>
    public Action<string> Before { get; init; } = _ => { };

    /// <summary>Number of the deletion before which the process dies, from 0.</summary>
    public int DieAt { get; set; } = int.MaxValue;

    public int Deletions { get; private set; }

    public List<string> Calls { get; } = [];

    public override void Write(SafeFileHandle file, IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        if (Calls.Count == FailAt)
        {
            base.Write(file, [pieces[0][..(pieces[0].Length / 2)]], offset);
        }

        Call("write");
        base.Write(file, pieces, offset);
    }

    public override void Sync(SafeFileHandle file)
    {
        Call("sync");
        base.Sync(file);
    }

    public override void Rename(string from, string to)
    {
        Call("rename");
        base.Rename(from, to);
    }

    public override void SyncFolder(string folder)
    {
        Call($"sync {Path.GetFileName(folder)}");
        base.SyncFolder(folder);
    }

    public override void Delete(string path)
    {
        if (Deletions++ == DieAt)
        {
            throw new InvalidOperationException("the process dies");
        }

        base.Delete(path);
    }

    private void Call(string what)
    {
        Before(what);
        Calls.Add(what);
        if (Calls.Count - 1 == FailAt)
        {
            throw Failure();
        }
    }
}
