using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Simulation.Tests;

/// <summary>Emits documents <c>0</c>, <c>1</c>, ..., one a second, and ends.</summary>
internal sealed class PacedSource(TimeProvider time, int documents) : ISource
{
    public bool IsFinite => true;

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        for (var i = 0; i < documents; i++)
        {
            var batch = await output.RentAsync(stop);
            var text = Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture));
            batch.AddDocument(new Document { Offset = batch.Append(text), Length = text.Length, Source = output.Source, Sequence = i, Origin = "test" });
            await output.EmitAsync(batch, stop);
            await Task.Delay(TimeSpan.FromSeconds(1), time, stop);
        }
    }
}
