using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Hand-written loop A: what an expert would write for exactly this config: one loop, `Utf8JsonReader`, a typed struct, pooled
/// buffers, one dictionary. Members may come in any order; what is unknown is skipped. Its output is byte for byte the engine's.
/// </summary>
/// <remarks>
/// It checks the declared ranges too, but a value outside its range makes the line a dead letter here, where the engine would
/// leave the value out: such lines don't occur in the input. The bound on keys is left out.
/// </remarks>
internal static class HandWritten
{
    /// <summary>On one core.</summary>
    public static void Run(Job job)
    {
        using var output = new OutputBuffer(job.Output);
        using var dead = new DeadLetters(job);
        var lines = new Handler(job.Now, output, dead);
        LineLoop.Run(job, ref lines);
    }

    /// <summary>On two threads that share nothing: a key that is in both halves begins anew in the second.</summary>
    public static void RunHalves(Job job) => job.InHalves(Run);

    /// <summary>Reads and checks a line.</summary>
    /// <returns>False with the reason when it is a dead letter.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, ref PlayerRecord record, out string reason)
    {
        reason = "malformed json";
        if (!Utf8.IsValid(line))
        {
            return false;
        }

        try
        {
            record.Read(line);
        }
        catch (JsonException)
        {
            return false;
        }

        reason = record.Id.IsEmpty ? "missing key" : record.IsTimeBad ? "bad event time" : "out of range";
        return !record.Id.IsEmpty && !record.IsTimeBad && record.IsInRange;
    }

    private readonly struct Handler(DateTime now, OutputBuffer output, DeadLetters dead) : ILineHandler
    {
        private static readonly long Window = TimeSpan.FromDays(1).Ticks;
        private static readonly long HalfLife = TimeSpan.FromSeconds(300).Ticks;

        private readonly Dictionary<ulong, Player> players = [];
        private readonly PlayerWriter writer = new(output, now.Ticks);

        public void Line(ReadOnlySpan<byte> line, long number)
        {
            var record = default(PlayerRecord);
            if (!TryRead(line, ref record, out var reason))
            {
                dead.Write(reason, line, number);
                return;
            }

            ref var player = ref CollectionsMarshal.GetValueRefOrAddDefault(players, XxHash3.HashToUInt64(record.Id), out _);
            var content = Content(record);
            var repeated = player.Content == content && player.Revision > 0 && now.Ticks - player.Seen <= Window;
            player.Content = content;
            player.Seen = now.Ticks;
            if (repeated || record.At < player.At)
            {
                return;
            }

            var changed = player.Take(record);
            if (changed != 0)
            {
                player.Revision++;
                var (score, broken) = Score(record);
                writer.Write(record, player.Revision, score, broken, now.Ticks - record.At > HalfLife, changed);
            }
        }

        private (double Score, bool Broken) Score(in PlayerRecord record)
        {
            var broken = record.Hits > record.AtBats;
            var validity = broken ? 1 - (1.0 / 12) : 1.0;
            var age = Math.Max(0, now.Ticks - record.At);
            return (0.4 + (0.3 * validity) + (0.2 * Math.Pow(0.5, age / (double)HalfLife)) + 0.1, broken);
        }

        private static ulong Content(in PlayerRecord record)
        {
            Span<byte> all = stackalloc byte[1024];
            var length = 0;
            Put(record.Name, all, ref length);
            Put(record.Team, all, ref length);
            Put(record.Position, all, ref length);
            Span<long> numbers = [record.Game, record.AtBats, record.Hits, record.HomeRuns, record.Rbi, record.Walks, BitConverter.DoubleToInt64Bits(record.Average), BitConverter.DoubleToInt64Bits(record.Ops)];
            Put(MemoryMarshal.AsBytes(numbers), all, ref length);
            return XxHash3.HashToUInt64(all[..length]);
        }

        private static void Put(ReadOnlySpan<byte> value, Span<byte> all, ref int length)
        {
            value.CopyTo(all[length..]);
            length += value.Length;
            all[length++] = 0;
        }
    }
}
