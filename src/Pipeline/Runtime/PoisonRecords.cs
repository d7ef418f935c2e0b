using System.Collections.Frozen;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Records on which a block has failed: after going back to the last checkpoint they come again, and go to the dead letter instead.</summary>
internal sealed class PoisonRecords
{
    /// <summary>Most that are known; more failures than that end the run long before.</summary>
    private const int Most = 1024;

    private readonly Queue<(string Block, UInt128 Id, string Detail)> known = new();
    private FrozenDictionary<string, FrozenDictionary<UInt128, string>> byBlock = FrozenDictionary<string, FrozenDictionary<UInt128, string>>.Empty;

    /// <summary>Remembers one. Not while a graph runs.</summary>
    public void Add(BlockFailure failure)
    {
        if (failure.Culprit is not { } culprit)
        {
            return;
        }

        known.Enqueue((failure.Block, culprit.Id, failure.Exception.Message));
        if (known.Count > Most)
        {
            known.Dequeue();
        }

        byBlock = known.GroupBy(k => k.Block, StringComparer.Ordinal).ToFrozenDictionary(
            g => g.Key,
            g => g.DistinctBy(k => k.Id).ToFrozenDictionary(k => k.Id, k => k.Detail),
            StringComparer.Ordinal);
    }

    /// <summary>Takes those out of the flow that a block has failed on before.</summary>
    public void TakeOut(string block, Part part)
    {
        if (byBlock.Count == 0 || !byBlock.TryGetValue(block, out var poison))
        {
            return;
        }

        var batch = part.Batch;
        for (var i = 0; part == batch.Whole && i < batch.DocumentCount; i++)
        {
            if (batch.Document(i).State == RowState.Live && poison.TryGetValue(Culprit.IdOf(batch, i, -1), out var detail))
            {
                batch.LeaveDocument(i, RowState.Dead, Supervisor.StepFailed, detail);
            }
        }

        foreach (var row in part)
        {
            if (poison.TryGetValue(Culprit.IdOf(batch, row.Head.Document, row.Index), out var detail))
            {
                part.Leave(row.Index, RowState.Dead, Supervisor.StepFailed, detail);
            }
        }
    }
}
