namespace StreamEngine.Pipeline.Checkpoints;

/// <summary>Reads a checkpoint with all that it needs of the ones before.</summary>
/// <param name="stateOf">The path of a checkpoint's file.</param>
/// <param name="changesOf">The path of its file of changes.</param>
/// <param name="pipeline">The pipeline that asks.</param>
internal sealed class CheckpointChain(Func<long, string> stateOf, Func<long, string> changesOf, string pipeline)
{
    /// <summary>Reads it, and verifies every byte of all files that it needs.</summary>
    /// <param name="id">Its number.</param>
    /// <exception cref="UnfitCheckpointException">It is damaged, another pipeline's, or in a form that is not known, or one of those it needs is, or is gone.</exception>
    public SavedCheckpoint Read(long id)
    {
        var state = CheckpointFile.Read(stateOf(id), id, pipeline, changes: false).Table;
        if (state.Link.Id == 0)
        {
            return new SavedCheckpoint(id, state.Time, [.. state.Sections.Select(s => s.Section)]);
        }

        var changes = state.Link.Id == id ? ReadChanges(state.Link) : throw CheckpointFile.Nonsense();
        var parts = changes.Sections.Select(s => (Field: s, Earlier: new List<ReadOnlyMemory<byte>>())).ToList();
        while (parts.Any(p => p.Field.From < changes.Id))
        {
            var later = changes.Id;
            changes = changes.Link.Id > 0 && changes.Link.Id < later ? ReadChanges(changes.Link) : throw CheckpointFile.Nonsense();
            foreach (var (field, earlier) in parts.Where(p => p.Field.From < later))
            {
                // The newest comes first until all are there.
                earlier.Add(changes.Sections.FirstOrDefault(field.Continues)?.Section.Content ?? throw CheckpointFile.Nonsense());
            }
        }

        return new SavedCheckpoint(id, state.Time, [.. state.Sections.Select(s => s.Section), .. parts.Select(p => p.Field.Section with { Earlier = [.. p.Earlier.AsEnumerable().Reverse()] })]);
    }

    private CheckpointTable ReadChanges(CheckpointLink link)
    {
        var path = changesOf(link.Id);
        try
        {
            var found = CheckpointFile.Read(path, link.Id, pipeline, changes: true);
            return found.Seal == link.Seal ? found.Table : throw new UnfitCheckpointException("is not the one it was made with, but another of its name");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UnfitCheckpointException($"needs '{path}', which is gone");
        }
        catch (UnfitCheckpointException e)
        {
            throw new UnfitCheckpointException($"needs '{path}', which {e.Message}");
        }
    }
}
