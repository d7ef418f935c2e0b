using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Sources.File;

/// <summary>Reads a file into batches, from where it was left; or an answer, as far as it is there.</summary>
internal interface IFileBatcher : IDisposable
{
    /// <summary>How much of a payload that is too long goes to the dead letter.</summary>
    const int KeptOfLong = 4 * 1024;

    /// <summary>What a UTF-8 file may begin with.</summary>
    static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>How far it is handed on when the batches filled so far are. It is done when everything was read.</summary>
    KnownFile Reached { get; }

    /// <summary>Why nothing more comes of it, where that doesn't go to the dead letter; null while all is well.</summary>
    string? Fault => null;

    /// <summary>Fills an empty batch. It may stay empty although there is more to read.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="source">Index of the source.</param>
    /// <param name="line">Lines, rows or documents read before; the number of the last one read afterwards.</param>
    /// <param name="now">UTC ticks.</param>
    void Fill(Batch batch, short source, ref long line, long now);
}
