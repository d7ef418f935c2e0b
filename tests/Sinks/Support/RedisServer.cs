using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace StreamEngine.Sinks.Tests.Support;

/// <summary>A real redis-server on a private port that can be killed and started again; it keeps nothing on disk unless it is durable.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("streamengine-redis-").FullName;
    private const int LinesKept = 60;

    private readonly ConcurrentQueue<string> log = new();
    private readonly string? password;
    private readonly bool durable;
    private Process? process;

    private RedisServer(string? password, bool durable = false)
    {
        this.password = password;
        this.durable = durable;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public int Port { get; }

    /// <summary>What it said last, over all its lives, and how long its files were when it was killed and started.</summary>
    public string Log => string.Join('\n', log);

    public string Url => $"redis://127.0.0.1:{Port}";

    public static async Task<RedisServer> StartNewAsync(string? password = null)
    {
        var server = new RedisServer(password);
        await server.StartAsync();
        return server;
    }

    /// <summary>A server that has forgotten nothing when it is killed and started again.</summary>
    public static async Task<RedisServer> StartDurableAsync()
    {
        var server = new RedisServer(null, durable: true);
        await server.StartAsync();
        return server;
    }

    /// <summary>A private port on which nothing runs until <see cref="StartAsync"/>.</summary>
    public static RedisServer NotStarted() => new(null);

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("redis-server") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var argument in (string[])["--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--save", "", "--appendonly", durable ? "yes" : "no", "--appendfsync", "always"])
        {
            start.ArgumentList.Add(argument);
        }

        if (password is not null)
        {
            start.ArgumentList.Add("--requirepass");
            start.ArgumentList.Add(password);
        }

        if (File.Exists(Manifest))
        {
            await MendAsync();
        }

        NoteFiles("starting");
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("redis-server is missing; install it: apt-get install redis-server", e);
        }

        process.OutputDataReceived += (_, e) => Note(e.Data ?? "");
        process.BeginOutputReadLine();
        await Wait.UntilAsync(
            async () =>
            {
                // It accepts connections before it has read what it kept.
                Assert.False(process.HasExited, "redis-server ended at once");
                return await CliAsync("PING") is { Length: > 0 } answer && !answer.StartsWith("LOADING", StringComparison.Ordinal);
            },
            "redis-server answers");
    }

    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        process = null;
        NoteFiles("killed");
    }

    /// <summary>It accepts connections and answers nothing.</summary>
    public void Suspend() => Signal("-STOP");

    /// <summary>It goes on.</summary>
    public void Resume() => Signal("-CONT");

    /// <summary>A connection of the test's own.</summary>
    public async Task<ConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{Port}" + (password is null ? "" : ",password=" + password));

    /// <summary>What an operator sees with redis-cli.</summary>
    public async Task<string> CliAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("redis-cli", ["-p", Port.ToString(CultureInfo.InvariantCulture), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var cli = Process.Start(start)!;
        var text = await cli.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await cli.WaitForExitAsync(TestContext.Current.CancellationToken);
        return text.TrimEnd('\n');
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private string Manifest => Path.Combine(folder, "appendonlydir", "appendonly.aof.manifest");

    /// <summary>
    /// Redis 7.0.15 that is killed while it writes a transaction cuts off the half command at the next start and leaves the commands before it,
    /// which run together with the next transaction at the start after that. Its own tool takes all of the half transaction away.
    /// </summary>
    private async Task MendAsync()
    {
        var start = new ProcessStartInfo("redis-check-aof", ["--fix", Manifest]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var check = Process.Start(start)!;
        await check.StandardInput.WriteLineAsync("y");
        check.StandardInput.Close();
        foreach (var line in (await check.StandardOutput.ReadToEndAsync()).Split('\n'))
        {
            Note(line);
        }

        await check.WaitForExitAsync();
        Assert.True(check.ExitCode == 0, Log);
    }

    private void NoteFiles(string what) => Note(
        $"{what}: {string.Join(", ", Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(f => string.Create(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(folder, f)} {new FileInfo(f).Length}")))}");

    private void Note(string line)
    {
        log.Enqueue(line);
        while (log.Count > LinesKept)
        {
            log.TryDequeue(out _);
        }
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
