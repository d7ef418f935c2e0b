namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Where a source stands that has handed on nothing since the start: without it the next checkpoint would have forgotten the place.</summary>
internal sealed record RestoredPosition(IReadOnlyList<StateSection> Sections) : SourcePosition
{
    /// <inheritdoc/>
    public override void Save(StateWriter state)
    {
        foreach (var section in Sections)
        {
            state.Write(section.Field, section.Version, section.Content.Span);
        }
    }
}
