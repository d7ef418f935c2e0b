using System.Globalization;
using System.Text;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>
/// Says in the line of a dead record that comes again after a crash which checkpoint came before it: a restart from that checkpoint, or from
/// an earlier one, takes the line out. Lines of records that don't come again bear no mark, and are never taken out.
/// </summary>
internal sealed class DeadLetterMarks
{
    /// <summary>What a checkpoint calls this part; no block can have the name.</summary>
    public const string Part = "(dead letter)";

    private const string Field = "run";
    private const int Version = 1;
    private const int MostBytes = 32;

    private readonly bool[] comesAgain;
    private byte[] run = [];

    /// <param name="sources">The sources, by index, and whether what they hand on comes again after a restart from a checkpoint.</param>
    public DeadLetterMarks(IReadOnlyList<(string Name, bool ComesAgain)> sources)
    {
        comesAgain = [.. sources.Select(s => s.ComesAgain)];
        Sources = [.. sources.Where(s => s.ComesAgain).Select(s => s.Name)];
    }

    /// <summary>The sources whose records come again.</summary>
    public IReadOnlyList<string> Sources { get; }

    /// <summary>Which row of checkpoints is counted: when its first one was begun. A folder of checkpoints that was moved away begins another.</summary>
    public ReadOnlySpan<byte> Run => run;

    /// <summary>The number of the checkpoint before a batch, when its line is to say so; 0 when not.</summary>
    public long Of(Batch batch, short source) => source < comesAgain.Length && comesAgain[source] ? batch.Epoch : 0;

    public void Save(StateWriter state, DateTimeOffset begun)
    {
        run = run.Length > 0 ? run : Name(begun);
        state.Write(Field, Version, run);
    }

    /// <param name="state">What the checkpoint holds; nothing when an older version made it.</param>
    /// <param name="begun">When the checkpoint was begun.</param>
    public void Restore(StateReader state, DateTimeOffset begun) =>
        run = state.Find(Field, Version) is { Content.Length: > 0 and <= MostBytes } saved ? saved.Content.ToArray() : Name(begun);

    private static byte[] Name(DateTimeOffset begun) => Encoding.UTF8.GetBytes(begun.UtcTicks.ToString("x", CultureInfo.InvariantCulture));
}
