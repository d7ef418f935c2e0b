using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace StreamEngine.Host.Tests;

/// <summary>The real executable in a process of its own, started in a folder of its own.</summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Generous: the machine may be busy with other tests.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();
    private readonly TaskCompletionSource<Uri> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;

    private HostProcess(Process process)
    {
        this.process = process;
        reading = Task.WhenAll(ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, error));
    }

    /// <summary>The built executable.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, "streamengine.dll");

    /// <summary>What it has written to stdout.</summary>
    public string Output => Text(output);

    /// <summary>What it has written to stderr.</summary>
    public string Error => Text(error);

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Starts it.</summary>
    /// <param name="folder">Its current folder.</param>
    /// <param name="environment">Variables to set; a null value removes one.</param>
    /// <param name="arguments">Its arguments.</param>
    public static HostProcess Start(string folder, IReadOnlyDictionary<string, string?>? environment, params string[] arguments) =>
        StartUnder([], folder, environment, arguments);

    /// <summary>Starts it as another command's child that keeps the process id, such as a tracer's.</summary>
    /// <param name="command">The command and its arguments.</param>
    /// <param name="folder">Its current folder.</param>
    /// <param name="environment">Variables to set; a null value removes one.</param>
    /// <param name="arguments">Its arguments.</param>
    public static HostProcess StartUnder(IReadOnlyList<string> command, string folder, IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        // A shell starts its background jobs with SIGINT ignored, and a child inherits that: the host would never see a Ctrl-C.
        var start = new ProcessStartInfo("env")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in (string[])["--default-signal=INT", .. command, "dotnet", "exec", Program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("REDIS_URL");
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new HostProcess(Process.Start(start)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        await using var host = Start(folder, null, arguments);
        return (await host.WaitForExitAsync(), host.Output, host.Error);
    }

    /// <summary>Waits until it says where it listens.</summary>
    public async Task<Uri> WaitForListeningAsync()
    {
        var first = await Task.WhenAny(listening.Task, reading, Task.Delay(Patience));
        return first == listening.Task
            ? await listening.Task
            : throw new InvalidOperationException($"The host does not listen.\nstdout:\n{Output}\nstderr:\n{Error}");
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            await reading.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The host does not end.\nstdout:\n{Output}\nstderr:\n{Error}");
        }

        return process.ExitCode;
    }

    /// <summary>Asks it to stop, as a supervisor does.</summary>
    public void Terminate() => Assert.Equal(0, Kill(process.Id, SigTerm));

    /// <summary>Presses Ctrl-C.</summary>
    public void Interrupt() => Assert.Equal(0, Kill(process.Id, SigInt));

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Kills it; nothing of it runs any more.</summary>
    public void Kill() => Assert.Equal(0, Kill(process.Id, SigKill));

    /// <summary>Asks it to stop and waits for its end.</summary>
    public Task<int> StopAsync()
    {
        Terminate();
        return WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static string Text(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }

    private async Task ReadAsync(StreamReader from, StringBuilder to)
    {
        const string Marker = "Listening on ";
        while (await from.ReadLineAsync() is { } line)
        {
            lock (to)
            {
                to.AppendLine(line);
            }

            if (line.StartsWith(Marker, StringComparison.Ordinal))
            {
                listening.TrySetResult(new Uri(line[Marker.Length..]));
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
