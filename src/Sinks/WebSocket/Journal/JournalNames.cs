using System.Text;

namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>Gives the same text for the same bytes, so that reading a long history doesn't make each name again.</summary>
internal sealed class JournalNames
{
    private const int Most = 4096;

    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private char[] text = new char[256];

    public JournalNames() => lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (text.Length < utf8.Length)
        {
            text = new char[utf8.Length];
        }

        var chars = text.AsSpan(0, Encoding.UTF8.GetChars(utf8, text));
        if (!lookup.TryGetValue(chars, out var name))
        {
            if (known.Count == Most)
            {
                known.Clear();
            }

            known.Add(name = chars.ToString());
        }

        return name;
    }
}
