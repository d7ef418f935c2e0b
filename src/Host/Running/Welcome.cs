using StreamEngine.Host.Api;
using StreamEngine.Host.Cli;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Running;

/// <summary>What the run says first: what runs, where, and what to try next.</summary>
internal static class Welcome
{
    /// <param name="definition">What runs.</param>
    /// <param name="urls">Where it listens.</param>
    /// <param name="demo">Base addresses of the demo providers that are asked.</param>
    public static void Print(PipelineDefinition definition, IReadOnlyList<string> urls, IReadOnlyList<Uri> demo)
    {
        var url = Reachable(urls[0]);
        var hasListeners = definition.Blocks.Any(b => b is { Type: { Kind: BlockKind.Sink, Name: "websocket" } });
        Console.WriteLine($"{definition.Options.Name}: {ValidateCommand.Describe(definition)}, from {definition.File}");
        foreach (var address in urls)
        {
            Console.WriteLine($"Listening on {address}");
        }

        Console.WriteLine();
        Console.WriteLine("Try next:");
        Console.WriteLine($"  curl {url}{ApiRoutes.Base}/health");
        Console.WriteLine($"  curl {url}{ApiRoutes.Base}/pipeline");
        if (hasListeners)
        {
            Console.WriteLine($"  npx wscat -c ws{url[4..]}{ApiRoutes.WebSocket}");
            Console.WriteLine("""    {"type":"subscribe","id":1,"channel":"player:*"}""");
        }

        var width = demo.Select(provider => $"{provider}".Length).DefaultIfEmpty().Max() + "report".Length;
        foreach (var provider in demo)
        {
            Console.WriteLine($"  curl {$"{provider}report".PadRight(width)}  # what this demo provider says of us");
        }

        Console.WriteLine("Ctrl-C drains and stops.");
        Console.WriteLine();
    }

    /// <summary>Said once, when there is a player to ask for.</summary>
    public static string PlayerHint(string url, string key)
    {
        var parts = key.Split(':', 3);
        return $"First player: curl {Reachable(url)}{ApiRoutes.Base}/player-data/{Uri.EscapeDataString(parts[2])}";
    }

    /// <summary>An address one can call: the wildcard ones mean every interface.</summary>
    private static string Reachable(string url) =>
        url.Replace("://0.0.0.0", "://127.0.0.1", StringComparison.Ordinal).Replace("://[::]", "://127.0.0.1", StringComparison.Ordinal).TrimEnd('/');
}
