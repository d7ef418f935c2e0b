using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources;

/// <summary>How payloads stand in what a source reads: what files and answers have in common.</summary>
[SettingsLast]
public abstract record PayloadSourceOptions : SourceOptions
{
    internal const string Lines = "lines";
    internal const string Csv = "csv";

    /// <summary>CSV: the character between two fields; unless stated a comma, or a tab in files that end in <c>.tsv</c>.</summary>
    public string? Delimiter { get; init; }

    /// <summary>The longest line or CSV row accepted; of a longer one the first 4 KB go to the dead letter.</summary>
    [Between("4KB", "64MB")]
    public ByteSize MaxLine { get; init; } = new(1L << 20);

    /// <summary>
    /// Path of the items of a document, such as <c>$.dates[*].games[*]</c>: names and <c>*</c>, a <c>*</c> last. Each item becomes a payload of its own
    /// while the document is read, in the shape of the whole one, with the one item and with what stands before it in the objects around, up to 64 KB: the
    /// same mapping reads it. No more than one item is held, and <c>maxDocument</c> bounds an item. What is wrong further on in a document is seen when
    /// the items before it have been handed on.
    /// </summary>
    public string? Items { get; init; }

    /// <summary>The longest document of a file accepted, of which else the first 4 KB go to the dead letter; with <c>items</c>, of a file or an answer, the longest item.</summary>
    [Between("4KB", "256MB")]
    public ByteSize MaxDocument { get; init; } = new(8L << 20);
}
