using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace StreamEngine.Host.Tests.Clients;

/// <summary>The clients in JavaScript, each a process that asks this server for one scenario after the other and for what is to be done in it.</summary>
internal sealed class ScriptClients : IAsyncDisposable
{
    /// <summary>Node's package.</summary>
    public const string Ws = "ws";

    /// <summary>Chromium without a window.</summary>
    public const string Browser = "browser";

    private static readonly string Folder = Path.Combine(Repo.Root, "tests/clients");

    private readonly WebApplication app;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<string, Client> clients = new();
    private readonly DirectoryInfo profile = Directory.CreateTempSubdirectory("streamengine-browser-");

    private ScriptClients(WebApplication app) => this.app = app;

    /// <summary>Why a client can't run here; null when it can.</summary>
    public static string? Missing(string client) => client switch
    {
        Ws when !IsInstalled("node") => "node is missing; install it: apt-get install nodejs npm",
        Ws when !Directory.Exists(Path.Combine(Folder, "node_modules/ws")) => "the package ws is missing; install it: npm ci --prefix tests/clients",
        Browser when !IsInstalled("chromium") => "chromium is missing; install it: apt-get install chromium",
        _ => null,
    };

    /// <param name="act">Does what a scenario asks for.</param>
    public static async Task<ScriptClients> StartAsync(Func<string, JsonElement, Task<string>> act)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new ScriptClients(builder.Build());
        server.app.Run(context => server.ServeAsync(context, act));
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Lets a client run a scenario.</summary>
    /// <returns>What went wrong; null for nothing.</returns>
    public async Task<string?> RunAsync(string name, JsonElement steps)
    {
        var client = clients.GetOrAdd(name, Start);
        var done = client.Begin(steps);
        var ended = client.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(done, ended, Task.Delay(HostProcess.Patience, TestContext.Current.CancellationToken));
        return done.IsCompleted ? await done : $"{name} {(ended.IsCompleted ? "has ended" : "does not end the scenario")}:\n{client.Said}";
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        foreach (var client in clients.Values)
        {
            client.Process.Kill(entireProcessTree: true);
            await client.Process.WaitForExitAsync();
            client.Process.Dispose();
        }

        await app.DisposeAsync();
        ending.Dispose();
        profile.Delete(recursive: true);
    }

    private static bool IsInstalled(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private Client Start(string name) => name == Ws
        ? new Client("node", [Path.Combine(Folder, "node.js"), app.Urls.Single()])
        : new Client(
            "chromium",
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--log-level=3",
                $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", app.Urls.Single() + "/",
            ]);

    private async Task ServeAsync(HttpContext context, Func<string, JsonElement, Task<string>> act)
    {
        try
        {
            switch (context.Request.Path.Value!.Split('/'))
            {
                case ["", ""]:
                    context.Response.ContentType = "text/html";
                    await context.Response.SendFileAsync(Path.Combine(Folder, "browser.html"));
                    break;
                case ["", "runner.js"]:
                    context.Response.ContentType = "text/javascript";
                    await context.Response.SendFileAsync(Path.Combine(Folder, "runner.js"));
                    break;
                case ["", "next", var client]:
                    await context.Response.WriteAsync((await clients[client].NextAsync(ending.Token)).GetRawText());
                    break;
                case ["", "do", var what]:
                    await context.Response.WriteAsync(await act(what, await ReadAsync(context)));
                    break;
                case ["", "done", var client]:
                    clients[client].End((await ReadAsync(context)).GetProperty("fault").GetString());
                    break;
                default:
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    break;
            }
        }
        catch (Exception e)
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await context.Response.WriteAsync(e.Message, CancellationToken.None);
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpContext context) => (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;

    /// <summary>A process that runs scenarios.</summary>
    private sealed class Client
    {
        private readonly Channel<JsonElement> waiting = Channel.CreateUnbounded<JsonElement>();
        private readonly StringBuilder said = new();
        private TaskCompletionSource<string?> done = new();

        public Client(string program, string[] arguments)
        {
            Process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Process.OutputDataReceived += (_, e) => Note(e.Data);
            Process.ErrorDataReceived += (_, e) => Note(e.Data);
            Process.BeginOutputReadLine();
            Process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public string Said
        {
            get
            {
                lock (said)
                {
                    return said.ToString();
                }
            }
        }

        public Task<string?> Begin(JsonElement steps)
        {
            done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Writer.TryWrite(steps);
            return done.Task;
        }

        public ValueTask<JsonElement> NextAsync(CancellationToken cancellationToken) => waiting.Reader.ReadAsync(cancellationToken);

        public void End(string? fault) => done.TrySetResult(fault);

        private void Note(string? line)
        {
            lock (said)
            {
                said.AppendLine(line);
            }
        }
    }
}
