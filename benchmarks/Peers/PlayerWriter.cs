using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>Writes records as the engine does: the constant parts are known.</summary>
internal sealed class PlayerWriter(OutputBuffer output, long now)
{
    /// <summary>The fields in slot order.</summary>
    public static readonly string[] Fields = ["name", "team", "position", "game", "atBats", "hits", "homeRuns", "rbi", "walks", "battingAverage", "ops"];

    private const int TimeLength = 24;

    private static readonly byte[][] ChangeLists = new byte[1 << 11][];
    private readonly byte[] received = Encoding.UTF8.GetBytes(new DateTime(now).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture));
    private readonly long firstSequence = (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>What follows the last field's value.</summary>
    public static byte[] Ending { get; } =
        Encoding.UTF8.GetBytes("},\"provenance\":{" + string.Join(',', Fields.Select(f => $"\"{f}\":\"lines\"")) + "}}\n");

    /// <summary>The names of the fields whose bits are set, as a JSON list.</summary>
    public static byte[] ChangeList(int changed) =>
        ChangeLists[changed] ??= Encoding.UTF8.GetBytes($"[{string.Join(',', Fields.Where((_, i) => (changed >> i & 1) != 0).Select(f => $"\"{f}\""))}]");

    /// <summary>A score as it is written: held in single precision, and rounded from there.</summary>
    public static int Thousandths(double score) => (int)Math.Round((float)score * 1000.0);

    public void Write(in PlayerRecord record, long revision, double score, bool broken, bool old, int changed)
    {
        output.BeginRecord();
        output.Put("{\"key\":\"player:mlb:"u8);
        output.Put(record.Id);
        output.Put("\",\"kind\":\"player\",\"event\":\"player_update\",\"revision\":"u8);
        output.Put(revision);
        output.Put(",\"sequence\":"u8);
        output.Put(firstSequence + revision - 1);
        output.Put(",\"eventTime\":\""u8);
        if (record.Time.Length == TimeLength && record.Time[^1] == (byte)'Z')
        {
            // The notation of the output already.
            output.Put(record.Time);
        }
        else
        {
            output.PutTime(record.At);
        }

        output.Put("\",\"receivedTime\":\""u8);
        output.Put(received);
        output.Put("\",\"source\":\"lines\",\"quality\":{\"score\":"u8);
        output.PutThousandths(Thousandths(score));
        output.Put(broken ? ",\"level\":\"invalid\",\"reasons\":["u8 : score >= 0.8 ? ",\"level\":\"high\",\"reasons\":["u8 : ",\"level\":\"medium\",\"reasons\":["u8);
        output.Put(broken ? "\"broken rule hits <= atBats\""u8 : ""u8);
        output.Put(broken && old ? ","u8 : ""u8);
        output.Put(old ? "\"old\"]},\"changed\":"u8 : "]},\"changed\":"u8);
        output.Put(ChangeList(changed));
        Values(record);
        output.Put(Ending);
    }

    private void Values(in PlayerRecord record)
    {
        output.Put(",\"fields\":{\"name\":\""u8);
        output.Put(record.Name);
        output.Put("\",\"team\":\""u8);
        output.Put(record.Team);
        output.Put("\",\"position\":\""u8);
        output.Put(record.Position);
        output.Put("\",\"game\":"u8);
        output.Put(record.Game);
        output.Put(",\"atBats\":"u8);
        output.Put(record.AtBats);
        output.Put(",\"hits\":"u8);
        output.Put(record.Hits);
        output.Put(",\"homeRuns\":"u8);
        output.Put(record.HomeRuns);
        output.Put(",\"rbi\":"u8);
        output.Put(record.Rbi);
        output.Put(",\"walks\":"u8);
        output.Put(record.Walks);
        output.Put(",\"battingAverage\":"u8);
        output.Put(record.AverageToken);
        output.Put(",\"ops\":"u8);
        output.Put(record.OpsToken);
    }
}
