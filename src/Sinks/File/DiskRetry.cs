using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.Files;

/// <summary>Tries until it works: a full disk makes the pipeline wait, and nothing is lost.</summary>
internal sealed partial class DiskRetry : IAsyncDisposable
{
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    private readonly string sink;
    private readonly Func<string> folder;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly DiskThread thread;
    private readonly ITimer watch;
    private volatile string? problem;
    private bool silent;

    /// <param name="sink">The sink's name.</param>
    /// <param name="folder">Gives the folder that is written to now.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told when it waits, and when it works again.</param>
    public DiskRetry(string sink, Func<string> folder, TimeProvider time, ILogger logger)
    {
        this.sink = sink;
        this.folder = folder;
        this.time = time;
        this.logger = logger;
        thread = new DiskThread(time);
        watch = time.CreateTimer(_ => TellSilence(), null, Watch, Watch);
    }

    /// <summary>What it waits for, in words for an operator; null when all is well.</summary>
    public string? Problem => thread.Silent is { } silent ? Words(DiskFault.Describe(folder(), silent)) : problem;

    /// <summary>Whether somebody gave up waiting for a disk that does not answer: what that still uses must be left alone.</summary>
    public bool IsStuck => thread.IsStuck;

    /// <summary>Whether the disk's thread is at work.</summary>
    public bool IsBusy => thread.IsBusy;

    /// <summary>Whether this is the disk's own thread.</summary>
    public bool IsHere => thread.IsHere;

    /// <summary>Does something as often as it takes. An act that failed is tried again.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync(Action act, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await thread.RunAsync(act, cancellationToken).ConfigureAwait(false);
                if (problem is not null)
                {
                    problem = null;
                    LogWorksAgain(logger, sink);
                }

                return;
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                Report(e);
            }

            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Does something once.</summary>
    public ValueTask TryAsync(Action act, CancellationToken cancellationToken) => thread.RunAsync(act, cancellationToken);

    /// <summary>Does something that throws nothing, when all that was asked before is done.</summary>
    public void Post(Action act) => thread.Post(act);

    /// <summary>All is well, without a word.</summary>
    public void Clear() => problem = null;

    public void Report(Exception e)
    {
        var text = Words(DiskFault.Describe(folder(), e));
        if (problem != text)
        {
            problem = text;
            LogWaiting(logger, text);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await watch.DisposeAsync().ConfigureAwait(false);
        thread.Dispose();
    }

    private string Words(string text) => $"sink '{sink}': {text}";

    private void TellSilence()
    {
        if (thread.Silent is { } since)
        {
            if (!silent)
            {
                silent = true;
                LogWaiting(logger, Words(DiskFault.Describe(folder(), since)));
            }
        }
        else if (silent)
        {
            silent = false;
            LogAnswers(logger, sink);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private static partial void LogWaiting(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': writing works again; nothing was lost")]
    private static partial void LogWorksAgain(ILogger logger, string name);

    [LoggerMessage(Level = LogLevel.Information, Message = "sink '{Name}': the disk answers again")]
    private static partial void LogAnswers(ILogger logger, string name);
}
