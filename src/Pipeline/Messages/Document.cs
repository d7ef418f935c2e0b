namespace StreamEngine.Pipeline.Messages;

/// <summary>What a source hands to the pipeline: one payload, not yet mapped to records.</summary>
public struct Document
{
    /// <summary>Start of the payload in <see cref="Batch.Bytes"/>.</summary>
    public int Offset;

    /// <summary>Length of the payload; 0 for a confirmation.</summary>
    public int Length;

    /// <summary>Index of the source in <see cref="Records.RecordSchema.Sources"/>.</summary>
    public short Source;

    /// <summary>True when the provider said (304) or repeated (same bytes) what it said to the same request before.</summary>
    public bool Confirmed;

    /// <summary>Set when the document left the flow here: the mapping found no record in it, or it could not be parsed.</summary>
    public RowState State;

    /// <summary>
    /// Which of the source's requests was answered, counted from 1; equal requests have equal numbers. 0 for a source that makes no
    /// requests, whose documents can't be confirmed.
    /// </summary>
    public int Request;

    /// <summary>When the payload was received: UTC ticks.</summary>
    public long ReceivedTime;

    /// <summary>Position in the source: ever growing per source.</summary>
    public long Sequence;

    /// <summary>The request URL without secrets, or the file name.</summary>
    public string Origin;

    /// <summary>Headers of the answer that a mapping may read; null when there are none, or it came otherwise.</summary>
    public DocumentHeaders? Headers;
}
