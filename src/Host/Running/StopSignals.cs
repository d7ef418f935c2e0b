using System.Runtime.InteropServices;

namespace StreamEngine.Host.Running;

/// <summary>Ctrl-C and SIGTERM ask for a drain; Ctrl-C during the drain ends the process at once.</summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>By convention 128 + the signal's number.</summary>
    private const int Interrupted = 130;

    private readonly CancellationTokenSource stop = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public StopSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP })
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
        // A supervisor may well send SIGTERM twice; only a person's Ctrl-C means "now".
        if (stop.IsCancellationRequested && context.Signal == PosixSignal.SIGINT)
        {
            Environment.Exit(Interrupted);
        }

        context.Cancel = true;
        _ = stop.CancelAsync();
    }
}
