using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>Which columns of a crosswalk table hold what.</summary>
internal sealed class TableColumns
{
    private const string KindColumn = "kind";

    private readonly string? kind;
    private readonly int kindAt;
    private readonly (string Namespace, int At)[] ids;
    private readonly int[] name;
    private readonly int[] birthDate;
    private readonly bool hasOthers;

    private TableColumns(IdentifyTableOptions layout, string[] header, (string Namespace, int At)[] ids)
    {
        (kind, kindAt, this.ids) = (layout.Kind, Array.IndexOf(header, KindColumn), ids);
        name = [.. layout.Name.Select(c => Array.IndexOf(header, c))];
        birthDate = [.. layout.BirthDate.Select(c => Array.IndexOf(header, c))];
        hasOthers = layout.Ids.Count > 0;
    }

    /// <summary>Finds the columns; null when they aren't there, which is reported.</summary>
    /// <param name="header">The columns' names.</param>
    /// <param name="layout">What the operator says of them.</param>
    /// <param name="to">Learns which namespace is ours.</param>
    /// <param name="error">Takes what is wrong.</param>
    public static TableColumns? Of(string[] header, IdentifyTableOptions layout, Crosswalk to, Action<string> error)
    {
        var columns = Of(header, layout, error);
        to.Namespaces.UnionWith(columns?.ids.Select(i => i.Namespace) ?? []);
        if (columns is not null && layout.Kind is { } kind)
        {
            to.Declare(kind, columns.ids[0].Namespace, error);
        }

        return columns;
    }

    private static TableColumns? Of(string[] header, IdentifyTableOptions layout, Action<string> error)
    {
        var facts = layout.Name.Concat(layout.BirthDate).ToList();
        foreach (var missing in facts.Concat(layout.Ids.Values).Where(c => !header.Contains(c)).Distinct())
        {
            error($"there is no column '{missing}'; {Suggestion.Hint(missing, header, "it has no columns at all")}");
            return null;
        }

        if (layout.Ids.Count > 0)
        {
            if (layout.Kind is null && !header.Contains(KindColumn))
            {
                error("there is no column 'kind'; say what kind of entities the table names with the setting 'kind'");
                return null;
            }

            return new TableColumns(layout, header, [.. layout.Ids.Select(i => (i.Key, Array.IndexOf(header, i.Value)))]);
        }

        var namespaces = header.Except(facts).Where(h => h != KindColumn).ToList();
        var hasKind = layout.Kind is not null || header is [KindColumn, ..];
        if (!hasKind || namespaces.Count < (layout.Name.Count > 0 ? 1 : 2) || header.Any(h => h.Length == 0 || h.Contains(':', StringComparison.Ordinal)) || header.Distinct().Count() != header.Length)
        {
            error("the header must be 'kind', our namespace, then the providers' namespaces, all different, such as 'kind,mlb,statline'");
            return null;
        }

        return new TableColumns(layout, header, [.. namespaces.Select(n => (n, Array.IndexOf(header, n)))]);
    }

    /// <summary>Adds a row to a crosswalk.</summary>
    public void Add(string[] row, Crosswalk to, Action<string> error)
    {
        var (ours, id) = (ids[0].Namespace, row[ids[0].At]);
        var rowKind = kind ?? row[kindAt];
        if (hasOthers && id.Length == 0)
        {
            return;
        }

        if (rowKind.Length == 0 || id.Length == 0)
        {
            error($"the row has no {(rowKind.Length == 0 ? "kind" : $"'{ours}' id")}");
            return;
        }

        if (!BirthDates.TryRead([.. birthDate.Select(at => row[at])], out var born) && birthDate.Length > 0)
        {
            error($"'{string.Join("', '", birthDate.Select(at => row[at]))}' is no birth date; write it like 1994-05-28");
        }

        to.Add(rowKind, ours, id, [.. ids.Skip(1).Where(i => row[i.At].Length > 0).Select(i => (i.Namespace, row[i.At]))], string.Join(' ', name.Select(at => row[at])), born, error);
    }
}
