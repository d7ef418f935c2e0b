using StreamEngine.Sinks.Tests.WebSockets.Journal;

#pragma warning disable CA1050 // The runtime looks for it outside of any namespace.
/// <summary>Makes the process one that writes an event log, if a test started it for that.</summary>
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize() => EventLogKillTests.AppendForEver();
}
