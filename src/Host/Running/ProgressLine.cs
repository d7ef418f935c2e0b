using System.Globalization;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Host.Running;

/// <summary>How far a run on finite inputs is: a bar, the records so far, their rate and the time that is left.</summary>
internal sealed class ProgressLine(TimeProvider time)
{
    private const int Width = 12;

    private readonly long started = time.GetTimestamp();
    private readonly SmoothedRate records = new();
    private readonly SmoothedRate bytes = new();

    /// <summary>The line now; null when any source goes on for ever or can't tell how far it is.</summary>
    public string? Next(PipelineStatus status, bool colour)
    {
        var (done, total) = (0L, 0L);
        foreach (var block in status.Blocks)
        {
            if (block.Kind != "source")
            {
                continue;
            }

            if (block.Progress is not { } source)
            {
                return null;
            }

            (done, total) = (done + source.Done, total + source.Total);
        }

        var totals = Totals.Of(status);
        var at = time.GetElapsedTime(started);
        var speed = bytes.Sample(done, at);
        var left = speed > 0 ? TimeSpan.FromSeconds((total - done) / speed) : (TimeSpan?)null;
        return Describe(done, total, totals.In, records.Sample(totals.In, at), left, totals.DeadLettered, colour);
    }

    /// <summary>Such as <c>[#######.....] 58%  1,204,000 records  612,000/s  3 s left  dead 12</c>.</summary>
    /// <param name="done">Bytes of the input that were read.</param>
    /// <param name="total">Bytes of the whole input.</param>
    /// <param name="records">Records so far.</param>
    /// <param name="rate">Records per second.</param>
    /// <param name="left">Time until all is read; null when nobody knows.</param>
    /// <param name="dead">Records in the dead letter.</param>
    /// <param name="colour">Whether the dead ones are shown in red.</param>
    public static string Describe(long done, long total, long records, double rate, TimeSpan? left, long dead, bool colour)
    {
        // Rounded down: 100% says that all was read.
        var percent = total > 0 ? (int)(done * 100.0 / total) : 100;
        var filled = total > 0 ? (int)Math.Round((double)done / total * Width) : Width;
        var deadText = dead > 0 ? string.Create(CultureInfo.InvariantCulture, $"dead {dead:N0}") : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"[{new string('#', filled)}{new string('.', Width - filled)}] {percent}%  {records:N0} records  {rate:N0}/s{(left is { } time && done < total ? $"  {Words(time)} left" : "")}{(dead == 0 ? "" : colour ? $"  \e[31m{deadText}\e[0m" : $"  {deadText}")}");
    }

    private static string Words(TimeSpan left) => left.TotalSeconds switch
    {
        < 1 => "<1 s",
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.TotalSeconds):0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{left.Minutes} min {left.Seconds} s"),
        < 86_400 => string.Create(CultureInfo.InvariantCulture, $"{left.Hours} h {left.Minutes} min"),
        _ => "days",
    };

    /// <summary>A rate that doesn't jump with every sample; the first one counts in full.</summary>
    private sealed class SmoothedRate
    {
        private const double Newest = 0.3;

        private long last;
        private TimeSpan lastAt;
        private double rate = -1;

        public double Sample(long total, TimeSpan at)
        {
            if (at > lastAt)
            {
                var now = (total - last) / (at - lastAt).TotalSeconds;
                rate = rate < 0 ? now : rate + (Newest * (now - rate));
                (last, lastAt) = (total, at);
            }

            return Math.Max(rate, 0);
        }
    }
}
