using System.Globalization;

namespace StreamEngine.Benchmarks;

/// <summary>What was asked for on the command line; what is null is each part's own.</summary>
internal sealed record FanOutOptions
{
    public static readonly IReadOnlyList<string> AllParts = ["all-200", "all-20", "channels", "idle", "stopped", "storm"];

    public IReadOnlyList<string> Parts { get; private init; } = AllParts;

    /// <summary>One short round each, to see that everything works; its figures mean little.</summary>
    public bool Quick { get; private init; }

    /// <summary>Listeners; in <c>storm</c> those that stay.</summary>
    public int? Listeners { get; private init; }

    /// <summary>Updates per second; in <c>storm</c> connects per second.</summary>
    public int? Rate { get; private init; }

    /// <summary>How long each measurement takes.</summary>
    public int? Seconds { get; private init; }

    public int? Rounds { get; private init; }

    /// <summary>A folder from which Node finds <c>ws</c>.</summary>
    public string Ws { get; private init; } = ".";

    /// <summary>Reads the command line after the verb.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="fault">What is wrong, and the remedy.</param>
    /// <returns>Null when something is wrong.</returns>
    public static FanOutOptions? Read(IEnumerable<string> args, out string? fault)
    {
        var options = new FanOutOptions();
        var parts = new List<string>();
        var queue = new Queue<string>(args);
        fault = null;
        while (fault is null && queue.TryDequeue(out var name))
        {
            if (name == "--quick")
            {
                options = options with { Quick = true };
            }
            else if (AllParts.Contains(name))
            {
                parts.Add(name);
            }
            else if (name is "--ws" or "--folder" && queue.TryDequeue(out var folder))
            {
                options = name == "--ws" ? options with { Ws = folder } : options;
            }
            else if (name is "--listeners" or "--rate" or "--seconds" or "--rounds"
                && queue.TryDequeue(out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            {
                options = name switch
                {
                    "--listeners" => options with { Listeners = number },
                    "--rate" => options with { Rate = number },
                    "--seconds" => options with { Seconds = number },
                    _ => options with { Rounds = number },
                };
            }
            else
            {
                fault = $"'{name}' is not understood. Usage: fanout [{string.Join(" | ", AllParts)} ...] [--quick] [--listeners N] [--rate N] [--seconds N] [--rounds N] [--ws FOLDER] [--folder PATH]";
            }
        }

        return fault is null ? options with { Parts = parts.Count > 0 ? parts : AllParts } : null;
    }

    /// <summary>How long a measurement takes, given how long it takes usually.</summary>
    public int SecondsOr(int usual) => Seconds ?? (Quick ? Math.Min(usual, 5) : usual);

    /// <summary>How often it is repeated.</summary>
    public int RoundsOr(int usual) => Rounds ?? (Quick ? 1 : usual);

    /// <summary>How long a server may get warm before.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 2 : 5);
}
