using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <content>Whose an id is.</content>
internal sealed partial class KnownIds
{
    private readonly List<Candidate> candidates = [];

    private Standing Resolve(KnownId id)
    {
        if (id.IsOurs)
        {
            return new Standing(id.Key, Confidence.Certain, Doubt.None);
        }

        if (Tables.TryTranslate(id.Key, out var ours))
        {
            return new Standing(ours, Confidence.Certain, Doubt.None);
        }

        candidates.Clear();
        foreach (var name in id.Names)
        {
            if (Group(name.Letters).IsCrowded)
            {
                return Standing.Nobody(Doubt.Ambiguous);
            }

            Gather(name);
        }

        var others = candidates.RemoveAll(c => c.IsOther(id) || Tables.AreNever(id.Key, c.Key));
        var born = candidates.FindAll(c => BirthDates.Agree(c.BirthDate, id.BirthDate));
        var isSure = born.Count > 0;
        var left = isSure ? born : candidates;
        if (left.Count == 0)
        {
            return Standing.Nobody(others > 0 ? Doubt.Conflicting : Doubt.Unknown);
        }

        if (left.Count > 1 || HasRival(id, isSure))
        {
            return Standing.Nobody(Doubt.Ambiguous);
        }

        var only = left[0];
        if (Tables.IsClaimed(only.Key, id.Scope) || (!isSure && MatchFields.Differ(id.Agreeing, only.Agreeing)))
        {
            return Standing.Nobody(Doubt.Conflicting);
        }

        if (!isSure && !only.IsSeen)
        {
            return Standing.Nobody(Doubt.Unseen);
        }

        var confidence = isSure ? Confidence.Sure : Confidence.Probable;
        return confidence >= accept ? new Standing(only.Key, confidence, Doubt.None) : Standing.Nobody(Doubt.Unsure);
    }

    /// <summary>Adds our entities of a name to the candidates.</summary>
    private void Gather(NameKey name)
    {
        foreach (var member in Group(name.Letters).Members)
        {
            if (member.IsOurs)
            {
                Weigh(member.Key, member, name, member.Names.Find(n => n.Letters == name.Letters).Suffix);
            }
        }

        foreach (var entity in Tables.Named(name.Letters))
        {
            if (Tables.IsCanonical(entity.Key))
            {
                Weigh(entity.Key, Find(entity.Key), name, entity.Name.Suffix);
            }
        }
    }

    private void Weigh(byte[] key, KnownId? known, NameKey name, string suffix)
    {
        var candidate = candidates.Find(c => c.Key.AsSpan().SequenceEqual(key));
        if (candidate is null)
        {
            candidate = new Candidate(key, BirthDates.Both(known?.BirthDate ?? BirthDates.Unknown, Tables.Entity(key)?.BirthDate ?? BirthDates.Unknown), known?.Agreeing ?? [], known is not null);
            candidates.Add(candidate);
        }

        candidate.HasOtherSuffix |= NameKey.Differ(name.Suffix, suffix);
    }

    /// <summary>Whether another id of the same provider may be the same person as well.</summary>
    private bool HasRival(KnownId id, bool isSure)
    {
        foreach (var name in id.Names)
        {
            foreach (var member in Group(name.Letters).Members)
            {
                if (member != id && !member.IsOurs && member.Scope == id.Scope
                    && !NameKey.Differ(name.Suffix, member.Names.Find(n => n.Letters == name.Letters).Suffix)
                    && (isSure ? BirthDates.Agree(member.BirthDate, id.BirthDate) : !BirthDates.Differ(member.BirthDate, id.BirthDate)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>One of our entities that an id may be.</summary>
    private sealed record Candidate(byte[] Key, int BirthDate, ulong[] Agreeing, bool IsSeen)
    {
        public bool HasOtherSuffix { get; set; }

        public bool IsOther(KnownId id) => HasOtherSuffix || BirthDates.Differ(BirthDate, id.BirthDate);
    }
}
