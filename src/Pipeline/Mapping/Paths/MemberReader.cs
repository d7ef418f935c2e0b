using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>
/// Reads a document in one pass and keeps of it only the values that are wanted; the others are checked and passed by. Each
/// member is first compared with the one that came next in the document before.
/// </summary>
/// <remarks>
/// It takes a JSON object (RFC 8259), at most <see cref="MaxDepth"/> deep, without escapes in members' names, with memory behind
/// it. Any other document, and one that is wrong, it gives up: the tape reads it, or tells what is wrong and where.
/// </remarks>
internal sealed class MemberReader
{
    /// <summary>Most arrays and objects inside one another.</summary>
    public const int MaxDepth = 64;

    /// <summary>The guide through everything that nobody wants.</summary>
    private const int Unwanted = 0;

    private const int Root = 1;

    private readonly List<MemberTrie?> tries;
    private readonly List<MemberGuide> guides = [];
    private readonly int nowhere;
    private readonly Frame[] frames = new Frame[MaxDepth];

    /// <param name="trie">The members that are wanted.</param>
    /// <param name="slots">How many values they have.</param>
    public MemberReader(MemberTrie trie, int slots)
    {
        tries = [null, trie];
        nowhere = slots;
        for (var i = 0; i < tries.Count; i++)
        {
            guides.Add(new MemberGuide(tries[i], nowhere, Number));
        }
    }

    /// <summary>Reads a document that is part of a larger memory.</summary>
    /// <param name="bytes">The memory.</param>
    /// <param name="start">Where the document starts.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="found">Gets the values by slot, and one more; of kind <see cref="JsonKind.None"/> where there is none.</param>
    /// <param name="document">Where the object starts, and its length.</param>
    /// <returns>Whether it was read; if not, what was found means nothing.</returns>
    public bool TryRead(ReadOnlySpan<byte> bytes, int start, int end, Span<JsonToken> found, ref JsonToken document)
    {
        found[..(nowhere + 1)].Clear();
        var pos = JsonTokenizer.SkipSpace(ref MemoryMarshal.GetReference(bytes), start, end);
        if (pos >= end || end > bytes.Length - JsonTokenizer.Ahead || bytes[pos] != '{')
        {
            return false;
        }

        var reading = new JsonReading { IsAscii = true };
        document.Start = pos;
        var behind = EndOfObject(bytes, pos, end, ref found[0], ref reading);
        document.Length = behind - pos;
        return behind > 0 && JsonTokenizer.SkipSpace(ref MemoryMarshal.GetReference(bytes), behind, end) == end
            && (reading.IsAscii || Utf8.IsValid(bytes[start..end]));
    }

    // As in the tokenizer one method, and jumps between the places of the grammar. Reads go less than `Ahead` beyond the end: every
    // value is checked to start before it, and strings and numbers to end there at most; from there a comma, a space or a bracket is
    // read, and a name's vector. Slots are those of the trie and one more, which is what `found` has room for.
    private int EndOfObject(ReadOnlySpan<byte> bytes, int pos, int end, ref JsonToken found, ref JsonReading reading)
    {
        ref var text = ref MemoryMarshal.GetReference(bytes);
        ref var members = ref Unsafe.NullRef<KnownMember>();
        var (guide, member, depth, inObject, below) = (Unwanted, MemberGuide.Start, 0, false, Root);
        int c = '{';

    Open:
        if (depth == frames.Length)
        {
            return -1;
        }

        frames[depth++] = new Frame { Guide = guide, Member = member, InObject = inObject };
        inObject = c == '{';
        guide = inObject ? below : Unwanted;
        members = ref MemoryMarshal.GetArrayDataReference(guides[guide].Members);
        member = MemberGuide.Start;
        pos = JsonTokenizer.SkipSpace(ref text, pos + 1, end);
        if (pos < end && Unsafe.Add(ref text, pos) == c + 2)
        {
            goto Close;
        }

        if (!inObject)
        {
            goto Value;
        }

    Name:
        if (Unsafe.Add(ref text, pos) != '"')
        {
            pos = JsonTokenizer.SkipSpace(ref text, pos, end);
            if (pos >= end || Unsafe.Add(ref text, pos) != '"')
            {
                return -1;
            }
        }

        var expected = Unsafe.Add(ref members, member).Next;
        if (Unsafe.Add(ref members, expected).IsAt(ref Unsafe.Add(ref text, pos)))
        {
            member = expected;
            pos += Unsafe.Add(ref members, member).Length;
        }
        else
        {
            // A copy, because what is passed by reference doesn't stay in a register.
            var named = member;
            pos = EndOfName(bytes, pos, end, guides[guide], ref named, ref reading);
            if (pos < 0)
            {
                return -1;
            }

            member = named;
        }

        below = Unsafe.Add(ref members, member).Below;
        if (below != Unwanted)
        {
            // Of members with the same name the last counts: nothing is left of what an earlier one had inside.
            tries[below]!.Clear(MemoryMarshal.CreateSpan(ref found, nowhere));
        }

    Value:
        if (pos >= end)
        {
            return -1;
        }

        ref var token = ref Unsafe.Add(ref found, Unsafe.Add(ref members, member).Slot);
        c = Unsafe.Add(ref text, pos);
        if (c <= ' ')
        {
            pos = JsonTokenizer.SkipSpace(ref text, pos, end);
            if (pos >= end)
            {
                return -1;
            }

            c = Unsafe.Add(ref text, pos);
        }

        token.Start = pos;
        if (c == '"')
        {
            token.Start = ++pos;
            token.Meta = JsonToken.PlainString;
            var close = JsonStrings.End(ref text, pos, end);
            if (close >= end)
            {
                close = reading.Unusual(close, end, ref token);
                if (close < 0)
                {
                    return -1;
                }
            }

            token.Length = (int)close - pos;
            pos = (int)close + 1;
        }
        else if ((uint)(c - '0') <= 9 && Unsafe.Add(ref text, pos + 1) is (byte)',' or (byte)'}')
        {
            // Of all numbers the most frequent, and where they come in turn their ends are foreseen, not computed.
            token.Bits = c - '0';
            token.Length = 1;
            token.Meta = JsonToken.Number(0);
            pos++;
        }
        else if ((uint)(c - '0') <= 9 || c == '-')
        {
            var behind = JsonNumbers.EndOfShort(ref text, pos, ref token);
            if (behind < 0)
            {
                behind = pos + JsonNumbers.Read(bytes[pos..end], ref token);
            }

            if (behind < pos || behind > end)
            {
                return -1;
            }

            // The length is compared with that of the one before, not taken: so the processor goes on behind the number at once.
            ref var digits = ref Unsafe.Add(ref members, member).Digits;
            if (behind - pos == digits)
            {
                pos += digits;
            }
            else
            {
                digits = behind - pos;
                pos = behind;
            }
        }
        else if ((c | 0x20) == '{')
        {
            token.Meta = (uint)(c == '{' ? JsonKind.Object : JsonKind.Array);
            below = Unsafe.Add(ref members, member).Below;
            goto Open;
        }
        else
        {
            var (kind, length) = JsonTokenizer.Literal(bytes[pos..end]);
            if (length == 0)
            {
                return -1;
            }

            token.Length = length;
            token.Meta = (uint)kind;
            pos += length;
        }

    Behind:
        c = Unsafe.Add(ref text, pos);
        if (c == ',')
        {
            pos++;
            if (inObject)
            {
                goto Name;
            }

            goto Value;
        }

        if (c <= ' ')
        {
            // Back with what follows the space; a byte that nothing allows is no reason to come back.
            pos = JsonTokenizer.SkipSpace(ref text, pos, end);
            if (pos < end && Unsafe.Add(ref text, pos) > ' ')
            {
                goto Behind;
            }
        }

        if (pos >= end || c != (inObject ? '}' : ']'))
        {
            return -1;
        }

    Close:
        pos++;
        ref readonly var frame = ref frames[--depth];
        if (depth == 0)
        {
            return pos;
        }

        (guide, member, inObject) = (frame.Guide, frame.Member, frame.InObject);
        members = ref MemoryMarshal.GetArrayDataReference(guides[guide].Members);
        goto Behind;
    }

    /// <summary>Reads a name that was not expected, and the colon.</summary>
    /// <param name="bytes">The memory.</param>
    /// <param name="pos">Where the quote before it is.</param>
    /// <param name="end">End of the document.</param>
    /// <param name="guide">Who knows the members.</param>
    /// <param name="member">The member before; becomes this one.</param>
    /// <param name="reading">What is known of the text.</param>
    /// <returns>Where the value, or a space, starts; -1 when it is given up.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int EndOfName(ReadOnlySpan<byte> bytes, int pos, int end, MemberGuide guide, ref int member, ref JsonReading reading)
    {
        ref var text = ref MemoryMarshal.GetReference(bytes);
        var name = new JsonToken { Start = pos + 1, Meta = JsonToken.PlainString };
        var close = JsonStrings.End(ref text, pos + 1, end);
        if (close >= end)
        {
            close = reading.Unusual(close, end, ref name);
            if (close < 0 || name.IsEscaped)
            {
                return -1;
            }
        }

        name.Length = (int)close - pos - 1;
        member = guide.Identify(bytes, name, member);
        pos = JsonTokenizer.SkipSpace(ref text, (int)close + 1, end);
        return pos < end && Unsafe.Add(ref text, pos) == ':' ? pos + 1 : -1;
    }

    private int Number(MemberTrie? below)
    {
        if (below is null)
        {
            return Unwanted;
        }

        tries.Add(below);
        return tries.Count - 1;
    }

    private struct Frame
    {
        public int Guide;
        public int Member;
        public bool InObject;
    }
}
