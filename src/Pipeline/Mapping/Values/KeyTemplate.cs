using System.Text;
using StreamEngine.Pipeline.Conditions;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A key with paths in braces, such as <c>player:mlb:{person.id}</c>.</summary>
internal sealed class KeyTemplate
{
    /// <summary>The longest key; a longer one is a mistake in the payload or the mapping.</summary>
    public const int MaxLength = 512;

    private (byte[] Text, BoundPath? Path)[] parts = [];

    /// <summary>Reads a template; null with an error when it is none.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="paths">The paths of the rule that the key belongs to.</param>
    /// <param name="error">What is wrong with it.</param>
    public static KeyTemplate? Parse(string text, PathSet paths, out string? error)
    {
        var parts = new List<(byte[] Text, BoundPath? Path)>();
        error = null;
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var end = open < 0 ? text.Length : open;
            if (end > at)
            {
                parts.Add((Encoding.UTF8.GetBytes(text[at..end]), null));
            }

            if (open < 0)
            {
                break;
            }

            var close = Close(text, open);
            if (close < 0)
            {
                error = $"'{text}' is no key: '}}' is missing";
                return null;
            }

            if (!MappingPath.TryParse(text[(open + 1)..close], out var path, out error))
            {
                return null;
            }

            parts.Add(([], paths.Add(path)));
            at = close + 1;
        }

        error = parts.Count == 0 ? "the key is empty; write one such as 'player:mlb:{id}'" : null;
        return error is null ? new KeyTemplate { parts = [.. parts] } : null;
    }

    /// <summary>Puts the key together.</summary>
    /// <param name="scope">The item.</param>
    /// <param name="room">Where; its length is that of the longest key allowed.</param>
    /// <param name="length">Its length.</param>
    /// <param name="absent">The path that has no value, when there is no key.</param>
    public bool TryWrite(MappingScope scope, Span<byte> room, out int length, out BoundPath? absent)
    {
        length = 0;
        absent = null;
        foreach (var (text, path) in parts)
        {
            ReadOnlySpan<byte> part = text;
            if (path is not null && !TryRead(scope, path, out part))
            {
                absent = path;
                return false;
            }

            if (!part.TryCopyTo(room[length..]))
            {
                absent = path ?? parts.First(p => p.Path is not null).Path;
                return false;
            }

            length += part.Length;
        }

        return true;
    }

    /// <summary>Where the brace is closed; those in quotes belong to the path.</summary>
    private static int Close(string text, int open)
    {
        var quote = '\0';
        for (var i = open + 1; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                (quote, i) = (text[i] == quote ? '\0' : quote, text[i] == '\\' ? i + 1 : i);
            }
            else if (text[i] == '}')
            {
                return i;
            }
            else
            {
                quote = text[i] is '\'' or '"' ? text[i] : quote;
            }
        }

        return text.IndexOf('}', open);
    }

    private static bool TryRead(MappingScope scope, BoundPath path, out ReadOnlySpan<byte> text)
    {
        if (scope.TryReadRaw(path, out text))
        {
            return !text.IsEmpty;
        }

        var value = scope.Read(path);
        text = value.Text;
        return value.Kind is not (OperandKind.Missing or OperandKind.Complex or OperandKind.Time) && !text.IsEmpty;
    }
}
