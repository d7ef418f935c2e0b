using System.Text;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>An id that records have come under, and what they have told about who it is.</summary>
/// <param name="key">The key, as records have it before they are identified.</param>
internal sealed class KnownId(byte[] key)
{
    /// <summary>Longer keys are not remembered.</summary>
    public const int MaxKeyBytes = 256;

    /// <summary>More names than these are not remembered.</summary>
    public const int MaxNames = 4;

    /// <summary>What it takes with a key and a name of the usual length, its places in tables included.</summary>
    public const int MostBytes = 768;

    public byte[] Key { get; } = key;

    /// <summary>Its kind, such as <c>player</c>.</summary>
    public string Kind { get; } = Encoding.UTF8.GetString(key).Split(':')[0];

    /// <summary>Its kind and namespace, such as <c>player:espn</c>.</summary>
    public string Scope { get; } = Crosswalk.Scope(Encoding.UTF8.GetString(key));

    /// <summary>Whether it is one of ours.</summary>
    public bool IsOurs { get; set; }

    public List<NameKey> Names { get; } = new(1);

    /// <summary>See <see cref="BirthDates"/>.</summary>
    public int BirthDate { get; set; }

    /// <summary>Hashes of the fields that must not differ; 0 for what isn't known.</summary>
    public ulong[] Agreeing { get; set; } = [];

    /// <summary>Hash of the name that was looked at last, as it was written.</summary>
    public ulong LastName { get; set; }

    /// <summary>Whose it is.</summary>
    public Standing Standing { get; set; }

    /// <summary>How surely it is the id of an entity whose own id is another one.</summary>
    public Confidence Matched => IsOurs ? Confidence.None : Standing.Confidence;

    /// <summary>Whether it waits for its records to be put right.</summary>
    public bool IsQueued { get; set; }

    /// <summary>What each source has said under it.</summary>
    public List<Said> Said { get; } = new(1);

    /// <summary>What a source has said in records of a type.</summary>
    public Said By(short source, short type)
    {
        foreach (var said in Said)
        {
            if (said.Source == source && said.Type == type)
            {
                return said;
            }
        }

        Said.Add(new Said(source, type));
        return Said[^1];
    }
}
