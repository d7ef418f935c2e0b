using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The engine in a process of its own that may use one core only. It runs a round when a line comes in and answers with what
/// the round cost, so that its rounds lie between those of the others.
/// </summary>
internal sealed partial class PinnedEngine : IDisposable
{
    /// <summary>The verb under which this program is the child.</summary>
    public const string Verb = "pinned-engine";

    private const string Little = "little";

    private readonly Process child;

    public PinnedEngine(int count, string folder)
    {
        var start = OwnProcess.With(Verb, count.ToString(CultureInfo.InvariantCulture), folder);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = "1";
        child = OperatingSystem.IsLinux() ? StartOnFirstCore(start) : Process.Start(start)!;
        if (OperatingSystem.IsWindows())
        {
            child.ProcessorAffinity = 1;
        }
    }

    /// <summary>Whether processes can be tied to a core here.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsWindows();

    /// <summary>Runs one round in the child.</summary>
    public Measured Run() => Run("run");

    /// <summary>Runs one with little work.</summary>
    public Measured RunLittle() => Run(Little);

    public void Dispose()
    {
        child.StandardInput.Close();
        child.WaitForExit();
        child.Dispose();
    }

    /// <summary>The child: a round for each line read.</summary>
    public static int Serve(int count, string folder)
    {
        var job = new Job(Lines.Ensure(count), folder, "pinned", Lines.Now(count));
        var little = new Job(Lines.Ensure(Lines.Little), folder, "pinned", Lines.Now(Lines.Little));
        while (Console.In.ReadLine() is { } what)
        {
            var round = what == Little ? Measured.Of(() => EngineRun.RunToNull(little), Lines.Little) : Measured.Of(() => EngineRun.RunToNull(job), count);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{round.Wall} {round.Cpu} {round.Bytes}"));
        }

        return 0;
    }

    private Measured Run(string what)
    {
        child.StandardInput.WriteLine(what);
        var answer = child.StandardOutput.ReadLine()?.Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return answer is [var wall, var cpu, var bytes] ? new Measured(wall, cpu, bytes) : throw new InvalidOperationException("The pinned engine ended.");
    }

    /// <summary>A child inherits the cores of the thread that starts it; setting them later would miss threads it has by then.</summary>
    private static Process StartOnFirstCore(ProcessStartInfo start)
    {
        Process? started = null;
        var thread = new Thread(() =>
        {
            ulong first = 1;
            if (SetAffinity(0, sizeof(ulong), ref first) == 0)
            {
                started = Process.Start(start);
            }
        });
        thread.Start();
        thread.Join();
        return started ?? throw new InvalidOperationException("The engine could not be started on the first core alone.");
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nint size, ref ulong cores);
}
