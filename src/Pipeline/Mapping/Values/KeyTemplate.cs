using System.Text;
using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A key with paths in braces, such as <c>player:mlb:{person.id}</c>.</summary>
internal sealed class KeyTemplate
{
    private readonly List<(byte[] Text, MappingPath? Path)> parts = [];

    /// <summary>Reads a template; null with an error when it is none.</summary>
    public static KeyTemplate? Parse(string text, out string? error)
    {
        var template = new KeyTemplate();
        error = null;
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var end = open < 0 ? text.Length : open;
            if (end > at)
            {
                template.parts.Add((Encoding.UTF8.GetBytes(text[at..end]), null));
            }

            if (open < 0)
            {
                break;
            }

            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                error = $"'{text}' is no key: '}}' is missing";
                return null;
            }

            if (!MappingPath.TryParse(text[(open + 1)..close], out var path, out error))
            {
                return null;
            }

            template.parts.Add(([], path));
            at = close + 1;
        }

        error = template.parts.Count == 0 ? "the key is empty; write one such as 'player:mlb:{id}'" : null;
        return error is null ? template : null;
    }

    /// <summary>Writes the key into the scope's scratch.</summary>
    /// <param name="scope">The item.</param>
    /// <param name="room">Where the key is put together; its length is the longest key allowed.</param>
    /// <param name="offset">The complement of where it starts in the scratch.</param>
    /// <param name="length">Its length.</param>
    /// <returns>The path that has no value, or null when the key is complete.</returns>
    public MappingPath? Write(MappingScope scope, Span<byte> room, out int offset, out int length)
    {
        offset = length = 0;
        foreach (var (text, path) in parts)
        {
            var part = path is null ? Operand.String(text) : scope.Read(path);
            if (path is not null && (part.Kind is OperandKind.Missing or OperandKind.Complex or OperandKind.Time || part.Text.IsEmpty))
            {
                return path;
            }

            if (!part.Text.TryCopyTo(room[length..]))
            {
                return path ?? parts.First(p => p.Path is not null).Path;
            }

            length += part.Text.Length;
        }

        offset = scope.Append(room[..length]);
        return null;
    }
}
