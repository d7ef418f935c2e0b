namespace StreamEngine.Host.Cli;

/// <summary>What the process says to the shell that started it.</summary>
internal static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Ok = 0;

    /// <summary>The config has faults, the server could not start, or a source failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line could not be understood.</summary>
    public const int Usage = 2;
}
