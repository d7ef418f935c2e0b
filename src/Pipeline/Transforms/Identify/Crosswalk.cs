using System.Text;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>The providers' keys and ours, as tables and overrides say. It doesn't change once it is read.</summary>
internal sealed class Crosswalk
{
    /// <summary>Memory for each byte of a table, roughly: keys, entries, names.</summary>
    public const int MemoryPerByte = 12;

    private readonly Dictionary<byte[], byte[]> canonical = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> byKey;
    private readonly Dictionary<byte[], byte[]> overrides = new(KeyComparer.Instance);
    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> overrideByKey;
    private readonly HashSet<(string Theirs, string Ours)> never = [];
    private readonly HashSet<(ulong Ours, ulong Scope)> claims = [];
    private readonly Dictionary<byte[], TableEntity> entities = new(KeyComparer.Instance);
    private readonly Dictionary<string, List<TableEntity>> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> canonicalNamespaces = new(StringComparer.Ordinal);
    private readonly List<byte[]> canonicalPrefixes = [];

    public Crosswalk()
    {
        byKey = canonical.GetAlternateLookup<ReadOnlySpan<byte>>();
        overrideByKey = overrides.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    public int Count => canonical.Count;

    /// <summary>The namespaces of which tables and overrides have ids, or columns for them.</summary>
    public ISet<string> Namespaces { get; } = new SortedSet<string>(StringComparer.Ordinal);

    /// <summary>Whether it is known of any kind of entity which keys are ours.</summary>
    public bool HasNamespace => canonicalPrefixes.Count > 0;

    /// <summary>Whether tables name entities of a kind.</summary>
    public bool HasKind(string kind) => canonicalNamespaces.ContainsKey(kind);

    /// <summary>Whether the key is ours already.</summary>
    public bool IsCanonical(ReadOnlySpan<byte> key)
    {
        if (overrides.Count > 0 && overrideByKey.ContainsKey(key))
        {
            return false;
        }

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
        byte[]? found = null;
        var known = (overrides.Count > 0 && overrideByKey.TryGetValue(key, out found)) || byKey.TryGetValue(key, out found);
        ours = found ?? [];
        return known;
    }

    /// <summary>Whether an override says that a provider's key is not one of ours.</summary>
    public bool AreNever(byte[] key, byte[] ours) => never.Count > 0 && never.Contains((Text(key), Text(ours)));

    /// <summary>Whether one of our entities has an id of a provider by table or override: it has no second one.</summary>
    /// <param name="ours">Our key.</param>
    /// <param name="scope">The provider's kind and namespace, such as <c>player:espn</c>.</param>
    public bool IsClaimed(byte[] ours, string scope) => claims.Contains(Claim(ours, scope));

    /// <summary>What tables say about who one of our entities is; null for nothing.</summary>
    public TableEntity? Entity(byte[] ours) => entities.GetValueOrDefault(ours);

    /// <summary>The entities of a name.</summary>
    public IReadOnlyList<TableEntity> Named(string letters) => byName.TryGetValue(letters, out var found) ? found : [];

    /// <summary>Adds a table whose columns are named after the namespaces.</summary>
    /// <param name="reader">The CSV text.</param>
    /// <param name="error">Takes a line and what is wrong there.</param>
    public void Read(TextReader reader, Action<int, string> error) => TableText.ReadCsv(reader, Rows(new IdentifyTableOptions(), error), error);

    /// <summary>What reads the rows of a table, given its columns.</summary>
    public Func<string[], Action<string[], int>?> Rows(IdentifyTableOptions layout, Action<int, string> error) => header =>
        TableColumns.Of(header, layout, this, message => error(1, message)) is { } columns ? (row, line) => columns.Add(row, this, message => error(line, message)) : null;

    /// <summary>What reads the rows of decisions by hand, given their columns; tables were read before.</summary>
    public Func<string[], Action<string[], int>?> Overrides(Action<int, string> error) => header =>
    {
        var (id, same, not) = (Array.IndexOf(header, "id"), Array.IndexOf(header, "is"), Array.IndexOf(header, "isNot"));
        if (id < 0 || (same < 0 && not < 0) || header.Length != new[] { id, same, not }.Count(at => at >= 0))
        {
            error(1, "the header must be 'id,is,isNot'; each row has an id and what it is, or what it is not");
            return null;
        }

        return (row, line) => Override(row[id], same < 0 ? "" : row[same], not < 0 ? "" : row[not], message => error(line, message));
    };

    /// <summary>Says under which namespace keys of a kind are ours.</summary>
    /// <returns>False when it was another one before, which is reported.</returns>
    public bool Declare(string kind, string ourNamespace, Action<string> error)
    {
        if (canonicalNamespaces.TryAdd(kind, ourNamespace))
        {
            canonicalPrefixes.Add(Encoding.UTF8.GetBytes($"{kind}:{ourNamespace}:"));
        }
        else if (canonicalNamespaces[kind] != ourNamespace)
        {
            error($"our namespace for '{kind}' is '{ourNamespace}' here and '{canonicalNamespaces[kind]}' before; one kind has one");
            return false;
        }

        return true;
    }

    /// <summary>Adds an entity.</summary>
    public void Add(string kind, string ourNamespace, string id, IReadOnlyList<(string Namespace, string Id)> theirs, string name, int born, Action<string> error)
    {
        if (!Declare(kind, ourNamespace, error))
        {
            return;
        }

        var ours = Encoding.UTF8.GetBytes($"{kind}:{ourNamespace}:{id}");
        foreach (var (space, theirId) in theirs)
        {
            var key = $"{kind}:{space}:{theirId}";
            var bytes = Encoding.UTF8.GetBytes(key);
            claims.Add(Claim(ours, $"{kind}:{space}"));
            if (!canonical.TryAdd(bytes, ours) && !canonical[bytes].AsSpan().SequenceEqual(ours))
            {
                error($"'{key}' is '{Text(ours)}' here and '{Text(canonical[bytes])}' before; one id belongs to one entity");
            }
        }

        if (NameKey.Of(kind, name) is { IsEmpty: false } known && entities.TryAdd(ours, new TableEntity(ours, known, born)))
        {
            if (!byName.TryGetValue(known.Letters, out var namesakes))
            {
                byName.Add(known.Letters, namesakes = []);
            }

            namesakes.Add(entities[ours]);
        }
    }

    private void Override(string id, string same, string not, Action<string> error)
    {
        if (same.Length == 0 == (not.Length == 0))
        {
            error("a row says either what its id is or what it is not");
            return;
        }

        var other = same.Length > 0 ? same : not;
        if (new[] { id, other }.FirstOrDefault(k => k.Split(':') is not [{ Length: > 0 }, { Length: > 0 }, { Length: > 0 }, ..]) is { } wrong)
        {
            error($"'{wrong}' is no key; write it like 'player:espn:33303'");
        }
        else if (id.Split(':')[0] != other.Split(':')[0])
        {
            error($"'{id}' and '{other}' are different kinds of things");
        }
        else if (not.Length > 0)
        {
            never.Add((id, not));
            var key = Encoding.UTF8.GetBytes(id);
            if (canonical.TryGetValue(key, out var ours) && Text(ours) == not)
            {
                canonical.Remove(key);
                claims.Remove(Claim(ours, Scope(id)));
            }
        }
        else if (id != other && overrides.ContainsKey(Encoding.UTF8.GetBytes(other)))
        {
            error($"'{other}' is something else by a row before; write what '{id}' is in the end");
        }
        else if (!overrides.TryAdd(Encoding.UTF8.GetBytes(id), Encoding.UTF8.GetBytes(other)))
        {
            error($"there is a row for '{id}' before; one id belongs to one entity");
        }
        else
        {
            claims.Add(Claim(Encoding.UTF8.GetBytes(other), Scope(id)));
            Namespaces.Add(id.Split(':')[1]);
        }
    }

    /// <summary>The kind and namespace of a key.</summary>
    public static string Scope(string key) => string.Join(':', key.Split(':').Take(2));

    // By hashes: two that are taken for one cost a match, and never make one.
    private static (ulong Ours, ulong Scope) Claim(byte[] ours, string scope) => (KeyHash.Of(ours), KeyHash.Of(Encoding.UTF8.GetBytes(scope)));

    private static string Text(byte[] key) => Encoding.UTF8.GetString(key);
}
