using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using StreamEngine.Pipeline.Json.Paths;

namespace StreamEngine.Pipeline.Json;

/// <summary>
/// A JSON document as a flat list of tokens in the order of the text, each with its place in the bytes. Refilled by every
/// document, so that reading one allocates nothing. Not thread safe.
/// </summary>
/// <remarks>
/// The tape keeps no bytes: whoever reads a token's text brings them, at the place where they stood or a copy of it. Members
/// with the same name are all there; who looks one up gets the last.
/// </remarks>
public sealed class JsonTape
{
    /// <summary>Most arrays and objects inside one another.</summary>
    public const int MaxDepth = 256;

    /// <summary>Most values and names in a document: more would be gigabytes of tokens.</summary>
    internal const int MaxTokens = 1 << 25;

    private const int FewTokens = 128;

    /// <summary>A longer tape is given up when many documents in turn left most of it unused.</summary>
    private const int ManyTokens = 1 << 16;

    private const int ManyDocuments = 1000;

    private JsonToken[] tokens = new JsonToken[FewTokens];
    private int smallDocuments;

    /// <summary>Whether the last document was JSON.</summary>
    public bool IsValid { get; private set; }

    /// <summary>What is wrong with the last document, and where; null when nothing is.</summary>
    public string? Error => Fault == JsonFault.None ? null : JsonFaults.Describe(Fault, FaultAt);

    internal JsonFault Fault { get; private set; }

    /// <summary>Byte of the document, counted from 0.</summary>
    internal int FaultAt { get; private set; }

    internal JsonToken[] Tokens => tokens;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a document. A byte-order mark before it is skipped.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="root">The document's value, when it is JSON; valid until the tape is filled again.</param>
    public bool TryRead(ReadOnlySpan<byte> json, out JsonValue root)
    {
        var valid = Read(json, 0, json.Length);
        root = valid ? new JsonValue(this, json, 0) : default;
        return valid;
    }

    /// <summary>Reads a document that is part of a larger memory. Tokens count from the start of the memory.</summary>
    /// <param name="bytes">The memory; where it goes on behind the document, that saves care at the document's end.</param>
    /// <param name="start">Where the document starts.</param>
    /// <param name="length">Its length.</param>
    internal bool Read(ReadOnlySpan<byte> bytes, int start, int length)
    {
        if (tokens.Length > ManyTokens)
        {
            Shrink();
        }

        var skip = bytes.Slice(start, length).StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        Fault = JsonTokenizer.Fill(this, bytes, start + skip, start + length, out var at);
        FaultAt = at - start;
        IsValid = Fault == JsonFault.None;
        return IsValid;
    }

    /// <summary>Makes room for more tokens; false when there are too many.</summary>
    internal bool Grow()
    {
        if (tokens.Length >= MaxTokens)
        {
            return false;
        }

        Array.Resize(ref tokens, tokens.Length * 2);
        return true;
    }

    /// <summary>The index of a token of this tape.</summary>
    internal int IndexOf(ref JsonToken token) =>
        (int)((nuint)Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(tokens), ref token) / (nuint)Unsafe.SizeOf<JsonToken>());

    private void Shrink()
    {
        smallDocuments = IsValid && After(0) > tokens.Length / 8 ? 0 : smallDocuments + 1;
        if (smallDocuments > ManyDocuments)
        {
            tokens = new JsonToken[FewTokens];
            smallDocuments = 0;
        }
    }

    /// <summary>The index behind a value: of its next sibling, or of what follows its parent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int After(int value)
    {
        ref readonly var token = ref tokens[value];
        return token.Kind >= JsonKind.Array ? token.Next : value + 1;
    }

    /// <summary>The array or object that a value other than the document's stands in, and its position there. Looks for it from the document on.</summary>
    internal int ParentOf(int node, out int position)
    {
        for (var parent = 0; ; )
        {
            position = 0;
            var children = new Children(this, parent);
            while (children.MoveNext() && After(children.Current) <= node)
            {
                position++;
            }

            if (children.Current == node)
            {
                return parent;
            }

            parent = children.Current;
        }
    }

    /// <summary>A value as it is written, with quotes.</summary>
    internal (int Start, int Length) Raw(int value)
    {
        ref readonly var token = ref tokens[value];
        return token.Kind == JsonKind.String ? (token.Start - 1, token.Length + 2) : (token.Start, token.Length);
    }

    /// <summary>The member of an object, or -1. Of several with the same name it is the last.</summary>
    internal int Member(ReadOnlySpan<byte> bytes, int value, ReadOnlySpan<byte> name)
    {
        if (tokens[value].Kind != JsonKind.Object)
        {
            return -1;
        }

        var found = -1;
        var end = tokens[value].Next;
        for (var at = value + 1; at < end; at = After(at + 1))
        {
            if (IsNamed(bytes, tokens[at], name))
            {
                found = at + 1;
            }
        }

        return found;
    }

    /// <summary>The item of an array at a position, or -1.</summary>
    internal int Item(int value, int position)
    {
        if (tokens[value].Kind != JsonKind.Array)
        {
            return -1;
        }

        var end = tokens[value].Next;
        var at = value + 1;
        for (; position > 0 && at < end; position--)
        {
            at = After(at);
        }

        return at < end ? at : -1;
    }

    /// <summary>Whether a string's text, escapes resolved, is <paramref name="text"/>.</summary>
    internal static bool IsNamed(ReadOnlySpan<byte> bytes, in JsonToken token, ReadOnlySpan<byte> text)
    {
        var raw = bytes.Slice(token.Start, token.Length);
        return token.IsEscaped ? raw.Length > text.Length && IsUnescaped(raw, text) : raw.SequenceEqual(text);
    }

    private static bool IsUnescaped(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> text)
    {
        const int Short = 256;
        var target = raw.Length <= Short ? stackalloc byte[Short] : new byte[raw.Length];
        return JsonStrings.TryUnescape(raw, target, out var written) && target[..written].SequenceEqual(text);
    }
}
