using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Sources.File;

/// <summary>Where a file source stands. The positions of one file's batches share what is known of all others.</summary>
/// <param name="Files">The files in the order in which they were begun.</param>
/// <param name="Index">Which of them is being read; -1 when it can't be read again, such as a pipe.</param>
/// <param name="Current">How far that one was handed on.</param>
/// <param name="Line">Lines handed on, blank ones included, of all files.</param>
internal sealed record FilePosition(ImmutableArray<KnownFile> Files, int Index, KnownFile Current, long Line) : SourcePosition
{
    private const string Field = "files";
    private const int Version = 1;

    /// <summary>Nothing was read.</summary>
    public static FilePosition Start { get; } = new([], -1, default, 0);

    /// <summary>All files, each as far as it was handed on.</summary>
    public IEnumerable<KnownFile> All => Files.Select((file, i) => i == Index ? Current : file);

    /// <inheritdoc/>
    public override void Save(StateWriter state)
    {
        using var writer = new Utf8JsonWriter(state.Begin(Field, Version));
        JsonSerializer.Serialize(writer, new SavedFiles(Line, [.. All]), FilePositionJson.Default.SavedFiles);
    }

    /// <summary>Reads a position.</summary>
    /// <returns>Null when there is none, or none that can be used; that is reported.</returns>
    public static FilePosition? Restore(StateReader state)
    {
        if (state.Find(Field, Version) is not { } section)
        {
            return null;
        }

        try
        {
            var saved = JsonSerializer.Deserialize(section.Content.Span, FilePositionJson.Default.SavedFiles);
            if (saved is { Line: >= 0, Files: not null } && saved.Files.All(IsSound))
            {
                return new FilePosition([.. saved.Files], -1, default, saved.Line);
            }

            state.Unfit(Field, "it names no file, or a place before the beginning of one; all files are read from their beginning");
        }
        catch (JsonException e)
        {
            state.Unfit(Field, $"it is damaged ({e.Message}); all files are read from their beginning");
        }

        return null;
    }

    private static bool IsSound(KnownFile file) => !string.IsNullOrEmpty(file.Name) && !file.Name.Contains('\0', StringComparison.Ordinal) && file.Offset >= 0;
}

/// <summary>A position as it is kept.</summary>
internal sealed record SavedFiles(long Line, IReadOnlyList<KnownFile> Files);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SavedFiles))]
internal sealed partial class FilePositionJson : JsonSerializerContext;
