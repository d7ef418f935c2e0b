using StreamEngine.Sinks.WebSockets.Journal;

namespace StreamEngine.Sinks.WebSockets;

/// <content>What is new in channels of events, and what is said again (ADR 36).</content>
internal sealed partial class HubShard
{
    /// <summary>The largest offset of its channels of events.</summary>
    public long HighestEvent
    {
        get
        {
            lock (gate)
            {
                return channels.Values.Where(c => c.IsEvent).Select(c => c.Highest).DefaultIfEmpty().Max();
            }
        }
    }

    /// <summary>Gives an event its offset, unless it is a repetition.</summary>
    /// <param name="name">The channel.</param>
    /// <param name="source">Who says it; empty for what is merged.</param>
    /// <param name="sequence">Its number there.</param>
    /// <param name="run">Grows whenever the pipeline goes back to a checkpoint.</param>
    /// <param name="op">What happened.</param>
    /// <param name="data">The new value as JSON, or the channel in which the entity goes on, UTF-8.</param>
    /// <param name="channel">The channel's name as it was first written.</param>
    /// <param name="ordinal">Which one of that number it is, from 0.</param>
    /// <returns>The offset; 0 for a repetition.</returns>
    public long Reserve(ReadOnlySpan<char> name, string source, long sequence, int run, JournalOp op, ReadOnlySpan<byte> data, out string channel, out int ordinal)
    {
        lock (gate)
        {
            var known = Renew(name);
            channel = known.Name;
            var (number, isMerged) = (known.Said.IndexOf(source), source.Length == 0);
            var standing = known.Said.Count(number, sequence, run, out ordinal);
            var isRepeated = standing == EventStanding.Repeated
                || (isMerged ? IsRepeated(known, run, op, data) : standing != EventStanding.New && Stands(known, number, sequence, ordinal))
                || (standing == EventStanding.Behind && !Covers(known, number, sequence));
            return isRepeated ? 0 : known.Reserve(run);
        }
    }

    /// <summary>Whether what a source said as early as that would stand in the history: what it said before does.</summary>
    private bool Covers(HubChannel channel, int source, long sequence)
    {
        for (var place = channel.LastEntry; history.TryRead(place, out var entry, out _); place = entry.Previous)
        {
            if (entry.Source == source && entry.Sequence < sequence)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether an event stands in the history.</summary>
    /// <param name="channel">Its channel.</param>
    /// <param name="source">Its source.</param>
    /// <param name="sequence">Its number there.</param>
    /// <param name="ordinal">Which one of that number it is.</param>
    private bool Stands(HubChannel channel, int source, long sequence, int ordinal)
    {
        var count = 0;
        for (var place = channel.LastEntry; history.TryRead(place, out var entry, out _); place = entry.Previous)
        {
            if (entry.Source == source && entry.Sequence == sequence && count++ == ordinal)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether what happened to a merged record was published before. What is repeated comes in the order in which it was said, so only what was said
    /// behind the last repetition is looked at.
    /// </summary>
    private bool IsRepeated(HubChannel channel, int run, JournalOp op, ReadOnlySpan<byte> data)
    {
        var content = op == JournalOp.Update ? EventContent.Read(data) : default;
        if (op == JournalOp.Update && (content.Revision == 0 || (!channel.Data.IsEmpty && content.Revision > EventContent.Read(channel.Data).Revision)))
        {
            return false;
        }

        var (passed, found) = (channel.PassedIn(run), 0L);
        for (var place = channel.LastEntry; history.TryRead(place, out var entry, out var said) && entry.Offset > passed; place = entry.Previous)
        {
            if (entry.Op == op && (op == JournalOp.Update ? EventContent.Read(said).Equals(content) : said.SequenceEqual(data)))
            {
                found = entry.Offset;
            }

            if (op != JournalOp.Update && passed == 0)
            {
                // Nothing shows from where on a run repeats what was said: only an end behind which nothing came is surely told.
                break;
            }
        }

        channel.Pass(run, found);
        return found > 0;
    }
}
