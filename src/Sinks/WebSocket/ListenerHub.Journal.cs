using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Disks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <content>What survives the process: the events, and at a clean stop everything.</content>
public sealed partial class ListenerHub
{
    private static readonly TimeSpan LogRetry = TimeSpan.FromSeconds(10);

    /// <summary>One publishes at a time what goes into the log: its order is that of the offsets.</summary>
    private readonly Lock publishing = new();

    private readonly ConcurrentQueue<(string Name, long Offset)> retiredEvents = new();
    private readonly Queue<long> reserved = new();
    private volatile string[] stateEpochs = [];
    private volatile string[] eventEpochs = [];
    private Disk disk = Disk.Real;
    private string? folder;
    private EventLog? log;
    private long logTriedAt;
    private long floor;
    private int run;
    private bool isTidying;

    /// <summary>What is wrong with the log of events, in words for an operator; null when all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>The largest offset of a channel that was forgotten. New channels start after it: should it be the same one again, its offsets still only grow.</summary>
    internal long Floor => Volatile.Read(ref floor);

    /// <summary>Takes the websocket sink's settings, and what the last run left on disk. Before the pipeline runs and listeners come.</summary>
    /// <param name="definition">The pipeline.</param>
    /// <exception cref="IOException">Another process uses the folder.</exception>
    public void Open(PipelineDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (definition.Options.Sinks.Values.OfType<WebSocketSinkOptions>().FirstOrDefault() is { } options)
        {
            Configure(options);
            Open(JournalFolder.Of(definition, options.Log), options);
        }
    }

    /// <summary>Keeps what the next run needs to go on. After the last listener has left.</summary>
    public void Close()
    {
        lock (publishing)
        {
            CloseLog();
        }
    }

    private void CloseLog()
    {
        if (folder is null || log is null)
        {
            return;
        }

        try
        {
            CleanState.Write(folder, disk, [.. stateEpochs.TakeLast(EventLog.MostEpochs)], Floor, to => Array.ForEach(Shards, s => s.Save(to, isEvent: false, withHistory: true)));
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            LogNotKept(DiskFault.Describe(folder, e));
        }

        log.Dispose();
        log = null;
    }

    /// <summary>The pipeline begins, or goes back to a checkpoint: what it says may have been said.</summary>
    internal void BeginRun() => Interlocked.Increment(ref run);

    /// <summary>Whether positions of an epoch mean something.</summary>
    internal bool Knows(string of, bool isEvent) => of == Epoch || Array.IndexOf(isEvent ? eventEpochs : stateEpochs, of) >= 0;

    /// <summary>A channel is not kept any more.</summary>
    internal void Retired(HubChannel channel)
    {
        RaiseFloor(channel.Highest);
        if (channel.IsEvent && log is not null)
        {
            retiredEvents.Enqueue((channel.Name, channel.Offset));
        }
    }

    private void RaiseFloor(long to)
    {
        for (var known = Floor; known < to; known = Floor)
        {
            Interlocked.CompareExchange(ref floor, to, known);
        }
    }

    /// <summary>Takes what the last run left in a folder; none for null.</summary>
    /// <param name="at">The folder.</param>
    /// <param name="options">How much of it counts.</param>
    /// <param name="on">The disk; the real one when absent.</param>
    internal void Open(string? at, WebSocketSinkOptions options, Disk? on = null)
    {
        if (at is null)
        {
            return;
        }

        disk = on ?? disk;

        log = EventLog.Open(at, new JournalLimits(options.HistoryBytes.Bytes, options.History.Value), disk, Time, logger);
        folder = at;
        var state = CleanState.Take(at, disk, logger);
        if (state is not null && (log.Epochs.Count == 0 || state.Epochs[^1] != log.Epochs[^1]))
        {
            // That of an earlier run, which could not be taken away.
            state.Dispose();
            state = null;
        }

        RaiseFloor(Math.Max(log.Floor, state?.Floor ?? 0));
        var (states, events) = (new Loading(this, isEvent: false), new Loading(this, isEvent: true));
        try
        {
            state?.Replay(states);
            stateEpochs = [.. state?.Epochs ?? []];
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            LogNotKept(DiskFault.Describe(at, e));
        }

        state?.Dispose();
        log.Replay(events);
        eventEpochs = [.. log.Epochs];
        RaiseFloor(Math.Max(states.Ignored, events.Ignored));
        while (stateEpochs.Contains(epoch) || eventEpochs.Contains(epoch))
        {
            epoch += "a";
        }

        stateEpochs = [.. stateEpochs, epoch];
        try
        {
            log.Begin(epoch, Floor);
            eventEpochs = [.. log.Epochs];
        }
        catch (IOException e)
        {
            LoseLog(e);
        }
    }

    /// <summary>The log begins anew, in another epoch: what happened since it was lost is not in it.</summary>
    private void RegainLog()
    {
        logTriedAt = Time.GetTimestamp();
        var next = NextEpoch();
        try
        {
            // Should the process be killed before the log knows the channels, none of their offsets may be given again.
            RaiseFloor(Shards.Max(s => s.HighestEvent));
            log!.Begin(next, Floor);
            var states = new Copy();
            Array.ForEach(Shards, s => s.Save(states, isEvent: true, withHistory: false));
            states.PutInto(log);
            log.Flush();
        }
        catch (IOException e)
        {
            // Listeners go on in the epoch that is known to nobody else.
            Problem = ProblemOf(e);
            return;
        }

        Announce(next);
        Problem = null;
    }

    /// <summary>
    /// Listeners are not kept waiting for a disk: events go on in another epoch that the log knows nothing of, so that nobody can resume from a place
    /// that a crash would give out again.
    /// </summary>
    private void LoseLog(IOException e)
    {
        logTriedAt = Time.GetTimestamp();
        Problem = ProblemOf(e);
        Announce(NextEpoch());
    }

    private static string ProblemOf(IOException e) => $"{e.Message}; events go on without a log, so listeners can't resume over a restart";

    private string NextEpoch()
    {
        var next = Epochs.Of(Time.GetUtcNow());
        while (stateEpochs.Contains(next))
        {
            next += "a";
        }

        return next;
    }

    /// <summary>From now on positions are told in another epoch. Those told before stay good for as long as this process lives.</summary>
    private void Announce(string next)
    {
        stateEpochs = [.. stateEpochs.TakeLast(EventLog.MostEpochs - 1), next];
        eventEpochs = [.. eventEpochs.TakeLast(EventLog.MostEpochs - 1), next];
        epoch = next;
    }

    /// <summary>Gives the events of a batch their offsets, and writes them. Repetitions get 0.</summary>
    private void Reserve(Batch batch)
    {
        reserved.Clear();
        if (eventPatterns.Length == 0 || batch.IsRestored)
        {
            return;
        }

        ForgetRetired();

        foreach (var row in batch)
        {
            if (row.Head.Op != RowOp.Confirmed)
            {
                Reserve(batch, row);
            }
        }

        if (reserved.Count > 0)
        {
            Log(l => l.Flush());
        }
    }

    private void Reserve(Batch batch, Row row)
    {
        var name = Decode(row.Key, stackalloc char[UsualName]);
        if (!IsEvent(name))
        {
            return;
        }

        var source = SourceOf(row);
        var data = batch.DataOf(row.Index).Span;
        var op = OpOf(row, data);
        var offset = ShardOf(name).Reserve(name, source, row.Head.Sequence, run, op, data, out var channel, out var ordinal);
        reserved.Enqueue(offset);
        if (offset > 0 && log is not null && Problem is null)
        {
            try
            {
                log.Append(new JournalEntry
                {
                    Channel = channel,
                    Offset = offset,
                    Op = op,
                    At = Time.GetUtcNow(),
                    Source = source,
                    Sequence = row.Head.Sequence,
                    Ordinal = ordinal,
                    Data = data,
                });
            }
            catch (IOException e)
            {
                LoseLog(e);
            }
            catch (ArgumentException e)
            {
                // It can't stand in the log, so nothing after it may.
                log.Abandon();
                LoseLog(new IOException($"the event log: {e.Message}", e));
            }
        }
    }

    /// <summary>Whose numbers an event has: a merge numbers the records of a key anew, those of one source keep its numbers.</summary>
    private static string SourceOf(Row row) => row.Head.Revision > 0 ? "" : row.Source.Name;

    private static JournalOp OpOf(Row row, ReadOnlySpan<byte> data) =>
        row.Head.Op == RowOp.Update ? JournalOp.Update : data.IsEmpty ? JournalOp.Removed : JournalOp.Alias;

    private void Log(Action<EventLog> write)
    {
        if (log is null || Problem is not null)
        {
            return;
        }

        try
        {
            write(log);
        }
        catch (IOException e)
        {
            LoseLog(e);
        }
    }

    /// <summary>Looks after the log on a thread of its own: a disk that hangs must not hold up the heartbeats.</summary>
    private void TidyLogAside()
    {
        if (log is not null && !Interlocked.Exchange(ref isTidying, true))
        {
            _ = Task.Run(TidyLog);
        }
    }

    private void TidyLog()
    {
        try
        {
            lock (publishing)
            {
                ForgetRetired();
                if (log is not null && Problem is not null && Time.GetElapsedTime(logTriedAt) >= LogRetry)
                {
                    RegainLog();
                }

                Log(l => l.Trim());
            }
        }
#pragma warning disable CA1031 // The next tick tries again.
        catch (Exception e)
        {
            LogTickFailed(e);
        }
#pragma warning restore CA1031
        finally
        {
            Volatile.Write(ref isTidying, false);
        }
    }

    private void ForgetRetired()
    {
        while (retiredEvents.TryDequeue(out var retired))
        {
            Log(l => l.Forget(retired.Name, retired.Offset));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "what the channels hold could not be kept for the next start ({Reason}); listeners who come back then get a snapshot instead of what they missed")]
    private partial void LogNotKept(string reason);

    /// <summary>Takes over what is shown.</summary>
    private sealed class Loading(ListenerHub hub, bool isEvent) : IJournalVisitor
    {
        /// <summary>The largest offset of a channel that is of the other kind now.</summary>
        public long Ignored { get; private set; }

        public void State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions)
        {
            if (hub.IsEvent(last.Channel) != isEvent || !hub.ShardOf(last.Channel).Load(last, positions, isEvent))
            {
                Ignored = Math.Max(Ignored, last.Offset);
            }
        }

        public void Entry(in JournalEntry entry)
        {
            if (hub.IsEvent(entry.Channel) == isEvent)
            {
                hub.ShardOf(entry.Channel).LoadHistory(entry);
            }
        }
    }

    /// <summary>How channels stand, for a log that begins: it is written when no channel is held up by it.</summary>
    private sealed class Copy : IJournalVisitor
    {
        private readonly List<(string Channel, long Offset, JournalOp Op, DateTimeOffset At, byte[] Data, JournalPosition[] Positions)> states = [];

        public void State(in JournalEntry last, ReadOnlySpan<JournalPosition> positions) =>
            states.Add((last.Channel, last.Offset, last.Op, last.At, last.Data.ToArray(), positions.ToArray()));

        public void Entry(in JournalEntry entry) => throw new NotSupportedException("A log begins without history.");

        public void PutInto(EventLog log)
        {
            foreach (var (channel, offset, op, at, data, positions) in states)
            {
                log.Put(new JournalEntry { Channel = channel, Offset = offset, Op = op, At = at, Source = "", Sequence = 0, Ordinal = 0, Data = data }, positions);
            }
        }
    }
}
