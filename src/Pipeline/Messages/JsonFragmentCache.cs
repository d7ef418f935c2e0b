namespace StreamEngine.Pipeline.Messages;

/// <summary>
/// Remembers what lists of fields look like as JSON: most records of a type have one of a few sets. Bounded, and used by many
/// threads without a lock: an entry never changes once it is there.
/// </summary>
internal sealed class JsonFragmentCache
{
    private const int SizeBits = 8;

    private readonly Entry?[] entries = new Entry?[1 << SizeBits];

    /// <summary>Finds the list of some fields.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="source">What else the list depends on.</param>
    /// <param name="fragment">The list.</param>
    public bool TryGet(FieldSet fields, int source, out JsonFragment fragment)
    {
        var index = Index(fields, source);
        var found = At(index, fields, source) ?? At(Other(index), fields, source);
        fragment = found?.Fragment ?? default;
        return found is not null;
    }

    /// <summary>Keeps a list that was not found, unless others have both of its places: then sets that never repeat would cost memory for ever.</summary>
    public void Keep(FieldSet fields, int source, ReadOnlySpan<byte> list)
    {
        var index = Index(fields, source);
        ref var entry = ref entries[Volatile.Read(ref entries[index]) is null ? index : Other(index)];
        if (Volatile.Read(ref entry) is null)
        {
            Volatile.Write(ref entry, new Entry(fields, source, new JsonFragment(list)));
        }
    }

    private Entry? At(int index, FieldSet fields, int source) =>
        Volatile.Read(ref entries[index]) is { } entry && entry.Fields == fields && entry.Source == source ? entry : null;

    /// <summary>A second place, or of the sets that some fields make one in ten would find its only place taken.</summary>
    private static int Other(int index) => index ^ 1;

    private static int Index(FieldSet fields, int source) => (int)((fields.Hash + ((ulong)(uint)source * 0xC2B2_AE3D_27D4_EB4F)) >> (64 - SizeBits));

    private sealed record Entry(FieldSet Fields, int Source, JsonFragment Fragment);
}
