using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The deterministic input of the file benchmarks: JSON lines of about 220 bytes and 13 members that report 20,000 players'
/// lines in games, a millisecond apart. Of a thousand lines about 100 repeat a recent one, 20 come late (the event is one to
/// two minutes older than its neighbours'), one breaks the record's rule and two are poison. The order of the members is
/// always the same, which hand-written loop B has built in, and the engine learns.
/// </summary>
internal static class Lines
{
    /// <summary>Lines of a full race.</summary>
    public const int Full = 1_000_000;

    /// <summary>Lines of a quick race.</summary>
    public const int Quick = 150_000;

    /// <summary>Lines of a run that is made many times over to warm up.</summary>
    public const int Little = 20_000;

    /// <summary>Lines of a check: enough to show scores that differ in the last bit, which one record in 100,000 shows.</summary>
    public const int Check = 400_000;

    private const int Players = 20_000;

    private static readonly DateTime Start = new(2025, 6, 4, 17, 0, 0, DateTimeKind.Utc);

    /// <summary>What the clock says while an input of so many lines is read: the events are then 100 seconds old and older.</summary>
    public static DateTime Now(int count) => Start.AddMilliseconds(count).AddSeconds(100);

    /// <summary>Writes the input once; a file that is there already is kept.</summary>
    /// <returns>The file's full path.</returns>
    public static string Ensure(int count)
    {
        var path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"streamengine-lines-v2-{count}.jsonl"));
        if (File.Exists(path))
        {
            return path;
        }

        // A name of its own: two benchmarks may be started at once.
        var part = $"{path}.{Environment.ProcessId}.part";
        using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            Write(file, count);
        }

        File.Move(part, path, overwrite: true);
        return path;
    }

    private static void Write(FileStream file, int count)
    {
        var random = new Random(20250604);
        var recent = new byte[1024][];
        var made = 0;
        for (var i = 0; i < count; i++)
        {
            var kind = random.Next(1000);
            var at = Start.AddMilliseconds(i);
            byte[] line;
            if (kind < 2)
            {
                line = Poison(random, at);
            }
            else if (kind >= 900 && made >= recent.Length)
            {
                line = recent[random.Next(recent.Length)];
            }
            else
            {
                var late = kind < 22 ? random.Next(60_000, 120_000) : 0;
                line = Encoding.UTF8.GetBytes(Line(random, at.AddMilliseconds(-late), breaksRule: kind == 22));
                recent[made++ % recent.Length] = line;
            }

            file.Write(line);
            file.WriteByte((byte)'\n');
        }
    }

    /// <summary>A line that no reader can use.</summary>
    private static byte[] Poison(Random random, DateTime at)
    {
        var good = Line(random, at, breaksRule: false);
        switch (random.Next(6))
        {
            case 0:
                return Encoding.UTF8.GetBytes(good[..random.Next(1, good.Length)]);
            case 1:
                var broken = Encoding.UTF8.GetBytes(good);
                broken[good.IndexOf("Player", StringComparison.Ordinal)] = 0xFF;
                return broken;
            case 2:
                return Encoding.UTF8.GetBytes(string.Concat("{", good.AsSpan(good.IndexOf(',', StringComparison.Ordinal) + 1)));
            case 3:
                return Encoding.UTF8.GetBytes(good.Replace("\"at\":\"2025-", "\"at\":\"MMXXV-", StringComparison.Ordinal));
            case 4:
                return "<html><body><h1>503 Service Unavailable</h1></body></html>"u8.ToArray();
            default:
                return Encoding.UTF8.GetBytes(good.Replace("\"rbi\":", "\"rbi\":,", StringComparison.Ordinal));
        }
    }

    private static string Line(Random random, DateTime at, bool breaksRule)
    {
        var player = random.Next(Players);
        var atBats = random.Next(1, 7);
        var hits = breaksRule ? atBats + 1 : random.Next(0, atBats + 1);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {"id":{{600000 + player}},"name":"{{Name(player)}}","team":"T{{player % 30:00}}","position":"{{Position(player)}}","at":"{{at:yyyy-MM-ddTHH:mm:ss.fffZ}}","game":{{745000 + (player % 15)}},"atBats":{{atBats}},"hits":{{hits}},"homeRuns":{{random.Next(0, hits + 1)}},"rbi":{{random.Next(0, 6)}},"walks":{{random.Next(0, 3)}},"avg":{{random.Next(100, 400) / 1000.0:0.000}},"ops":{{random.Next(400, 1200) / 1000.0:0.000}}}
            """);
    }

    /// <summary>One name in fifty is not ASCII.</summary>
    private static string Name(int player) => player % 50 == 0
        ? string.Create(CultureInfo.InvariantCulture, $"Núñez Player Number {player}")
        : string.Create(CultureInfo.InvariantCulture, $"Player Number {player} of the League");

    private static string Position(int player) => (player % 9) switch
    {
        0 => "P",
        1 => "C",
        2 => "1B",
        3 => "2B",
        4 => "3B",
        5 => "SS",
        6 => "LF",
        7 => "CF",
        _ => "RF",
    };
}
