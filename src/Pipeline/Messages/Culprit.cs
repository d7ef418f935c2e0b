using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace StreamEngine.Pipeline.Messages;

/// <summary>The record or payload that a step stood on when it failed.</summary>
/// <param name="Id">By which it is known when it comes again: a hash of who said it, its payload, and which of the payload's records it is.</param>
/// <param name="Words">What it is, for an operator.</param>
internal sealed record Culprit(UInt128 Id, string Words)
{
    /// <summary>A payload.</summary>
    public static Culprit Of(Batch batch, int document) => new(IdOf(batch, document, -1), Named(batch, document, "the payload"));

    /// <summary>A record.</summary>
    public static Culprit Of(Batch batch, int document, int row)
    {
        ref readonly var head = ref batch.Head(row);
        var key = Encoding.UTF8.GetString(batch.SliceOrNone(head.KeyOffset, head.KeyLength));
        return new(IdOf(batch, document, row), Named(batch, document, key.Length > 0 ? $"record '{key}'" : "a record"));
    }

    /// <summary>By which a record, or with no row a payload, is known.</summary>
    public static UInt128 IdOf(Batch batch, int document, int row)
    {
        // The key is left out: the step that failed may have been about to change it.
        ref readonly var from = ref batch.Document(document);
        var payload = row < 0 ? batch.Payload(document) : batch.SliceOrNone(batch.Head(row).RawOffset, batch.Head(row).RawLength);
        ReadOnlySpan<int> place = [from.Source, row < 0 ? -1 : Ordinal(batch, document, row)];
        var hash = new XxHash128();
        hash.Append(MemoryMarshal.AsBytes(place));
        hash.Append(payload);
        return hash.GetCurrentHashAsUInt128();
    }

    private static int Ordinal(Batch batch, int document, int row)
    {
        var ordinal = 0;
        while (row > 0 && batch.Head(row - 1).Document == document)
        {
            row--;
            ordinal++;
        }

        return ordinal;
    }

    private static string Named(Batch batch, int document, string what)
    {
        ref readonly var from = ref batch.Document(document);
        return string.Create(CultureInfo.InvariantCulture, $"{what} of source '{batch.Schema.Sources[from.Source].Name}' (sequence {from.Sequence})");
    }
}
