using System.Text;
using StackExchange.Redis;

namespace StreamEngine.Sources.RedisStream;

/// <summary>What an entry says, or why it goes to the dead letter.</summary>
internal readonly record struct EntryPayload(ReadOnlyMemory<byte> Bytes, string? Reason = null, string? Detail = null)
{
    private const int KeptOfBad = 4 * 1024;
    private const int NamesTold = 10;

    /// <summary>Finds an entry's payload.</summary>
    public static EntryPayload Of(in ReadEntry entry, string field, int most)
    {
        var fields = entry.Fields!;
        for (var i = 0; i + 1 < fields.Length; i += 2)
        {
            if (fields[i] == field)
            {
                ReadOnlyMemory<byte> payload = (byte[])fields[i + 1]!;
                return payload.Length <= most
                    ? new EntryPayload(payload)
                    : new EntryPayload(payload[..KeptOfBad], "payload too long", $"entry {entry.Id} has {payload.Length} bytes in '{field}', more than {most}");
            }
        }

        var names = string.Join(", ", fields.Where((_, i) => i % 2 == 0).Take(NamesTold).Select(n => $"'{Short(n)}'"));
        return new EntryPayload(Text(fields), "no payload field", $"entry {entry.Id} has no field '{field}', only {names}");
    }

    /// <summary>The fields and values in turn, as far as the dead letter keeps them.</summary>
    private static byte[] Text(RedisValue[] fields)
    {
        var text = new MemoryStream();
        foreach (byte[] part in fields.Select(f => (byte[])f!))
        {
            text.Write(part.AsSpan(0, Math.Min(part.Length, KeptOfBad - (int)text.Length)));
            if (text.Length >= KeptOfBad)
            {
                break;
            }

            text.WriteByte((byte)' ');
        }

        return text.ToArray();
    }

    private static string Short(RedisValue name) => Encoding.UTF8.GetString(((byte[])name!).AsSpan(0, (int)Math.Min(name.Length(), 64)));
}
