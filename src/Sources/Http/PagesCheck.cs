using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Sources.Http;

/// <summary>Which settings of <c>pages</c> go together.</summary>
internal static class PagesCheck
{
    public static void Run(PagesOptions pages, BlockCheck check)
    {
        var counts = pages.By is PagesOptions.ByPage or PagesOptions.ByOffset;
        var reads = pages.By is PagesOptions.ByCursor or PagesOptions.ByNext;
        if (pages.By is null && pages.Total is null)
        {
            check.Error("pages", "says neither how the next page is asked for ('by') nor how many items there are ('total'); give one of them");
        }

        if (pages.Items is null && (counts || pages.Total is not null))
        {
            check.Error("pages", $"needs 'items', the path of the list whose items count, such as \"items\": \"$.data\", {(counts ? "to know where the pages end" : "to compare with 'total'")}");
        }

        if (reads && pages.Path is null)
        {
            check.Error("pages", $"needs 'path', where a page has the {(pages.By == PagesOptions.ByNext ? "URL of the next, such as \"path\": \"$.links.next\"" : "cursor of the next, such as \"path\": \"$.meta.cursor\"")}");
        }

        Refuse(pages.Path is not null && !reads, "path", "is for cursor and next", check);
        Refuse(pages.Parameter is not null && pages.Asks is null, "parameter", "is for page, offset and cursor", check);
        Refuse(pages.First is not null && !counts, "first", "is for page and offset", check);
        Refuse(pages.Size is not null && !counts, "size", "is for page and offset", check);
        Path(pages.Path, "path", mayBeHeader: true, check);
        Path(pages.Total, "total", mayBeHeader: true, check);
        Path(pages.Items, "items", mayBeHeader: false, check);
    }

    private static void Refuse(bool isOdd, string setting, string what, BlockCheck check)
    {
        if (isOdd)
        {
            check.Error($"pages.{setting}", $"{what}; remove it, or set 'by' to that");
        }
    }

    private static void Path(string? text, string setting, bool mayBeHeader, BlockCheck check) =>
        DocumentCheck.Path(text, $"pages.{setting}", $"the answer; write a path into it{(mayBeHeader ? ", or @header('NAME')" : "")}", check, mayBeHeader);
}
