namespace StreamEngine.Sources.File;

/// <summary>What a batcher reads, decompressed.</summary>
internal interface IInput : IDisposable
{
    /// <summary>There is more to come, but not yet.</summary>
    const int NothingYet = -1;

    /// <summary>Reads on; 0 at the end, <see cref="NothingYet"/> where it would have to wait.</summary>
    int Read(Span<byte> target);

    /// <summary>How far it was handed on, <paramref name="offset"/> bytes of it.</summary>
    KnownFile Reached(KnownFile file, long offset, bool inLongLine, bool isDone);
}
