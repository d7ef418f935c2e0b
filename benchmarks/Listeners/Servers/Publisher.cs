using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>Publishes an update.</summary>
/// <param name="channel">The channel, UTF-8.</param>
/// <param name="data">The record as JSON, UTF-8.</param>
internal delegate void PublishUpdate(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> data);

/// <summary>
/// An open loop on a thread of its own: updates of 200 bytes at a fixed rate, each with the time at which it was due, so a
/// server that holds the publisher up pays for it in latency.
/// </summary>
internal sealed class Publisher(PublishUpdate publish)
{
    private static readonly string Padding = new('x', 128);

    private volatile bool stops;
    private Thread? thread;
    private long published;

    public void Start(double perSecond, int channels)
    {
        stops = false;
        published = 0;
        thread = new Thread(() => Run(new Schedule(perSecond), channels));
        thread.Start();
    }

    /// <returns>How many were published since the start.</returns>
    public long Stop()
    {
        stops = true;
        thread?.Join();
        return published;
    }

    /// <summary>Obeys a line of the suite.</summary>
    public string Obey(string line)
    {
        switch (line.Split(' '))
        {
            case ["publish", var rate, var channels]:
                Start(double.Parse(rate, CultureInfo.InvariantCulture), int.Parse(channels, CultureInfo.InvariantCulture));
                return "ok";
            case ["pause"]:
                return Stop().ToString(CultureInfo.InvariantCulture);
            case ["collect"]:
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                return "ok";
            default:
                throw new InvalidOperationException($"'{line}' is not understood.");
        }
    }

    private void Run(Schedule schedule, int channels)
    {
        var names = Enumerable.Range(0, channels).Select(i => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"c:{i}"))).ToArray();
        var head = Encoding.UTF8.GetBytes($$"""{"player":"mlb:660271","pad":"{{Padding}}","seq":""");
        var data = new byte[head.Length + 64];
        head.CopyTo(data, 0);
        schedule.Start();
        while (true)
        {
            var late = schedule.SleepUntil(published);
            if (stops)
            {
                return;
            }

            var length = head.Length;
            Utf8Formatter.TryFormat(published, data.AsSpan(length), out var written);
            length += written;
            ",\"t\":"u8.CopyTo(data.AsSpan(length));
            length += 5;
            Utf8Formatter.TryFormat(Clients.Clock() - late, data.AsSpan(length), out written);
            length += written;
            data[length++] = (byte)'}';
            publish(names[published % channels], data.AsSpan(0, length));
            published++;
        }
    }
}
