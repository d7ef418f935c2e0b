using System.Text;

namespace StreamEngine.Pipeline.Configuration.Json;

/// <summary>Turns byte offsets of a UTF-8 file into lines and columns.</summary>
internal sealed class LineIndex
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly string file;
    private readonly List<int> starts = [0];

    public LineIndex(string file, ReadOnlyMemory<byte> bytes)
    {
        this.file = file;
        this.bytes = bytes;
        var span = bytes.Span;
        for (var i = 0; i < span.Length; i++)
        {
            if (span[i] == '\n')
            {
                starts.Add(i + 1);
            }
        }
    }

    public Place At(int offset)
    {
        offset = Math.Clamp(offset, 0, bytes.Length);
        var found = starts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return new Place(file, line + 1, Encoding.UTF8.GetCharCount(bytes.Span[starts[line]..offset]) + 1);
    }

    public Place At(long line, long byteInLine) =>
        At(starts[(int)Math.Clamp(line, 0, starts.Count - 1)] + (int)Math.Min(byteInLine, int.MaxValue / 2));
}
