using System.Buffers;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>
/// A ledger as it is read: line by line, later ones adding to earlier ones. What was sent without being over was under way in a crash. Nobody knows
/// when that was, so the provider may see it as late as a request that is given up now.
/// </summary>
internal sealed class LedgerText
{
    /// <summary>No window is longer, with a day more for time zones.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(32);

    /// <summary>Time zones differ by whole numbers of this, so no day or month of any begins within one.</summary>
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    /// <summary>Requests may be told apart by no less than their age divided by this.</summary>
    private const int Precision = 256;

    /// <summary>What a provider said of its limits is forgotten after this time: it may allow more by now.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    private static readonly long[] Widths =
        [.. new[] { 0.001, 0.01, 0.1, 1, 5, 15, 60, 300, Quarter.TotalSeconds }.Select(s => TimeSpan.FromSeconds(s).Ticks)];

    private readonly Dictionary<long, LedgerLine> open = [];
    private readonly List<(LedgerLine Sent, LedgerLine Over)> over = [];
    private readonly List<LedgerLine> sums = [];
    private readonly List<LedgerLine> holes = [];
    private readonly Dictionary<long, LedgerLine> limits = [];
    private readonly List<LedgerLine> corrections = [];
    private LedgerLine held;
    private LedgerLine breaker;
    private long lastId;

    /// <summary>Bytes up to the end of the last whole line. What comes behind was never finished: the request was not sent.</summary>
    public int Length { get; private set; }

    /// <summary>The first line that is damaged, from 1; 0 for none.</summary>
    public int Damaged { get; private set; }

    /// <summary>Reads all lines.</summary>
    public static LedgerText Read(ReadOnlySpan<byte> bytes)
    {
        var text = new LedgerText();
        for (var number = 1; bytes[text.Length..].IndexOf((byte)'\n') is var end && end >= 0; number++)
        {
            text.Add(bytes.Slice(text.Length, end), number);
            text.Length += end + 1;
        }

        // No append leaves so much.
        if (bytes.Length - text.Length > LedgerLine.MaxBytes && text.Damaged == 0)
        {
            text.Damaged = 1 + bytes[..text.Length].Count((byte)'\n');
        }

        return text;
    }

    /// <summary>What it says at some time. Times that are later can't be right: the clock was set.</summary>
    public LedgerContent At(DateTimeOffset now)
    {
        DateTimeOffset Past(long ticks, long later = 0) => Time(Math.Min(ticks, now.UtcTicks + later));
        return new LedgerContent
        {
            Spent =
            [
                .. sums.Select(s => new Spending(Past(s.A), Past(s.B), s.C, s.D)),
                .. over.Select(o => new Spending(Past(o.Sent.B), Past(o.Over.B, o.Sent.C), o.Sent.D, 1)),
                .. open.Values.Select(s => new Spending(Past(s.B), Time(now.UtcTicks + s.C), s.D, 1)),
            ],
            Holes = [.. holes.Select(h => Past(h.A))],
            Corrections = [.. corrections.Where(c => c.C > now.UtcTicks).Select(c => new Correction(c.A, c.B, Time(c.C)))],
            Limits = limits.Values.Where(l => Past(l.C) + Remembered > now).ToDictionary(l => l.A, l => ((int)Math.Clamp(l.B, 0, int.MaxValue), Past(l.C))),
            HeldUntil = held.A > now.UtcTicks ? Time(held.A) : null,
            Breaker = breaker.Kind is LedgerLine.Open or LedgerLine.StillOpen ? new OpenBreaker(Past(breaker.A), breaker.B == 0 ? null : Time(breaker.B), (int)breaker.C, (int)breaker.D) : null,
            LastId = lastId,
        };
    }

    /// <summary>Writes that all is over: whoever sent it is dead.</summary>
    public void WriteEnds(IBufferWriter<byte> output, DateTimeOffset now)
    {
        foreach (var sent in open.Values)
        {
            new LedgerLine(LedgerLine.Over, sent.A, now.UtcTicks + sent.C).Write(output);
        }
    }

    /// <summary>Writes the same in fewer lines: what is longer past is told less exactly, and never so that it would be free sooner.</summary>
    public void WriteShorter(IBufferWriter<byte> output, DateTimeOffset now)
    {
        foreach (var state in new[] { held, breaker }.Where(l => l.Kind is LedgerLine.Held or LedgerLine.Open or LedgerLine.StillOpen))
        {
            state.Write(output);
        }

        foreach (var limit in limits.Values)
        {
            limit.Write(output);
        }

        foreach (var of in corrections.Where(c => c.C > now.UtcTicks).GroupBy(c => (c.A, c.C / Step(c.C - now.UtcTicks))))
        {
            new LedgerLine(LedgerLine.Corrected, of.Key.A, of.Sum(c => c.B), of.Max(c => c.C)).Write(output);
        }

        foreach (var hole in holes.Where(h => h.A > (now - Longest).UtcTicks))
        {
            hole.Write(output);
        }

        var past = new List<LedgerLine>(sums);
        past.AddRange(over.Where(o => o.Over.B <= now.UtcTicks).Select(o => new LedgerLine(LedgerLine.Sum, o.Sent.B, o.Over.B, o.Sent.D, 1)));
        foreach (var group in past.Where(s => s.B > (now - Longest).UtcTicks).GroupBy(s => Key(s, now.UtcTicks)))
        {
            new LedgerLine(LedgerLine.Sum, group.Min(s => s.A), group.Max(s => s.B), group.Sum(s => s.C), group.Sum(s => s.D)).Write(output);
        }

        foreach (var (sent, until) in over.Where(o => o.Over.B > now.UtcTicks))
        {
            sent.Write(output);
            until.Write(output);
        }

        foreach (var sent in open.Values)
        {
            sent.Write(output);
        }
    }

    private static DateTimeOffset Time(long ticks) => new(Math.Clamp(ticks, 0, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    /// <summary>Those with the same key are told as one.</summary>
    private static (long Width, long Until, long From) Key(LedgerLine sum, long now)
    {
        var width = Step(now - sum.B);
        return (width, sum.B / width, sum.A / Quarter.Ticks);
    }

    /// <summary>How far times may be told apart that are so far away.</summary>
    private static long Step(long distance) => Math.Max(1, Array.FindLast(Widths, w => w <= distance / Precision));

    private void Add(ReadOnlySpan<byte> text, int number)
    {
        if (!LedgerLine.TryRead(text, out var line))
        {
            Damaged = Damaged == 0 ? number : Damaged;
            return;
        }

        switch (line.Kind)
        {
            case LedgerLine.Sent:
                open[line.A] = line;
                lastId = Math.Max(lastId, line.A);
                break;
            case LedgerLine.Over when open.Remove(line.A, out var sent):
                over.Add((sent, line));
                break;
            case LedgerLine.Sum:
                sums.Add(line);
                break;
            case LedgerLine.Hole:
                holes.Add(line);
                break;
            case LedgerLine.Corrected:
                corrections.Add(line);
                break;
            case LedgerLine.Limited:
                limits[line.A] = line;
                break;
            case LedgerLine.Held:
                held = line;
                break;
            case LedgerLine.Open or LedgerLine.StillOpen or LedgerLine.Closed:
                breaker = line;
                break;
        }
    }
}
