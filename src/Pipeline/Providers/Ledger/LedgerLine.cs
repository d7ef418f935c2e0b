using System.Buffers;
using System.Buffers.Text;
using System.IO.Hashing;

namespace StreamEngine.Pipeline.Providers.Ledger;

/// <summary>One line of a ledger: a letter, whole numbers (times are ticks in UTC) and a checksum, such as <c>s 17 639000000000000000 50000000 1 8c3f01aa</c>.</summary>
/// <param name="Kind">The letter.</param>
/// <param name="A">The first number; 0 when there is none.</param>
/// <param name="B">The second.</param>
/// <param name="C">The third.</param>
/// <param name="D">The fourth.</param>
internal readonly record struct LedgerLine(byte Kind, long A = 0, long B = 0, long C = 0, long D = 0)
{
    /// <summary>Sent: number, when, how long the provider may need to see it, credits.</summary>
    public const byte Sent = (byte)'s';

    /// <summary>Over: number, when the provider can have seen it last.</summary>
    public const byte Over = (byte)'o';

    /// <summary>Several that were sent about the same time: seen from, seen until, credits, requests.</summary>
    public const byte Sum = (byte)'m';

    /// <summary>Something was spent that is not known: when.</summary>
    public const byte Hole = (byte)'x';

    /// <summary>The provider wants to be left alone: until when.</summary>
    public const byte Held = (byte)'h';

    /// <summary>The breaker is open: since when, until when (0 for by hand), failures.</summary>
    public const byte Open = (byte)'b';

    /// <summary>The breaker is open, and trial calls have failed since: as before, and how many.</summary>
    public const byte StillOpen = (byte)'t';

    /// <summary>The breaker is closed.</summary>
    public const byte Closed = (byte)'c';

    /// <summary>The provider has counted more than we did: in which window, how much, until when.</summary>
    public const byte Corrected = (byte)'r';

    /// <summary>What the provider allows by its own word, or, for window 0, what is kept of all limits: window, how much, since when.</summary>
    public const byte Limited = (byte)'l';

    /// <summary>No line is longer.</summary>
    public const int MaxBytes = 128;

    private const int ChecksumBytes = 8;

    /// <summary>How many numbers follow the letter; -1 for a letter that none begins with.</summary>
    private static int Numbers(byte kind) => kind switch
    {
        Sent or Sum or StillOpen => 4,
        Over => 2,
        Hole or Held => 1,
        Open or Corrected or Limited => 3,
        Closed => 0,
        _ => -1,
    };

    /// <summary>Writes the line with its end.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var line = output.GetSpan(MaxBytes);
        line[0] = Kind;
        line[1] = (byte)' ';
        var length = 2;
        ReadOnlySpan<long> numbers = [A, B, C, D];
        foreach (var number in numbers[..Numbers(Kind)])
        {
            Utf8Formatter.TryFormat(number, line[length..], out var written);
            length += written;
            line[length++] = (byte)' ';
        }

        Utf8Formatter.TryFormat(Crc32.HashToUInt32(line[..length]), line[length..], out _, new StandardFormat('x', ChecksumBytes));
        length += ChecksumBytes;
        line[length++] = (byte)'\n';
        output.Advance(length);
    }

    /// <summary>Reads a line without its end.</summary>
    /// <returns>False when it is damaged.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out LedgerLine line)
    {
        line = default;
        if (text.Length < ChecksumBytes + 2
            || !Utf8Parser.TryParse(text[^ChecksumBytes..], out uint checksum, out var read, 'x')
            || read != ChecksumBytes
            || Crc32.HashToUInt32(text[..^ChecksumBytes]) != checksum
            || Numbers(text[0]) is var count && count < 0)
        {
            return false;
        }

        Span<long> numbers = stackalloc long[4];
        numbers.Clear();
        var rest = text[2..^ChecksumBytes];
        foreach (ref var number in numbers[..Numbers(text[0])])
        {
            if (!Utf8Parser.TryParse(rest, out number, out read) || read == rest.Length)
            {
                return false;
            }

            rest = rest[(read + 1)..];
        }

        line = new LedgerLine(text[0], numbers[0], numbers[1], numbers[2], numbers[3]);
        return rest.IsEmpty;
    }
}
