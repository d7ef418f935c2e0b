using System.Globalization;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The deterministic input of the file benchmarks: JSON lines of about 220 bytes that report players' lines in games. Of a
/// hundred lines ten repeat an earlier one's content; the property order is always the same, which only the hand-written
/// loops could exploit (they don't).
/// </summary>
internal static class Lines
{
    private const int Players = 20_000;

    /// <summary>Writes the input once; a file that is there already is kept.</summary>
    /// <returns>The file's full path.</returns>
    public static string Ensure(int count)
    {
        var path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"streamengine-lines-v1-{count}.jsonl"));
        if (File.Exists(path))
        {
            return path;
        }

        var random = new Random(20250604);
        using (var writer = new StreamWriter(path + ".part", append: false, new UTF8Encoding(false), 1 << 16))
        {
            var recent = new string[1024];
            var start = new DateTime(2025, 6, 4, 17, 0, 0, DateTimeKind.Utc);
            for (var i = 0; i < count; i++)
            {
                var line = i >= recent.Length && random.Next(10) == 0 ? recent[random.Next(recent.Length)] : Line(random, start.AddMilliseconds(i));
                recent[i % recent.Length] = line;
                writer.Write(line);
                writer.Write('\n');
            }
        }

        File.Move(path + ".part", path, overwrite: true);
        return path;
    }

    private static string Line(Random random, DateTime at)
    {
        var player = random.Next(Players);
        var atBats = random.Next(1, 7);
        var hits = random.Next(0, atBats + 1);
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {"id":{{600000 + player}},"name":"Player Number {{player}}","team":"T{{player % 30:00}}","position":"{{(player % 9) switch { 0 => "P", 1 => "C", 2 => "1B", 3 => "2B", 4 => "3B", 5 => "SS", 6 => "LF", 7 => "CF", _ => "RF" }}}","at":"{{at:yyyy-MM-ddTHH:mm:ss.fffZ}}","game":{{745000 + (player % 15)}},"atBats":{{atBats}},"hits":{{hits}},"homeRuns":{{random.Next(0, hits + 1)}},"rbi":{{random.Next(0, 6)}},"walks":{{random.Next(0, 3)}},"avg":{{random.Next(100, 400) / 1000.0:0.000}},"ops":{{random.Next(400, 1200) / 1000.0:0.000}}}
            """);
    }
}
