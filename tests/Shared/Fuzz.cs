using System.Diagnostics;
using System.Globalization;

namespace StreamEngine.Tests;

/// <summary>
/// Mutated inputs for what reads bytes from outside: flipped, cut, repeated, spliced. A reader may refuse them with a reason; it may not throw,
/// hang or take unbounded memory. <c>tests/fuzz.sh</c> does it at length.
/// </summary>
internal static class Fuzz
{
    /// <summary>The trait by which <c>tests/fuzz.sh</c> finds these tests.</summary>
    public const string Trait = "fuzz";

    private const int MostBytes = 64 * 1024;
    private const long MostAllocated = 64 << 20;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly byte[] Interesting = [0, 0x20, (byte)'"', (byte)'\\', (byte)'{', (byte)'}', (byte)'[', (byte)']', (byte)',', (byte)':', (byte)'-', (byte)'9', 0x7F, 0x80, 0xC3, 0xED, 0xFF];

    /// <summary>How many inputs each reader gets.</summary>
    public static int Count { get; } = Setting("STREAMENGINE_FUZZ_COUNT", 20_000);

    /// <summary>What repeats the inputs.</summary>
    public static int Seed { get; } = Setting("STREAMENGINE_FUZZ_SEED", 20261127);

    /// <summary>Mutations of good inputs, for a test that needs more than one at a time; the seed repeats them.</summary>
    /// <param name="good">The good inputs.</param>
    /// <param name="count">How many.</param>
    public static IEnumerable<byte[]> Inputs(IReadOnlyList<byte[]> good, int count)
    {
        var random = new Random(Seed);
        for (var i = 0; i < count; i++)
        {
            yield return Mutate(good, random);
        }
    }

    /// <summary>Lets a reader read mutations of good inputs.</summary>
    /// <param name="good">The good inputs; they must be accepted.</param>
    /// <param name="read">Reads one; gives null when it was accepted, else the reason.</param>
    public static void Run(IReadOnlyList<byte[]> good, Func<byte[], string?> read)
    {
        Assert.All(good, g => Assert.Null(read(g)));
        var random = new Random(Seed);
        var refused = 0;
        for (var i = 0; i < Count; i++)
        {
            var input = Mutate(good, random);
            try
            {
                var reason = Once(input, read);
                Assert.False(reason is { Length: 0 }, "refused without a reason");
                refused += reason is null ? 0 : 1;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Input {i} of seed {Seed}: {e.Message}\nas base64: {Convert.ToBase64String(input)}", e);
            }
        }

        // Mutations that change nothing would prove nothing.
        Assert.InRange(refused, Count / 20, Count);
    }

    private static string? Once(byte[] input, Func<byte[], string?> read)
    {
        // A machine that stands still for a second makes one read slow, not three.
        for (var attempt = 1; ; attempt++)
        {
            var (began, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            var reason = read(input);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MostAllocated);
            if (Stopwatch.GetElapsedTime(began) is var took && took < Longest)
            {
                return reason;
            }

            Assert.True(attempt < 3, $"took {took.TotalSeconds:0.0} s");
        }
    }

    private static byte[] Mutate(IReadOnlyList<byte[]> good, Random random)
    {
        var input = good[random.Next(good.Count)];
        for (var times = 1 + random.Next(4); times > 0; times--)
        {
            var (at, other) = (random.Next(input.Length + 1), random.Next(input.Length + 1));
            var (from, to) = (Math.Min(at, other), Math.Max(at, other));
            input = random.Next(8) switch
            {
                0 when at < input.Length => Changed(input, at, (byte)(input[at] ^ (1 << random.Next(8)))),
                1 when at < input.Length => Changed(input, at, Interesting[random.Next(Interesting.Length)]),
                2 => [.. input[..at], Interesting[random.Next(Interesting.Length)], .. input[at..]],
                3 => input[..at],
                4 => [.. input[..from], .. input[to..]],
                5 => [.. input[..to], .. input[from..]],
                6 => [.. input[..at], .. Enumerable.Repeat(Interesting[random.Next(Interesting.Length)], random.Next(2000)), .. input[at..]],
                _ => Spliced(input[..at], good[random.Next(good.Count)], random),
            };
        }

        return input.Length > MostBytes ? input[..MostBytes] : input;
    }

    private static byte[] Spliced(byte[] head, byte[] other, Random random) => [.. head, .. other[random.Next(other.Length + 1)..]];

    private static byte[] Changed(byte[] input, int at, byte to)
    {
        byte[] changed = [.. input];
        changed[at] = to;
        return changed;
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
