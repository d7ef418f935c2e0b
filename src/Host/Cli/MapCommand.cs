using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Host.Cli;

/// <summary><c>map</c>: tries a mapping on a payload.</summary>
internal static class MapCommand
{
    private const string StandardInput = "-";

    public static async Task<int> ExecuteAsync(string map, string payload, string? file, IReadOnlyList<string> overrides)
    {
        if (ConfigFile.Load(file, overrides) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        byte[] bytes;
        try
        {
            bytes = payload == StandardInput ? await ReadInputAsync().ConfigureAwait(false) : await File.ReadAllBytesAsync(payload).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"streamengine: the payload can't be read: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }

        var trial = MappingTrial.Load(definition, map, out var faults);
        foreach (var fault in faults)
        {
            await Console.Error.WriteLineAsync(fault).ConfigureAwait(false);
        }

        if (trial is null)
        {
            return ExitCodes.Failed;
        }

        var result = trial.Run(bytes, payload, TimeProvider.System.GetUtcNow());
        foreach (var record in result.Records)
        {
            Console.WriteLine(record.Data);
            foreach (var note in record.Notes)
            {
                Console.WriteLine($"    {note}");
            }
        }

        foreach (var refused in result.Refused)
        {
            Console.WriteLine(refused.Words);
        }

        foreach (var noted in result.Noted)
        {
            Console.WriteLine(noted);
        }

        Console.WriteLine($"{result.Records.Count} record{(result.Records.Count == 1 ? "" : "s")}, {result.Refused.Count} refused");
        return result.Refused.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<byte[]> ReadInputAsync()
    {
        using var all = new MemoryStream();
        await Console.OpenStandardInput().CopyToAsync(all).ConfigureAwait(false);
        return all.ToArray();
    }
}
