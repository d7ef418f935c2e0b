using System.Text;

namespace StreamEngine.Pipeline.Messages;

/// <summary>Headers of the answer that a document came in. Immutable; small, for whoever makes one takes only those that are read.</summary>
/// <param name="values">Each header's name and value.</param>
public sealed class DocumentHeaders(IEnumerable<KeyValuePair<string, string>> values)
{
    private readonly (string Name, byte[] Value)[] values = [.. values.Select(v => (v.Key, Encoding.UTF8.GetBytes(v.Value)))];

    /// <summary>A header's value as UTF-8, whatever the case of its name; null when there is none.</summary>
    public byte[]? Find(string name)
    {
        foreach (var (known, value) in values)
        {
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }
}
