using System.Text.Json;
using System.Text.Unicode;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Turns documents into rows by the rules of one mapping. Not thread safe.</summary>
/// <param name="rules">The compiled rules.</param>
internal sealed class DocumentMapper(IReadOnlyList<MappingRule> rules)
{
    private const string Malformed = "malformed json";

    /// <summary>Deepest nesting of a payload.</summary>
    private const int MaxDepth = 256;

    private readonly MappingScope scope = new();

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Adds the rows of a document and takes the document out of the flow.</summary>
    /// <returns>Whether the payload could be read.</returns>
    public bool Map(Batch batch, int index)
    {
        var document = batch.Document(index);
        var skip = batch.Payload(index).StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        var payload = batch.Memory(document.Offset + skip, document.Length - skip);
        if (!Utf8.IsValid(payload.Span))
        {
            batch.LeaveDocument(index, RowState.Dead, Malformed, "the payload is not UTF-8");
            return false;
        }

        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            batch.LeaveDocument(index, RowState.Dead, Malformed, e.Message);
            return false;
        }

        var first = batch.RowCount;
        using (json)
        {
            scope.Begin(json.RootElement, payload, document.Offset + skip, document);
            try
            {
                foreach (var rule in rules)
                {
                    rule.Apply(scope, batch, index, json.RootElement);
                }
            }
            catch (InvalidOperationException e)
            {
                // A member's name with half a surrogate pair: the parser takes it, and gives up when the name is looked at.
                GiveUp(batch, index, first, e.Message);
                return false;
            }
            finally
            {
                scope.End();
                Settle(batch, first);
            }
        }

        var any = batch.RowCount > first;
        batch.LeaveDocument(index, any ? RowState.Mapped : RowState.Filtered, any ? "" : "no records");
        return true;
    }

    private static void GiveUp(Batch batch, int index, int first, string error)
    {
        batch.LeaveDocument(index, RowState.Dead, Malformed, error);
        for (var i = first; i < batch.RowCount; i++)
        {
            batch.Whole.Leave(i, RowState.Dead, Malformed, error);
        }
    }

    // Now that the parser is done with the batch's bytes they may move.
    private void Settle(Batch batch, int first)
    {
        var start = batch.Append(scope.Scratch);
        for (var i = first; i < batch.RowCount; i++)
        {
            ref var head = ref batch.Head(i);
            head.KeyOffset = head.KeyOffset < 0 ? start + ~head.KeyOffset : head.KeyOffset;
            head.KeyHash = KeyHash.Of(batch.Slice(head.KeyOffset, head.KeyLength));
            var cells = batch.Cells(i);
            foreach (var slot in head.Present)
            {
                ref var cell = ref cells[slot];
                cell.Offset = cell.Offset < 0 ? start + ~cell.Offset : cell.Offset;
            }
        }
    }
}
