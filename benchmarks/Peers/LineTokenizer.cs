using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace StreamEngine.Benchmarks;

/// <summary>One expected line: where its parts stand, and the values that decide.</summary>
internal unsafe struct PlayerLine
{
    public byte* IdText;
    public int IdLength;
    public uint Id;

    /// <summary>From the name's first character to the position's last: the output holds the same bytes.</summary>
    public byte* Text;
    public int TextLength;

    /// <summary>The time's first digit.</summary>
    public byte* Time;

    /// <summary>UTC ticks.</summary>
    public long At;

    /// <summary>From the time's closing quote up to the average's name.</summary>
    public int NumbersLength;

    /// <summary>The average's first digit.</summary>
    public byte* Average;

    /// <summary>Game in the low 24 bits, then at-bats, hits, home runs, runs batted in and walks in 8 bits each.</summary>
    public ulong Counts;

    /// <summary>Average and OPS in thousandths, 32 bits each.</summary>
    public ulong Rates;

    public readonly bool IsRuleBroken => (byte)(Counts >> 32) > (byte)(Counts >> 24);
}

/// <summary>Reads lines of exactly the expected notation, without looking for their ends first.</summary>
internal unsafe struct LineTokenizer
{
    public const int TimeLength = 24;

    /// <summary>Length of <c>0.345,"ops":0.789</c>.</summary>
    public const int RatesLength = 17;

    private const int Bad = int.MinValue;

    private ulong dateStart;
    private ulong dateEnd;
    private long dateTicks;

    /// <summary>Reads one line.</summary>
    /// <returns>The next line, or null when this one is not as expected.</returns>
    public byte* Read(byte* at, ref PlayerLine line, PlayerTable players)
    {
        if (!Is(ref at, "{\"id\":"u8))
        {
            return null;
        }

        line.IdText = at;
        var id = Number(ref at);
        line.IdLength = (int)(at - line.IdText);
        line.Id = (uint)id;
        players.Prefetch((uint)id);
        if (id <= 0 || !Is(ref at, ",\"name\":\""u8) || !Texts(ref at, ref line) || !Is(ref at, "\",\"at\":\""u8) || !Instant(at, out line.At))
        {
            return null;
        }

        line.Time = at;
        at += TimeLength;
        if (!Numbers(ref at, ref line))
        {
            return null;
        }

        line.NumbersLength = (int)(at - line.Time) - TimeLength;
        if (!Is(ref at, "\"avg\":"u8))
        {
            return null;
        }

        line.Average = at;
        var average = Thousandths(ref at);
        var hasOps = Is(ref at, ",\"ops\":"u8);
        var ops = Thousandths(ref at);
        line.Rates = (uint)average | ((ulong)(uint)ops << 32);
        return hasOps && (average | ops) >= 0 && average <= 1000 && Is(ref at, "}\n"u8) ? at : null;
    }

    private static bool Texts(ref byte* at, ref PlayerLine line)
    {
        line.Text = at;
        var ascii = true;
        if (!SkipText(ref at, ref ascii) || !Is(ref at, "\",\"team\":\""u8) || !SkipText(ref at, ref ascii) || !Is(ref at, "\",\"position\":\""u8) || !SkipText(ref at, ref ascii))
        {
            return false;
        }

        line.TextLength = (int)(at - line.Text);
        return line.TextLength <= PlayerState.MaxText && (ascii || Utf8.IsValid(new ReadOnlySpan<byte>(line.Text, line.TextLength)));
    }

    /// <summary>Goes to the closing quote. False at what JSON doesn't allow in a string, and at an escape.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool SkipText(ref byte* at, ref bool ascii)
    {
        for (; ; at += Vector256<byte>.Count)
        {
            var text = Vector256.Load(at);
            var special = (Vector256.Equals(text, Vector256.Create((byte)'"')) | Vector256.Equals(text, Vector256.Create((byte)'\\'))
                | Vector256.LessThan(text, Vector256.Create((byte)' '))).ExtractMostSignificantBits();
            var high = text.ExtractMostSignificantBits();
            if (special != 0)
            {
                var length = BitOperations.TrailingZeroCount(special);
                ascii &= (high & ((1u << length) - 1)) == 0;
                at += length;
                return *at == '"';
            }

            ascii &= high == 0;
        }
    }

    private static bool Numbers(ref byte* at, ref PlayerLine line)
    {
        var fits = Is(ref at, "\",\"game\":"u8);
        var game = Number(ref at);
        fits &= Is(ref at, ",\"atBats\":"u8);
        var atBats = Number(ref at);
        fits &= Is(ref at, ",\"hits\":"u8);
        var hits = Number(ref at);
        fits &= Is(ref at, ",\"homeRuns\":"u8);
        var homeRuns = Number(ref at);
        fits &= Is(ref at, ",\"rbi\":"u8);
        var rbi = Number(ref at);
        fits &= Is(ref at, ",\"walks\":"u8);
        var walks = Number(ref at);
        line.Counts = (uint)game | ((ulong)(uint)atBats << 24) | ((ulong)(uint)hits << 32) | ((ulong)(uint)homeRuns << 40) | ((ulong)(uint)rbi << 48) | ((ulong)(uint)walks << 56);
        return fits & (uint)game < 1 << 24 & (uint)(atBats | hits | homeRuns | rbi | walks) <= byte.MaxValue & Is(ref at, ","u8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Number(ref byte* at)
    {
        var start = at;
        uint digit = (uint)(*at - '0');
        if (digit > 9)
        {
            return Bad;
        }

        var value = digit;
        while ((digit = (uint)(*++at - '0')) <= 9)
        {
            value = (value * 10) + digit;
        }

        var length = at - start;
        return length > 9 || (length > 1 && *start == '0') ? Bad : (int)value;
    }

    /// <summary>Reads one digit, a point and three digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Thousandths(ref byte* at)
    {
        var (whole, tenths, hundredths, thousandths) = ((uint)(at[0] - '0'), (uint)(at[2] - '0'), (uint)(at[3] - '0'), (uint)(at[4] - '0'));
        if (whole > 9 | at[1] != '.' | tenths > 9 | hundredths > 9 | thousandths > 9)
        {
            return Bad;
        }

        at += 5;
        return (int)((whole * 1000) + (tenths * 100) + (hundredths * 10) + thousandths);
    }

    /// <summary>Reads <c>2025-06-04T17:00:00.000Z</c>; a date is worked out once and then known by its bytes.</summary>
    private bool Instant(byte* at, out long ticks)
    {
        var (start, end) = (Unsafe.ReadUnaligned<ulong>(at), Unsafe.ReadUnaligned<ulong>(at + 3));
        if (((start ^ dateStart) | (end ^ dateEnd)) != 0 && !Date(at, start, end))
        {
            ticks = 0;
            return false;
        }

        // HH:mm:ss.fffZ without its last character but one: separators and digits are told by one subtraction.
        var clock = Vector128.Load(at + 11);
        var digits = clock - Vector128.Create((byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)':', (byte)'0', (byte)'0', (byte)'.', (byte)'0', (byte)'0', (byte)'0', (byte)'Z', 0, 0, 0);
        var fits = Vector128.GreaterThan(digits, Vector128.Create((byte)2, 9, 0, 5, 9, 0, 5, 9, 0, 9, 9, 9, 0, 255, 255, 255)) == Vector128<byte>.Zero;
        var seconds = (((Pair(at + 11) * 60) + Pair(at + 14)) * 60) + Pair(at + 17);
        var milliseconds = (Pair(at + 20) * 10) + at[22] - '0';
        ticks = dateTicks + (((seconds * 1000L) + milliseconds) * TimeSpan.TicksPerMillisecond);
        return fits && Pair(at + 11) < 24;
    }

    private bool Date(byte* at, ulong start, ulong end)
    {
        var text = new ReadOnlySpan<byte>(at, 11);
        for (var i = 0; i < text.Length; i++)
        {
            if (i is 4 or 7 ? text[i] != '-' : i == 10 ? text[i] != 'T' : !char.IsAsciiDigit((char)text[i]))
            {
                return false;
            }
        }

        var (year, month, day) = ((Pair(at) * 100) + Pair(at + 2), Pair(at + 5), Pair(at + 8));
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        (dateStart, dateEnd) = (start, end);
        dateTicks = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks;
        return true;
    }

    private static int Pair(byte* at) => ((at[0] - '0') * 10) + at[1] - '0';

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Is(ref byte* at, ReadOnlySpan<byte> constant)
    {
        var same = new ReadOnlySpan<byte>(at, constant.Length).SequenceEqual(constant);
        at += constant.Length;
        return same;
    }
}
