using StreamEngine.Pipeline.Tests.Checkpoints;

#pragma warning disable CA1050 // The runtime looks for it outside of any namespace.
/// <summary>Makes the process one that keeps checkpoints, if a test started it for that.</summary>
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize() => CheckpointKillTests.KeepForEver();
}
