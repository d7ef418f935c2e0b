using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace StreamEngine.Benchmarks;

/// <summary>The same stages in Akka.Streams: parsing on all cores in order, an asynchronous boundary after each stage.</summary>
internal static class AkkaStreams
{
    public static void Run(Job job) => RunAsync(job).GetAwaiter().GetResult();

    private static async Task RunAsync(Job job)
    {
        using var dead = new DeadLetters(job);
        var steps = new MessageSteps(job, dead);
        var file = new FileStream(job.Output, FileMode.Create, FileAccess.Write);
        await using var owned = file.ConfigureAwait(false);
        using var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" };
        using var system = ActorSystem.Create("race", ConfigurationFactory.ParseString("akka { loglevel = OFF, stdout-loglevel = OFF }"));
        using var materializer = system.Materializer();
        await Source.From(File.ReadLines(job.Input).Select((text, i) => (Text: text, Number: i + 1L)))
            .SelectAsync(Environment.ProcessorCount, line => Task.Run(() => new Parsed(steps.Normalize(line))))
            .Where(parsed => parsed.Update is not null)
            .Async()
            .Select(parsed => new Parsed(steps.Deduplicate(parsed.Update!)))
            .Where(parsed => parsed.Update is not null)
            .Async()
            .Select(parsed => steps.Score(parsed.Update!))
            .Async()
            .Select(update => new Parsed(steps.Merge(update)))
            .Where(parsed => parsed.Update is not null)
            .Async()
            .Select(parsed => MessageSteps.Encode(parsed.Update!))
            .Async()
            .RunForeach(writer.WriteLine, materializer).ConfigureAwait(false);
        await writer.FlushAsync().ConfigureAwait(false);
        file.Flush(flushToDisk: true);
        await system.Terminate().ConfigureAwait(false);
    }

    /// <summary>A stream carries no null.</summary>
    private readonly record struct Parsed(PlayerUpdate? Update);
}
