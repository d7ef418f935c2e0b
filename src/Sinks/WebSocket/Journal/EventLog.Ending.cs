using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Disks;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <content>How it ends, well or not.</content>
internal sealed partial class EventLog
{
    /// <summary>Gives the log up: what it has is deleted. It can be begun again.</summary>
    public void Abandon()
    {
        lock (gate)
        {
            GiveUp();
        }
    }

    /// <summary>Ends the run cleanly: what it wrote survives a power cut, and positions stay good over a restart of the machine.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            try
            {
                if (writer is not null)
                {
                    writer.Close();
                    disk.SyncFolder(folder);
                }
            }
            catch (Exception e) when (DiskFault.Is(e))
            {
                LogNotClosed(folder, e.Message);
            }

            writer?.Dispose();
            writer = null;
            claim?.Dispose();
            claim = null;
        }
    }

    private IOException Refused(Exception e)
    {
        GiveUp();
        LogGivenUp(DiskFault.Describe(folder, e));
        return new IOException($"the event log: {DiskFault.Describe(folder, e)}", e);
    }

    private void GiveUp()
    {
        writer?.Dispose();
        writer = null;
        epochs = [];
        channels.Clear();

        // From the oldest on, and none when one stays: without the last, offsets that were told would be given again.
        while (segments.Count > 0 && TryDelete(segments[0].Path))
        {
            segments.RemoveAt(0);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event log is given up and begun anew later; listeners who come back get a snapshot instead of what they missed: {Words}")]
    private partial void LogGivenUp(string words);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the event log in {Folder} could not be closed ({Reason}): should the machine be started anew, listeners who come back get a snapshot instead of what they missed")]
    private partial void LogNotClosed(string folder, string reason);
}
