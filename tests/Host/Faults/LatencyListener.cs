using System.Text.Json;

namespace StreamEngine.Host.Tests.Faults;

/// <summary>Listens to the items of a provider that change all the time, and measures how late it learns of each change.</summary>
/// <param name="every">How often they change.</param>
internal sealed class LatencyListener(TimeSpan every) : FrameReader
{
    private readonly List<double> late = [];

    public static async Task<LatencyListener> ConnectAsync(Uri host, string channel, TimeSpan every)
    {
        var listener = new LatencyListener(every);
        await listener.StartAsync(host, channel);
        return listener;
    }

    /// <summary>Measures for a while.</summary>
    /// <returns>Milliseconds by which 99% of the changes were later than at the provider.</returns>
    public async Task<double> P99Async(TimeSpan time)
    {
        lock (late)
        {
            late.Clear();
        }

        await Task.Delay(time, TestContext.Current.CancellationToken);
        lock (late)
        {
            Assert.NotEmpty(late);
            late.Sort();
            return late[(int)(late.Count * 0.99)];
        }
    }

    protected override void Note(JsonElement frame)
    {
        var now = DateTimeOffset.UtcNow;
        if (frame.GetProperty("type").GetString() == "update")
        {
            var step = frame.GetProperty("data").GetProperty("fields").GetProperty("step").GetInt64();
            lock (late)
            {
                late.Add((now - (DateTimeOffset.UnixEpoch + (step * every))).TotalMilliseconds);
            }
        }
    }
}
