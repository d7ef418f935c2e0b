using System.IO.Hashing;
using System.Text.Json.Serialization;

namespace StreamEngine.Sources.File;

/// <summary>How far a file was handed on.</summary>
/// <param name="Name">Its path, relative to the config's folder; only a first guess of where it is.</param>
/// <param name="Beginning">Hash of its first <see cref="Covered"/> bytes, decompressed: a file is known again by what it begins with.</param>
/// <param name="Offset">Bytes handed on, decompressed.</param>
/// <param name="InLongLine">Whether what follows is the rest of a line that was too long and has gone to the dead letter.</param>
/// <param name="IsDone">Whether it was read to its end. More may be appended to one that isn't compressed.</param>
[method: JsonConstructor]
internal readonly record struct KnownFile(string Name, ulong Beginning, long Offset, bool InLongLine, bool IsDone)
{
    /// <summary>More would tell no more files apart and cost more at each look.</summary>
    public const int MaxCovered = 4096;

    /// <summary>How many bytes <see cref="Beginning"/> covers: as long as they are fewer, no byte of what was handed on is outside.</summary>
    public int Covered => (int)Math.Min(Offset, MaxCovered);

    /// <summary>A file of which nothing was read.</summary>
    public static KnownFile New(string name) => new(name, Hash([]), 0, false, false);

    /// <summary>Whether a file that begins like this may be this one; of the beginning there are at least <see cref="Covered"/> bytes when it is.</summary>
    public bool BeginsLike(ReadOnlySpan<byte> beginning) => beginning.Length >= Covered && Hash(beginning[..Covered]) == Beginning;

    public static ulong Hash(ReadOnlySpan<byte> beginning) => XxHash3.HashToUInt64(beginning);
}
