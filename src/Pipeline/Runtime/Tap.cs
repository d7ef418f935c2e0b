using System.Reactive.Linq;
using System.Reactive.Subjects;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>A window on one edge of the graph. It costs one check per batch while nobody looks, a copy per record while somebody does.</summary>
internal sealed partial class Tap(string block, ILogger logger) : IDisposable
{
    private readonly Subject<Update> updates = new();
    private readonly Lock turn = new();

    public IObservable<Update> Updates => updates.AsObservable();

    public void Show(Part part)
    {
        if (!updates.HasObservers)
        {
            return;
        }

        // Workers share a block; observers are told one thing after the other.
        lock (turn)
        {
            Tell(part);
        }
    }

    private void Tell(Part part)
    {
        foreach (var row in part)
        {
            try
            {
                if (row.Head.Op != RowOp.Confirmed)
                {
                    updates.OnNext(row.Detach());
                }
            }
#pragma warning disable CA1031 // An onlooker's mistake must not stop the pipeline.
            catch (Exception e)
            {
                LogOnlooker(e, block);
            }
#pragma warning restore CA1031
        }
    }

    public void Complete() => updates.OnCompleted();

    public void Dispose() => updates.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "An observer of block '{Block}' threw; the pipeline goes on")]
    private partial void LogOnlooker(Exception exception, string block);
}
