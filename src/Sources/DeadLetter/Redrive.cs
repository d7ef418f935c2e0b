using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Sources.DeadLetter;

/// <summary>
/// The lines of a dead-letter file on their way back through a pipeline. The file is moved aside, so that what fails again makes a new one;
/// lines that can't be fed back go to the new one too.
/// </summary>
public sealed class Redrive
{
    private readonly string file;

    private Redrive(string file, string aside)
    {
        this.file = file;
        Aside = aside;
    }

    /// <summary>Where the lines are meanwhile.</summary>
    public string Aside { get; }

    /// <summary>How many lines can be fed back.</summary>
    public int Lines { get; private set; }

    /// <summary>How many can't, by reason.</summary>
    public IReadOnlyDictionary<string, int> Kept { get; private set; } = new Dictionary<string, int>();

    /// <summary>Moves a file aside and looks through it.</summary>
    /// <param name="file">Full path of the dead-letter file.</param>
    /// <param name="sources">The sources that there are.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">A redrive broke off before: nobody knows which of its lines were delivered.</exception>
    public static Redrive Begin(string file, IReadOnlyCollection<string> sources)
    {
        var aside = file + ".redriving";
        if (System.IO.File.Exists(aside))
        {
            throw new IOException($"'{aside}' is there: a redrive broke off, and some of its lines may have been delivered; look what is missing, then name that file, or delete it");
        }

        if (!System.IO.File.Exists(file))
        {
            throw new FileNotFoundException($"there is no dead-letter file '{file}'; name the one that the pipeline's 'deadLetter.path' names");
        }

        var redrive = new Redrive(file, aside);
        System.IO.File.Move(file, aside);
        var kept = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in System.IO.File.ReadLines(aside))
        {
            if (Fault(text, sources) is { } fault)
            {
                kept[fault] = kept.GetValueOrDefault(fault) + 1;
            }
            else
            {
                redrive.Lines++;
            }
        }

        redrive.Kept = kept;
        return redrive;
    }

    /// <summary>The pipeline with the lines in the place of its sources.</summary>
    public PipelineDefinition InPlaceOfSources(PipelineDefinition definition) => DeadLetterSource.InPlaceOfSources(definition, Aside);

    /// <summary>The run went well: what can't be fed back returns to the file, the rest is not needed any more.</summary>
    public void End(IReadOnlyCollection<string> sources)
    {
        if (Kept.Count > 0)
        {
            System.IO.File.AppendAllLines(file, System.IO.File.ReadLines(Aside).Where(text => Fault(text, sources) is not null));
        }

        System.IO.File.Delete(Aside);
    }

    private static string? Fault(string text, IReadOnlyCollection<string> sources) =>
        !DeadLetterLine.TryRead(text, out var line, out var fault) ? fault : sources.Contains(line.Source) ? null : $"the pipeline has no source '{line.Source}'";
}
