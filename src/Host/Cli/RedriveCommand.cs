using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Sources.DeadLetter;

namespace StreamEngine.Host.Cli;

/// <summary><c>redrive</c>: feeds dead letters back through the pipeline after what was wrong has been mended.</summary>
internal static class RedriveCommand
{
    public static async Task<int> ExecuteAsync(string deadLetters, string? file, IReadOnlyList<string> overrides)
    {
        using var signals = new StopSignals();

        // Its own run has a state of its own: it must not go on from, or in the place of, the pipeline's.
        if (ConfigFile.Load(file, [.. overrides, "checkpoint.path="]) is not { } definition)
        {
            return ExitCodes.Failed;
        }

        var sources = definition.Blocks.Where(b => b.Type.Kind == BlockKind.Source).Select(b => b.Name).ToList();
        Redrive redrive;
        try
        {
            redrive = Redrive.Begin(Path.GetFullPath(deadLetters), sources);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"streamengine: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }

        Console.WriteLine($"{redrive.Lines} lines of {deadLetters} are fed back through {definition.File}");
        foreach (var (reason, count) in redrive.Kept)
        {
            Console.WriteLine($"{count} stay in {deadLetters}: {reason}");
        }

        var composition = Composition.Build(redrive.InPlaceOfSources(definition), ["http://127.0.0.1:0"], jsonLogs: false, TimeProvider.System);
        await using (composition.ConfigureAwait(false))
        {
            var engine = composition.Engine;
            var from = composition.Time.GetTimestamp();
            var faults = await engine.Runtime.RunAsync(signals.Stop).ConfigureAwait(false);
            var whole = faults.Count == 0 && !signals.Stop.IsCancellationRequested;
            Summary.Print(Console.Out, engine.Runtime.Status(), whole ? "finished" : "broke off", composition.Time.GetElapsedTime(from), engine.Runtime.EndToEndP99Ms(), engine.Runtime.DeadLetters.Lost, faults);
            if (whole)
            {
                redrive.End(sources);
                return ExitCodes.Ok;
            }

            await Console.Error.WriteLineAsync($"streamengine: not all lines were delivered; they are in {redrive.Aside}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
    }
}
