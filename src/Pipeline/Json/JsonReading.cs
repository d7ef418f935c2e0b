using System.Runtime.CompilerServices;

namespace StreamEngine.Pipeline.Json;

/// <summary>What is known of a document's text while it is read.</summary>
internal struct JsonReading
{
    /// <summary>Whether all strings so far are ASCII; else the text must still prove to be UTF-8.</summary>
    public bool IsAscii;

    /// <summary>What is wrong.</summary>
    public JsonFault Fault;

    /// <summary>Where it is wrong.</summary>
    public int At;

    /// <summary>Notes a fault.</summary>
    /// <returns>False.</returns>
    public bool Fail(JsonFault fault, int at)
    {
        (Fault, At) = (fault, at);
        return false;
    }

    /// <summary>A string that is not plain, or none.</summary>
    /// <param name="found">What the reader of strings said.</param>
    /// <param name="end">End of the document.</param>
    /// <param name="token">The string.</param>
    /// <returns>The closing quote's position; -1 when something is wrong.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public long Unusual(long found, int end, ref JsonToken token)
    {
        var fault = JsonStrings.FaultOf(found, out var at);
        if (fault == JsonFault.None && at >= end)
        {
            (fault, at) = (JsonFault.OpenString, token.Start - 1);
        }

        token.Meta |= (found & JsonStrings.Escaped) != 0 ? JsonToken.EscapedFlag : 0;
        IsAscii &= (found & JsonStrings.NotAscii) == 0;
        return fault == JsonFault.None || Fail(fault, at) ? at : -1;
    }
}
