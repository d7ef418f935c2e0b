using System.Runtime.InteropServices;

namespace StreamEngine.Host.Running;

/// <summary>The first Ctrl-C or SIGTERM asks for a drain; the second ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public StopSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT })
        {
            registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    /// <summary>Signalled once a stop was asked for.</summary>
    public CancellationToken Stop => stop.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }

        stop.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (stop.IsCancellationRequested)
        {
            // By convention 128 + the signal's number; .NET numbers them negatively: SIGINT -2, SIGQUIT -3, SIGTERM -4.
            Environment.Exit(128 + context.Signal switch { PosixSignal.SIGINT => 2, PosixSignal.SIGQUIT => 3, _ => 15 });
        }

        context.Cancel = true;
        _ = stop.CancelAsync();
    }
}
