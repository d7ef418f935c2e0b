namespace StreamEngine.Benchmarks;

/// <summary>One run from file to file.</summary>
/// <param name="Input">The lines.</param>
/// <param name="Folder">Where the outputs go.</param>
/// <param name="Name">Begins the outputs' names.</param>
/// <param name="Now">What the clock says for the whole run, so that times in outputs are equal.</param>
internal sealed record Job(string Input, string Folder, string Name, DateTime Now)
{
    /// <summary>The records.</summary>
    public string Output => Path.Combine(Folder, Name + ".jsonl");

    /// <summary>What could not be used.</summary>
    public string DeadLetters => Path.Combine(Folder, Name + ".dead.jsonl");

    /// <summary>First byte of the input that is this run's.</summary>
    public long From { get; init; }

    /// <summary>Where this run's part of the input ends; it begins and ends with a whole line.</summary>
    public long To { get; init; } = new FileInfo(Input).Length;

    /// <summary>Runs both halves of the input at once, each on a thread with a state and outputs of its own.</summary>
    public void InHalves(Action<Job> run)
    {
        var middle = EndOfLine(Input, To / 2);
        var second = new Thread(() => run(this with { Name = Name + ".second", From = middle }));
        second.Start();
        run(this with { Name = Name + ".first", To = middle });
        second.Join();
    }

    private static long EndOfLine(string path, long position)
    {
        using var file = File.OpenHandle(path);
        Span<byte> some = stackalloc byte[4096];
        while (true)
        {
            var read = RandomAccess.Read(file, some, position);
            if (some[..read].IndexOf((byte)'\n') is >= 0 and var at)
            {
                return position + at + 1;
            }

            if (read == 0)
            {
                return position;
            }

            position += read;
        }
    }
}
