using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Transforms;

/// <summary>What workers' steps save, as a checkpoint gives it back.</summary>
internal sealed class Saved
{
    private readonly IReadOnlyList<StateSection> sections;

    private Saved(IReadOnlyList<StateSection> sections) => this.sections = sections;

    /// <summary>The only field's content, of the first worker.</summary>
    public byte[] Content => sections[0].Content.ToArray();

    public static Saved Of(params ReadOnlySpan<ICheckpointed> workers)
    {
        var sections = new List<StateSection>();
        for (var shard = 0; shard < workers.Length; shard++)
        {
            var state = new StateWriter();
            workers[shard].Save(state);
            foreach (var field in state.Fields)
            {
                sections.Add(new StateSection("block", shard, workers.Length, field.Name, field.Version, field.Content.Pieces.SelectMany(p => p.ToArray()).ToArray()));
            }

            state.Clear();
        }

        return new Saved(sections);
    }

    public Saved With(byte[] content) => new([sections[0] with { Content = content }]);

    /// <summary>Gives workers what was saved.</summary>
    /// <returns>What could not be taken over.</returns>
    public List<string> Restore(params ReadOnlySpan<ICheckpointed> workers)
    {
        var problems = new List<string>();
        for (var shard = 0; shard < workers.Length; shard++)
        {
            var reader = new StateReader("block", sections) { Instance = (shard, workers.Length) };
            workers[shard].Restore(reader);
            Assert.Empty(reader.Unread);
            problems.AddRange(reader.Problems);
        }

        return problems;
    }
}
