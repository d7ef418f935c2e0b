using System.Text;
using CsvHelper;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>The providers' keys and ours.</summary>
internal sealed class Crosswalk
{
    private static readonly CsvReaderOptions Options = new()
    {
        HasHeader = false,
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
        MaxRecordSize = 64 * 1024,
    };

    private readonly Dictionary<byte[], byte[]> canonical = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> byKey;
    private readonly Dictionary<string, string> canonicalNamespaces = new(StringComparer.Ordinal);
    private readonly List<byte[]> canonicalPrefixes = [];

    public Crosswalk() => byKey = canonical.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => canonical.Count;

    /// <summary>Whether the key is ours already.</summary>
    public bool IsCanonical(ReadOnlySpan<byte> key)
    {
        foreach (var prefix in canonicalPrefixes)
        {
            if (key.StartsWith(prefix))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Our key for a provider's key.</summary>
    public bool TryTranslate(ReadOnlySpan<byte> key, out byte[] ours)
    {
        var known = byKey.TryGetValue(key, out var found);
        ours = found ?? [];
        return known;
    }

    /// <summary>Adds a table.</summary>
    /// <param name="reader">The CSV text.</param>
    /// <param name="error">Takes a line and what is wrong there.</param>
    public void Read(TextReader reader, Action<int, string> error)
    {
        using var csv = CsvReader.Create(reader, Options, leaveOpen: true);
        try
        {
            var header = csv.Read() ? csv.Current.ToArray() : [];
            if (!IsHeader(header))
            {
                error(1, "the header must be 'kind', our namespace, then the providers' namespaces, all different, such as 'kind,mlb,statline'");
                return;
            }

            while (csv.Read())
            {
                Add(header, csv.Current.ToArray(), message => error((int)csv.LineNumber, message));
            }
        }
        catch (CsvFormatException e)
        {
            error((int)e.LineNumber, "a quote is out of place; a cell with quotes or commas stands in quotes, quotes in it are doubled");
        }
    }

    private static bool IsHeader(string[] header) =>
        header.Length >= 3 && header[0] == "kind" && header.All(h => h.Length > 0 && !h.Contains(':', StringComparison.Ordinal)) && header.Distinct().Count() == header.Length;

    private void Add(string[] header, string[] row, Action<string> error)
    {
        if (row.Length != header.Length)
        {
            error($"the row has {row.Length} cells, the header {header.Length}");
            return;
        }

        var (kind, id) = (row[0], row[1]);
        if (kind.Length == 0 || id.Length == 0)
        {
            error($"the row has no {(kind.Length == 0 ? "kind" : $"'{header[1]}' id")}");
            return;
        }

        if (canonicalNamespaces.TryAdd(kind, header[1]))
        {
            canonicalPrefixes.Add(Encoding.UTF8.GetBytes($"{kind}:{header[1]}:"));
        }
        else if (canonicalNamespaces[kind] != header[1])
        {
            error($"our namespace for '{kind}' is '{header[1]}' here and '{canonicalNamespaces[kind]}' before; one kind has one");
            return;
        }

        var ours = Encoding.UTF8.GetBytes($"{kind}:{header[1]}:{id}");
        for (var i = 2; i < row.Length; i++)
        {
            if (row[i].Length == 0)
            {
                continue;
            }

            var theirs = $"{kind}:{header[i]}:{row[i]}";
            if (!canonical.TryAdd(Encoding.UTF8.GetBytes(theirs), ours) && !canonical[Encoding.UTF8.GetBytes(theirs)].AsSpan().SequenceEqual(ours))
            {
                error($"'{theirs}' is '{Encoding.UTF8.GetString(ours)}' here and '{Encoding.UTF8.GetString(canonical[Encoding.UTF8.GetBytes(theirs)])}' before; one id belongs to one entity");
            }
        }
    }
}
