using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>A child process that answers each line with a line, and ends with its input.</summary>
internal sealed class Child : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string name;
    private readonly Process process;

    /// <param name="name">As errors call it.</param>
    /// <param name="start">How it is started, its input and output redirected.</param>
    public Child(string name, ProcessStartInfo start)
    {
        this.name = name;
        process = Process.Start(start)!;
    }

    public int Id => process.Id;

    /// <summary>Its next line.</summary>
    public string Read() => process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{name} ended; what it said stands above.");

    public string Ask(string line)
    {
        process.StandardInput.WriteLine(line);
        return Read();
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(Patience))
        {
            process.Kill();
        }

        process.Dispose();
    }
}
