using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>Under what an item stood: a member's name or a position in an array.</summary>
internal readonly struct PathKey
{
    private readonly byte[]? name;
    private readonly JsonProperty property;
    private readonly int index;
    private readonly byte kind;

    public PathKey(byte[] name) => (this.name, kind) = (name, 1);

    public PathKey(int index) => (this.index, kind) = (index, 2);

    public PathKey(JsonProperty property) => (this.property, kind) = (property, 3);

    /// <summary>False for the document itself, which stands under nothing.</summary>
    public bool Exists => kind != 0;

    /// <summary>The name as unescaped UTF-8, or the position in digits.</summary>
    /// <param name="scratch">At least 11 bytes for the digits of a position.</param>
    public ReadOnlySpan<byte> Read(Span<byte> scratch)
    {
        switch (kind)
        {
            case 1:
                return name;
            case 2:
                Utf8Formatter.TryFormat(index, scratch, out var written);
                return scratch[..written];
            case 3:
                var raw = JsonMarshal.GetRawUtf8PropertyName(property);
                return raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(property.Name) : raw;
            default:
                return default;
        }
    }
}
