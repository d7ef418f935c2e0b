using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Sources.WebSockets;

/// <summary>Watches the provider's sequence numbers. It outlives a connection, so that what was missed between two is seen too.</summary>
/// <param name="options">Paths that are known to parse.</param>
internal sealed class SequenceWatch(SequenceOptions options)
{
    /// <summary>Memory that the numbers of all keys take.</summary>
    public const long MostMemory = MaxKeys * 128L;

    private const int MaxKeys = 65_536;
    private const int MaxToken = 256;

    private readonly MappingPath path = Parse(options.Path);
    private readonly MappingPath? key = options.Key is null ? null : Parse(options.Key);
    private readonly Dictionary<UInt128, (long Number, int Connection)> last = [];
    private (UInt128 Key, long Number, string Token)? seen;
    private int connection;

    /// <summary>The last sequence of the connection as a whole, as JSON; empty for none. Any thread may read it.</summary>
    public string Token { get; private set; } = "";

    /// <summary>Whether a value can be sent back: a number or a text of bounded length.</summary>
    public static bool IsToken(ReadOnlySpan<byte> raw) =>
        raw.Length is > 0 and <= MaxToken && new JsonTape().TryRead(raw, out var value) && value.Kind is JsonKind.Number or JsonKind.String;

    /// <summary>Goes on from what was handed on before the process was started.</summary>
    public void Restore(string token)
    {
        Token = token;
        if (key is null && TryNumber(Encoding.UTF8.GetBytes(token), out var number))
        {
            last[default] = (number, connection);
        }
    }

    /// <summary>Forgets where the provider stands: it will not go on from there.</summary>
    public void Forget()
    {
        Token = "";
        last.Clear();
    }

    /// <summary>What comes now comes on another connection.</summary>
    public void BeginConnection() => connection++;

    /// <summary>Looks what is missing in front of a message. The message counts once it is <see cref="Accept">accepted</see>.</summary>
    /// <returns>Null when nothing is missing, as far as anybody knows.</returns>
    public Gap? Look(JsonValue message)
    {
        seen = null;
        if (!path.TryGet(message, out var value) || value.Kind is not (JsonKind.Number or JsonKind.String) || value.Raw.Length > MaxToken)
        {
            return null;
        }

        var of = default(UInt128);
        if (key is not null)
        {
            if (!key.TryGet(message, out var name))
            {
                return null;
            }

            of = XxHash128.HashToUInt128(name.Raw);
        }

        var number = TryNumber(value.Raw, out var whole) ? whole : (long?)null;
        seen = (of, number ?? -1, key is null ? Encoding.UTF8.GetString(value.Raw) : "");

        // One that goes back is a repetition or a new count, and tells nothing.
        return number is { } now && last.TryGetValue(of, out var before) && now > before.Number && now - before.Number > 1
            ? new Gap(before.Number, now, IsWithin: before.Connection == connection)
            : null;
    }

    /// <summary>The message that was looked at was taken.</summary>
    public void Accept()
    {
        if (seen is not { } taken)
        {
            return;
        }

        Token = taken.Token;
        if (taken.Number >= 0 && (last.Count < MaxKeys || last.ContainsKey(taken.Key)))
        {
            last[taken.Key] = (taken.Number, connection);
        }
    }

    private static bool TryNumber(ReadOnlySpan<byte> raw, out long number)
    {
        raw = raw.Trim((byte)'"');
        return Utf8Parser.TryParse(raw, out number, out var used) && used == raw.Length && number >= 0;
    }

    private static MappingPath Parse(string text) =>
        MappingPath.TryParse(text, out var path, out var error) ? path : throw new FormatException(error);
}

/// <summary>A jump in the provider's sequence numbers.</summary>
/// <param name="Before">The last number before it.</param>
/// <param name="After">The number behind it.</param>
/// <param name="IsWithin">Whether both came on one connection.</param>
internal readonly record struct Gap(long Before, long After, bool IsWithin)
{
    /// <summary>How many messages did not arrive.</summary>
    public long Missing => After - Before - 1;
}
