using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>One line, typed: texts as slices of it.</summary>
internal ref struct PlayerRecord
{
    public ReadOnlySpan<byte> Id;
    public ReadOnlySpan<byte> Name;
    public ReadOnlySpan<byte> Team;
    public ReadOnlySpan<byte> Position;
    public ReadOnlySpan<byte> AverageToken;
    public ReadOnlySpan<byte> OpsToken;
    public ReadOnlySpan<byte> Time;
    public long At;
    public long Game;
    public long AtBats;
    public long Hits;
    public long HomeRuns;
    public long Rbi;
    public long Walks;
    public double Average;
    public double Ops;
    public bool IsTimeBad;

    public readonly bool IsInRange =>
        (AtBats | Hits | HomeRuns | Rbi | Walks) >= 0 && Average is >= 0 and <= 1 && Ops >= 0;

    /// <summary>Reads the whole line, so that what is wrong behind the last known member is noticed too.</summary>
    public void Read(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        json.Read();
        if (json.TokenType == JsonTokenType.StartObject)
        {
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                Member(ref json);
            }
        }

        while (json.Read())
        {
            json.Skip();
        }
    }

    private void Member(ref Utf8JsonReader json)
    {
        var name = json.ValueSpan;
        json.Read();

        // By length first: it tells most members apart.
        switch (name.Length)
        {
            case 2 when name.SequenceEqual("id"u8):
                Id = json.ValueSpan;
                break;
            case 2 when name.SequenceEqual("at"u8):
                var time = default(DateTime);
                Time = json.ValueSpan;
                IsTimeBad = json.TokenType != JsonTokenType.String || !json.TryGetDateTime(out time);
                At = time.ToUniversalTime().Ticks;
                break;
            case 3 when name.SequenceEqual("rbi"u8):
                Rbi = json.GetInt64();
                break;
            case 3 when name.SequenceEqual("avg"u8):
                AverageToken = json.ValueSpan;
                Average = Double(ref json);
                break;
            case 3 when name.SequenceEqual("ops"u8):
                OpsToken = json.ValueSpan;
                Ops = Double(ref json);
                break;
            case 4 when name.SequenceEqual("name"u8):
                Name = json.ValueSpan;
                break;
            case 4 when name.SequenceEqual("team"u8):
                Team = json.ValueSpan;
                break;
            case 4 when name.SequenceEqual("game"u8):
                Game = json.GetInt64();
                break;
            case 4 when name.SequenceEqual("hits"u8):
                Hits = json.GetInt64();
                break;
            case 5 when name.SequenceEqual("walks"u8):
                Walks = json.GetInt64();
                break;
            case 6 when name.SequenceEqual("atBats"u8):
                AtBats = json.GetInt64();
                break;
            case 8 when name.SequenceEqual("position"u8):
                Position = json.ValueSpan;
                break;
            case 8 when name.SequenceEqual("homeRuns"u8):
                HomeRuns = json.GetInt64();
                break;
            default:
                json.Skip();
                break;
        }
    }

    /// <summary>Digits with a point among them give a small whole number over a power of ten, which is exact; the rest is for the framework.</summary>
    private static double Double(ref Utf8JsonReader json)
    {
        var token = json.ValueSpan;
        var (mantissa, power) = (0L, 0L);
        foreach (var c in token)
        {
            if (c == '.')
            {
                power = 1;
                continue;
            }

            if (!char.IsAsciiDigit((char)c) || token.Length > 15)
            {
                return json.GetDouble();
            }

            mantissa = (mantissa * 10) + c - '0';
            power *= 10;
        }

        return mantissa / (double)Math.Max(1, power);
    }
}

/// <summary>What is known of one player.</summary>
internal sealed class Player
{
    private byte[] name = [];
    private byte[] team = [];
    private byte[] position = [];
    private long game;
    private long atBats;
    private long hits;
    private long homeRuns;
    private long rbi;
    private long walks;
    private double average;
    private double ops;

    public ulong Content { get; set; }

    public long Seen { get; set; }

    public long At { get; private set; }

    public long Revision { get; set; }

    /// <summary>Takes over what a line says.</summary>
    /// <returns>One bit for each field that changed; all of them the first time.</returns>
    public int Take(in PlayerRecord record)
    {
        var changed = Text(record.Name, ref name, 1)
            | Text(record.Team, ref team, 1 << 1)
            | Text(record.Position, ref position, 1 << 2)
            | Number(record.Game, ref game, 1 << 3)
            | Number(record.AtBats, ref atBats, 1 << 4)
            | Number(record.Hits, ref hits, 1 << 5)
            | Number(record.HomeRuns, ref homeRuns, 1 << 6)
            | Number(record.Rbi, ref rbi, 1 << 7)
            | Number(record.Walks, ref walks, 1 << 8)
            | Number(record.Average, ref average, 1 << 9)
            | Number(record.Ops, ref ops, 1 << 10);
        At = record.At;
        return Revision == 0 ? (1 << 11) - 1 : changed;
    }

    private static int Text(ReadOnlySpan<byte> value, ref byte[] held, int bit)
    {
        if (value.SequenceEqual(held))
        {
            return 0;
        }

        held = value.ToArray();
        return bit;
    }

    private static int Number<T>(T value, ref T held, int bit)
        where T : struct, IEquatable<T>
    {
        var same = value.Equals(held);
        held = value;
        return same ? 0 : bit;
    }
}
