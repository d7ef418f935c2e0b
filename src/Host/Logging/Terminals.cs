namespace StreamEngine.Host.Logging;

/// <summary>What a terminal may be sent.</summary>
internal static class Terminals
{
    /// <summary>False when the operator set NO_COLOR (https://no-color.org) or the terminal is a dumb one.</summary>
    public static bool ColourWanted { get; } =
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
}
