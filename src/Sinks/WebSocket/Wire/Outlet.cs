namespace StreamEngine.Sinks.WebSockets.Wire;

/// <summary>Where a listener's bytes leave.</summary>
internal abstract class Outlet
{
    /// <summary>Sends bytes. Calls never overlap.</summary>
    /// <param name="bytes">Free to be used for something else as soon as the call returns.</param>
    /// <returns>Completed when the connection has taken them.</returns>
    /// <exception cref="IOException">The connection is gone.</exception>
    public abstract ValueTask SendAsync(ReadOnlySpan<byte> bytes);
}
