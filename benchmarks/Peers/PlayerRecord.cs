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
    public int Game;
    public int AtBats;
    public int Hits;
    public int HomeRuns;
    public int Rbi;
    public int Walks;
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
                Time = json.ValueSpan;
                IsTimeBad = !TryInstant(ref json, out At);
                break;
            case 3 when name.SequenceEqual("rbi"u8):
                Rbi = json.GetInt32();
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
                Game = json.GetInt32();
                break;
            case 4 when name.SequenceEqual("hits"u8):
                Hits = json.GetInt32();
                break;
            case 5 when name.SequenceEqual("walks"u8):
                Walks = json.GetInt32();
                break;
            case 6 when name.SequenceEqual("atBats"u8):
                AtBats = json.GetInt32();
                break;
            case 8 when name.SequenceEqual("position"u8):
                Position = json.ValueSpan;
                break;
            case 8 when name.SequenceEqual("homeRuns"u8):
                HomeRuns = json.GetInt32();
                break;
            default:
                json.Skip();
                break;
        }
    }

    /// <summary>Times in UTC with milliseconds are what comes; any other notation of ISO 8601 is for the framework.</summary>
    private static bool TryInstant(ref Utf8JsonReader json, out long ticks)
    {
        var text = json.ValueSpan;
        if (text.Length == 24 && text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[19] == '.' && text[23] == 'Z'
            && Digits(text, 0, 4) is > 0 and var year && Digits(text, 5, 2) is > 0 and <= 12 and var month
            && Digits(text, 8, 2) is > 0 and var day && day <= DateTime.DaysInMonth(year, month)
            && Digits(text, 11, 2) is >= 0 and < 24 and var hour && Digits(text, 14, 2) is >= 0 and < 60 and var minute
            && Digits(text, 17, 2) is >= 0 and < 60 and var second && Digits(text, 20, 3) is >= 0 and var millisecond)
        {
            ticks = new DateTime(year, month, day, hour, minute, second, millisecond).Ticks;
            return true;
        }

        var time = default(DateTime);
        var known = json.TokenType == JsonTokenType.String && json.TryGetDateTime(out time);
        ticks = time.ToUniversalTime().Ticks;
        return known;
    }

    private static int Digits(ReadOnlySpan<byte> text, int at, int count)
    {
        var value = 0;
        foreach (var c in text.Slice(at, count))
        {
            if (!char.IsAsciiDigit((char)c))
            {
                return -1;
            }

            value = (value * 10) + c - '0';
        }

        return value;
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
