using System.Globalization;
using System.Text;

namespace StreamEngine.Host.Tests;

/// <summary>Lines about a few hundred players, the same for the same seed: news, repetitions, late ones, poison, and long texts with escapes.</summary>
internal sealed class CrashInput(int seed)
{
    private const int Players = 400;

    private static readonly DateTime Start = new(2026, 4, 1, 18, 0, 0, DateTimeKind.Utc);

    private readonly Random random = new(seed);
    private readonly int[] hits = new int[Players];
    private string last = "";
    private int written;

    /// <summary>The next lines.</summary>
    public byte[] Next(int count)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < count; i++, written++)
        {
            lines.Append(Line()).Append('\n');
        }

        return Encoding.UTF8.GetBytes(lines.ToString());
    }

    private string Line()
    {
        var chance = random.Next(100);
        if (chance < 10 && last.Length > 0)
        {
            return last;
        }

        var player = random.Next(Players);
        var late = chance < 15 ? random.Next(5000) : 0;
        var at = Start.AddMilliseconds((written - late) * 10).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        hits[player] += random.Next(2);
        last = chance switch
        {
            15 => $$"""{"at":"{{at}}","id":{{player}},"name":"torn""",
            16 => $$"""{"at":"{{at}}","name":"nobody","h":1,"ab":2}""",
            17 => $$"""{"at":"{{at}}","id":{{player}},"name":"\u00e9\n{{new string('x', random.Next(2000))}}","h":{{hits[player]}},"ab":{{hits[player] * 3}}}""",
            _ => $$"""{"at":"{{at}}","id":{{player}},"name":"N{{player}}","h":{{hits[player]}},"ab":{{hits[player] * 3}}}""",
        };
        return last;
    }
}
