using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Sources;

/// <summary>Checks what a source itself reads of a document: paths and conditions. Absent ones are right.</summary>
internal static class DocumentCheck
{
    /// <summary>Checks a path.</summary>
    /// <param name="text">The path.</param>
    /// <param name="setting">Where it stands.</param>
    /// <param name="beyond">Beyond what it must not look, and the remedy.</param>
    /// <param name="check">Takes what is wrong.</param>
    /// <param name="mayBeHeader">Whether it may name a header instead.</param>
    public static void Path(string? text, string setting, string beyond, BlockCheck check, bool mayBeHeader = false)
    {
        if (text is null)
        {
            return;
        }

        if (!MappingPath.TryParse(text, out var path, out var error))
        {
            check.Error(setting, error);
        }
        else if (path.NeedsContext && !(mayBeHeader && path.Header is not null))
        {
            check.Error(setting, $"'{text}' looks beyond {beyond}");
        }
        else
        {
            check.Doubt(setting, path.Doubts);
        }
    }

    /// <summary>Checks a condition.</summary>
    public static void Condition(string? text, string setting, BlockCheck check)
    {
        if (text is null)
        {
            return;
        }

        if (DocumentCondition.TryParse(text, out var condition, out var error))
        {
            check.Doubt(setting, condition.Doubts);
        }
        else
        {
            check.Error(setting, error);
        }
    }
}
