using System.Globalization;
using Microsoft.AspNetCore.Builder;

namespace StreamEngine.Benchmarks;

/// <summary>The engine's hub or SignalR in a process of its own: says its port, then obeys each line on standard input.</summary>
internal static class ServerProcess
{
    public const string Verb = "fanout-server";
    public const string Hub = "hub";
    public const string SignalR = "signalr";

    public static IFanOutServer StartHub(int listeners) =>
        new ChildServer("StreamEngine", HubServer.Path, Dialect.Hub, new Child("the hub", OwnProcess.With(Verb, Hub, listeners.ToString(CultureInfo.InvariantCulture))));

    /// <summary>With the settings of the runtime that a web application has by default.</summary>
    public static IFanOutServer StartSignalR()
    {
        var start = OwnProcess.With(Verb, SignalR, "0");
        start.Environment["DOTNET_gcServer"] = "1";
        return new ChildServer("SignalR", SignalRServer.Path, Dialect.SignalR, new Child("SignalR", start));
    }

    public static async Task<int> ServeAsync(string kind, int listeners)
    {
        using var stopping = new CancellationTokenSource();
        var (app, publish) = kind == Hub ? HubServer.Build(listeners, stopping.Token) : SignalRServer.Build();
        await using (app.ConfigureAwait(false))
        {
            await app.StartAsync().ConfigureAwait(false);
            Console.WriteLine(new Uri(app.Urls.First()).Port);
            var publisher = new Publisher(publish);
            while (Console.In.ReadLine() is { } line)
            {
                Console.WriteLine(publisher.Obey(line));
            }

            publisher.Stop();
            await stopping.CancelAsync().ConfigureAwait(false);
        }

        return 0;
    }
}
