using System.Diagnostics;

namespace StreamEngine.Benchmarks;

/// <summary>A child process that answers each line with a line, and ends with its input.</summary>
internal sealed class Child : IDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);

    /// <summary>Longer than any whole measurement that is answered with a line.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(5);

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
    /// <exception cref="InvalidOperationException">It has ended, or doesn't answer.</exception>
    public string Read()
    {
        var line = process.StandardOutput.ReadLineAsync();
        return line.Wait(AnswerLimit)
            ? line.Result ?? throw new InvalidOperationException($"{name} ended; what it said stands above.")
            : throw new InvalidOperationException($"{name} does not answer.");
    }

    public string Ask(string line)
    {
        process.StandardInput.WriteLine(line);
        return Read();
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(EndLimit))
        {
            process.Kill();
        }

        process.Dispose();
    }
}
