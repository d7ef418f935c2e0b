using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Sources;

/// <summary>What the options alone can't say about how payloads stand in files and answers.</summary>
internal static class PayloadSourceCheck
{
    public static void Run(PayloadSourceOptions options, BlockCheck check)
    {
        if (options.Delimiter is { } delimiter && (delimiter is not [var one] || !char.IsAscii(one) || one is '"' or '\r' or '\n'))
        {
            check.Error("delimiter", $"expected one ASCII character that is no quote, such as \";\" or \"\\t\", found '{delimiter}'");
        }

        if (options.Items is { } items && !ItemSplitter.TryCreate(items, 1, out _, out var fault))
        {
            check.Error("items", fault);
        }
    }
}
