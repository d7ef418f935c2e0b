using System.Text;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Transforms.Merge;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <content>Ids and waiting records in a checkpoint. Whose they are is not kept: it follows from the tables as they are then.</content>
internal sealed partial class MatchStep
{
    private const string Field = "ids";
    private const int Version = 1;

    private int pastBound;

    public void Save(StateWriter state)
    {
        var to = new StateBytesWriter(state.Begin(Field, Version));
        Write(ref to, SavedNames.BytesOf(schema));
        Write(ref to, AgreeingFields());
        to.Write(ids.Crowded.Count());
        foreach (var letters in ids.Crowded)
        {
            Write(ref to, letters);
        }

        to.Write(ids.Total);
        foreach (var id in ids.All)
        {
            Write(ref to, id);
        }

        to.Flush();
    }

    public void Restore(StateReader state)
    {
        if (state.Find(Field, Version) is not { } saved)
        {
            return;
        }

        ids.Use(source.Current);
        var from = new StateBytesReader(saved.Content.Span);
        var problem = SavedNames.Read(ref from) is not { } names ? "its content is damaged"
            : names.FirstMoved(SavedNames.Of(schema)) is { } moved ? $"{moved} is gone or has another place in the config; put new ones behind those that were there"
            : TryRead(ref from, names) ? null : "the rest of it is damaged";
        if (problem is not null)
        {
            ids = NewIds();
            (Parked, ParkedBytes) = (0, 0);
            state.Unfit(Field, $"{problem}; ids are learnt anew, and records that waited are lost");
        }
        else if (pastBound > 0)
        {
            state.Unfit(Field, $"{pastBound} ids past 'maxIds', with the records that waited for them");
        }

        ids.Begin(source.Current);
    }

    private string AgreeingFields() => string.Join(';', options.Match.Select(m => $"{m.Key}:{string.Join(',', m.Value.Agree)}"));

    private static void Write(ref StateBytesWriter to, KnownId id)
    {
        Write(ref to, id.Key);
        to.Write(id.LastName);
        to.Write(id.BirthDate);
        to.Write(id.Agreeing.Length);
        foreach (var agreeing in id.Agreeing)
        {
            to.Write(agreeing);
        }

        to.Write(id.Names.Count);
        foreach (var name in id.Names)
        {
            Write(ref to, name.Letters);
            Write(ref to, name.Suffix);
        }

        to.Write(id.Said.Count);
        foreach (var said in id.Said)
        {
            to.Write(said.Source);
            to.Write(said.Type);
            Write(ref to, said.Under ?? []);
            to.Write(said.EventTime);
            to.Write(said.Sequence);
            to.Write(said.Received);
            Write(ref to, said.Parked?.Content.Memory ?? []);
            if (said.Parked is { } parked)
            {
                Write(ref to, parked.Raw);
                Write(ref to, parked.Origin);
            }
        }
    }

    private bool TryRead(ref StateBytesReader from, SavedNames names)
    {
        if (!TryRead(ref from, out string agreeing) || !from.TryRead(out int crowded))
        {
            return false;
        }

        var letters = new List<string>();
        for (var i = 0; i < crowded; i++)
        {
            if (!TryRead(ref from, out string one))
            {
                return false;
            }

            letters.Add(one);
        }

        if (!from.TryRead(out int count))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!TryReadId(ref from, names, agreeing == AgreeingFields()))
            {
                return false;
            }
        }

        letters.ForEach(ids.Crowd);
        return from.Left == 0;
    }

    private bool TryReadId(ref StateBytesReader from, SavedNames names, bool isSameAgreeing)
    {
        if (!TryRead(ref from, out byte[] key) || !from.TryRead(out ulong lastName) || !from.TryRead(out int birthDate) || !from.TryRead(out int agreeing) || (uint)agreeing > FieldSet.Capacity)
        {
            return false;
        }

        // One that is past a bound that was lowered is read and left out.
        if (ids.Find(key) is not null)
        {
            return false;
        }

        var added = ids.Add(key);
        var id = added ?? new KnownId(key);
        pastBound += added is null ? 1 : 0;
        id.BirthDate = birthDate;
        id.Agreeing = new ulong[agreeing];
        foreach (ref var hash in id.Agreeing.AsSpan())
        {
            if (!from.TryRead(out hash))
            {
                return false;
            }
        }

        if (!isSameAgreeing)
        {
            id.Agreeing = [];
        }

        if (!from.TryRead(out int known) || (uint)known > KnownId.MaxNames)
        {
            return false;
        }

        for (var i = 0; i < known; i++)
        {
            if (!TryRead(ref from, out string letters) || !TryRead(ref from, out string suffix))
            {
                return false;
            }

            if (added is not null)
            {
                ids.Join(id, new NameKey(letters, suffix));
            }
        }

        id.LastName = isSameAgreeing ? lastName : 0;
        return TryReadSaid(ref from, id, names, added is not null);
    }

    private bool TryReadSaid(ref StateBytesReader from, KnownId id, SavedNames names, bool isKept)
    {
        if (!from.TryRead(out int count))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!from.TryRead(out short by) || !from.TryRead(out short type) || (uint)by >= (uint)names.Sources.Count || (uint)type >= (uint)names.Types.Count
                || !TryRead(ref from, out byte[] under) || !from.TryRead(out long eventTime) || !from.TryRead(out long sequence) || !from.TryRead(out long received)
                || !Contribution.IsTime(eventTime) || !Contribution.IsTime(received) || !TryRead(ref from, out byte[] content))
            {
                return false;
            }

            var said = id.By(by, type);
            said.Under = under.Length == 0 ? null : under.AsSpan().SequenceEqual(id.Key) ? id.Key : under;
            (said.EventTime, said.Sequence, said.Received) = (eventTime, sequence, received);
            if (content.Length == 0)
            {
                continue;
            }

            if (!Contribution.IsSound(content, Contribution.HeadSize, FieldSet.First(names.Types[type].Fields.Count), names.Sources.Count)
                || !TryRead(ref from, out byte[] raw) || !TryRead(ref from, out string origin))
            {
                return false;
            }

            if (isKept && said.Parked is null)
            {
                Take(said, new ParkedRecord(new Contribution(content), raw, origin));
            }
        }

        return true;
    }

    private static void Write(ref StateBytesWriter to, byte[] bytes)
    {
        to.Write(bytes.Length);
        to.Write(bytes);
    }

    private static void Write(ref StateBytesWriter to, string text) => Write(ref to, Encoding.UTF8.GetBytes(text));

    private static bool TryRead(ref StateBytesReader from, out byte[] bytes)
    {
        bytes = [];
        if (!from.TryRead(out int length) || !from.TryTake(length, out var taken))
        {
            return false;
        }

        bytes = taken.ToArray();
        return true;
    }

    private static bool TryRead(ref StateBytesReader from, out string text)
    {
        var isThere = TryRead(ref from, out byte[] bytes);
        text = Encoding.UTF8.GetString(bytes);
        return isThere;
    }
}
