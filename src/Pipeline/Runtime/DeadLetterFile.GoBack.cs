using Microsoft.Extensions.Logging;

namespace StreamEngine.Pipeline.Runtime;

/// <content>How it goes back to a checkpoint.</content>
public sealed partial class DeadLetterFile
{
    /// <summary>Takes out the lines whose records come again after a restart from a checkpoint. Nothing is taken meanwhile.</summary>
    /// <param name="checkpoint">Its number.</param>
    /// <param name="cancellationToken">Gives up waiting for the disk.</param>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    internal async Task GoBackAsync(long checkpoint, CancellationToken cancellationToken)
    {
        if (path is null || Marks.Sources.Count == 0)
        {
            return;
        }

        // Lines of the graph that was given up may still wait.
        await FinishAsync(cancellationToken).ConfigureAwait(false);
        await thread.RunAsync(() => GoBack(checkpoint), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>On the disk's thread, when nothing waits.</summary>
    private void GoBack(long checkpoint)
    {
        file?.Dispose();
        file = null;
        if (!Directory.Exists(Folder))
        {
            return;
        }

        var taken = new DeadLetterRewind(path!, Marks.Run, checkpoint, Marks.Sources, maxBytes).Run();
        Volatile.Write(ref takenOut, takenOut + taken);
        Measure();
        if (taken > 0)
        {
            LogTakenOut(path!, taken);
        }
    }

    /// <summary>How large the files are that are there already.</summary>
    private void Measure()
    {
        Volatile.Write(ref bytes, path is null ? 0 : Length(path));
        Volatile.Write(ref predecessor, path is null ? 0 : Length(path + ".1"));

        static long Length(string name) => new FileInfo(name) is { Exists: true } known ? known.Length : 0;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dead letter {Path}: {Lines} lines were taken out, because their records come again")]
    private partial void LogTakenOut(string path, long lines);
}
